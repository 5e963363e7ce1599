"""What a run says: a line for each stage of a cohort, a bar on a terminal, a line for each table if asked."""

import io

from rich.console import Console

from tme_platform.cli.progress import TerminalProgress

PARTS = [("patients", "a"), ("clinical_other", "a"), ("cell_scores", "a"), ("patients", "b"), ("signature", None)]


def said(*, verbose: bool = False, terminal: bool = False) -> list[str]:
    """A run in which two tables of a cohort are built, one is current and one fails."""
    sink = io.StringIO()
    console = Console(file=sink, width=120, force_terminal=terminal, color_system=None)
    with TerminalProgress(console, verbose=verbose) as progress:
        progress.planned(PARTS)
        progress.done("patients", "a", "40 new (first run)", 0.25, "first run", {"new": 40})
        progress.done("clinical_other", "a", "no rows (changed: x): none declared", 0.25, "changed: x", {"new": 0})
        progress.done("patients", "b", "nothing changed", 0.1, "nothing changed", {})
        progress.failed("cell_scores", "a")
        progress.planned([("signature", None)])
        progress.done("signature", None, "1 new (first run)", 2.0, "first run", {"new": 1, "unchanged": 1200})
        progress.done("roc_curves", "a", "nothing changed", 0.0, "nothing changed", {})
    return sink.getvalue().splitlines()


def test_a_stage_of_a_cohort_has_one_line_with_counts_and_reasons() -> None:
    lines = said()
    assert lines[:3] == [
        "✓ a                    cohorts     2 tables (1 without rows): 40 new (first run, and 1 other reason)  0.5 s",
        "✗ a                    expression  1 failed: cell_scores  0.0 s",
        "✓ (whole study)        signature   1 table: 1 new, 1,200 unchanged (first run)  2.0 s",
    ]
    assert lines[3].startswith("3 partitions built (1 without rows), 2 unchanged, in ")
    assert lines[3].endswith("; --verbose lists the tables")
    assert len(lines) == 4


def test_verbose_has_a_line_for_each_table_with_all_that_is_known() -> None:
    lines = said(verbose=True)
    assert [line.split()[:3] for line in lines[:2]] == [["✓", "patients", "a"], ["✓", "clinical_other", "a"]]
    assert "no rows (changed: x): none declared  0.2 s" in lines[1]
    assert lines[2].startswith("✗ a ")
    assert "--verbose" not in lines[-1]


def test_a_terminal_has_a_bar_that_is_gone_at_the_end_and_a_file_has_none() -> None:
    sent = "\n".join(said(terminal=True))
    assert "0/?" in sent
    assert "\x1b[?25h" in sent, "the cursor is shown again"
    assert all("/5" not in line and "\x1b" not in line for line in said())


def test_the_bar_counts_what_is_planned() -> None:
    console = Console(file=io.StringIO(), width=120, force_terminal=True)
    with TerminalProgress(console) as progress:
        progress.planned(PARTS)
        progress.done("patients", "a", "nothing changed", 0.1, "nothing changed", {})
        (task,) = progress._bar.tasks
        assert (task.completed, task.total) == (1, 5)
        progress.planned([("signature", None)])
        (task,) = progress._bar.tasks
        assert (task.completed, task.total) == (1, 2), "what turned out current is not waited for"


def test_what_was_built_is_said_also_if_the_run_is_stopped() -> None:
    sink = io.StringIO()
    try:
        with TerminalProgress(Console(file=sink, width=120)) as progress:
            progress.planned(PARTS)
            progress.done("patients", "a", "40 new (first run)", 0.25, "first run", {"new": 40})
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert sink.getvalue().splitlines() == ["✓ a                    cohorts     1 table: 40 new (first run)  0.2 s"]
