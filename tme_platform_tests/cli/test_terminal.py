"""Text that came from outside is printed as text: no markup, no links, no control characters."""

import io
from pathlib import Path

import pandas as pd
import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from tme_platform.cli import console as consoles
from tme_platform.cli.app import app
from tme_platform.cli.console import plain, shown, shown_lines
from tme_platform.cli.progress import TerminalProgress
from tme_platform.lake import Lake
from tme_platform.tables.expression import CELL_SCORES

HOSTILE = (
    "[red]red[/red]",
    "[/]",
    "[link=https://elsewhere.example]here[/link]",
    "\x1b]8;;https://elsewhere.example\x1b\\here\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[31mred",
    "\x07bell",
    "right\u202eleft",
    "back\\",
    "a :warning: b",
    "line\nbreak",
    "\x9b31mred",
    "[bold",
    "\udcff",
)


def printed(text: str) -> str:
    """What a terminal is sent."""
    sink = io.StringIO()
    Console(file=sink, force_terminal=True, width=200, emoji=False, color_system="truecolor").print(
        f"[green]ok[/green] {text}", soft_wrap=True, highlight=False
    )
    return sink.getvalue()


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_printed_as_text(text: str) -> None:
    sent = printed(shown(text))
    assert sent.startswith("\x1b[32mok\x1b[0m ")
    rest = sent.removeprefix("\x1b[32mok\x1b[0m ").removesuffix("\n")
    assert rest.rstrip("\\") == plain(text).rstrip("\\"), "Rich doubles a backslash at the end"
    assert all(character.isprintable() for character in rest)


def test_messages_of_several_lines_keep_them() -> None:
    assert printed(shown_lines("one\n[red]two\x1b[0m")).splitlines()[1] == "[red]two\\x1b[0m"


@pytest.fixture
def hostile_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Cells and columns of every kind of hostile text; answers go to a terminal."""
    for name in ("console", "errors"):
        monkeypatch.setattr(getattr(consoles, name), "_force_terminal", True)
    lake = Lake(tmp_path / "lake")
    texts = [text for text in HOSTILE if text != "\udcff"]  # which no table can hold
    frame = pd.DataFrame({"patient_id": texts, "T cells": range(len(texts))})
    lake.commit(CELL_SCORES, frame.astype({"T cells": float}), cohort="a")
    return Path(lake.root)


def test_cells_and_headings_of_a_query(hostile_lake: Path) -> None:
    sql = 'select patient_id, patient_id as "[red]x[/red]" from cell_scores'
    found = CliRunner().invoke(app, ["--lake", str(hostile_lake), "query", sql])
    assert found.exit_code == 0, found.output
    assert "\x1b]8" not in found.output
    assert "\x07" not in found.output
    assert "\u202e" not in found.output
    assert "[red]red[/red]" in found.output
    assert "[red]x[/red]" in found.output


@pytest.mark.parametrize("words", [["--json", "from cell_scores"], ["--csv", "from cell_scores"], []])
def test_other_forms_of_an_answer(hostile_lake: Path, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tme_platform.cli.query._is_terminal", lambda: True)
    found = CliRunner().invoke(app, ["--lake", str(hostile_lake), "query", *words])
    assert found.exit_code == 0, found.output
    assert all(character.isprintable() or character in "\n\t" for character in found.output.replace("\x1b[", ""))
    assert "\x1b[2J" not in found.output
    assert "\x1b]8" not in found.output


def test_an_error_that_quotes_the_query(hostile_lake: Path) -> None:
    sql = "select '[link=x]\x1b]8;;x' from nothing[/]"
    found = CliRunner().invoke(app, ["--lake", str(hostile_lake), "query", sql])
    assert found.exit_code == 1
    assert "\x1b]8" not in found.output


def test_titles_names_and_cells_of_a_landing_folder(tmp_path: Path) -> None:
    folder = tmp_path / "landing" / "trial"
    folder.mkdir(parents=True)
    everything = "".join(text for text in HOSTILE if text not in ("\udcff",))
    cohort = {
        "title": everything,
        "provenance": {"kind": "real", "source": everything},
        "clinical": [{"file": "[red]clinical[].csv", "columns": {"grade": "[/grade]\x1b[2J"}}],
    }
    (folder / "cohort.yaml").write_text(yaml.safe_dump(cohort))
    pd.DataFrame({"patient_id": ["p1", "p2"], "[/grade]\x1b[2J": ["[link=x]1", "\x1b]8;;x"]}).to_csv(
        folder / "[red]clinical[].csv", index=False
    )
    (folder / "[link=x]notes\x07[].txt").write_text("x")
    for command in (["check", "trial"], ["check"], ["status"], ["run"]):
        found = CliRunner().invoke(app, ["--lake", str(tmp_path), *command])
        assert not isinstance(found.exception, (KeyError, IndexError, TypeError)), found.exception
        assert "Error" not in type(found.exception).__name__ or found.exit_code
        assert "\x1b" not in found.output
        assert "\x07" not in found.output


def test_progress_of_a_run() -> None:
    sink = io.StringIO()
    text = "new [red]column[/red] \x1b[2J[/]"
    for verbose in (True, False):
        with TerminalProgress(Console(file=sink, width=120), verbose=verbose) as progress:
            progress.done("patients", "a", text, 0.1, text, {"new": 1})
            progress.step("patients", "a", "[/] of 3")
        assert "new [red]column[/red] \\x1b[2J[/]" in sink.getvalue()
        sink.truncate(0)


@pytest.mark.parametrize("terminal", [True, False])
def test_what_may_quote_a_cell_is_shown_at_the_end_and_on_a_terminal_alone(terminal: bool) -> None:
    sink = io.StringIO()
    with TerminalProgress(Console(file=sink, width=120, force_terminal=terminal)) as progress:
        progress.withheld("patients", "a", "ValueError: could not convert [red]'Doe^Jane'")
        assert "Doe^Jane" not in sink.getvalue()
    assert ("patients of a: ValueError: could not convert [red]'Doe^Jane'" in sink.getvalue()) is terminal
