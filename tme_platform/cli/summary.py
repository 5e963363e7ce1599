"""The end of `tme run` and `tme demo`: findings first, then cohorts and rejected input."""

from __future__ import annotations

import textwrap

from rich import box
from rich.console import Console
from rich.table import Table

from tme_platform.cli.console import plain, shown, shown_lines
from tme_platform.cli.findings import ANSWER_WIDTH, findings
from tme_platform.lake import Lake
from tme_platform.tables.cohorts import COHORTS, PATIENTS
from tme_platform.tables.imaging import IMAGE_REGIONS
from tme_platform.tables.radiomics import RADIOMIC_FEATURES
from tme_platform.tables.rejected import REJECTED_INPUTS


def print_summary(lake: Lake, console: Console, *, verbose: bool = False) -> None:
    """Print the findings, then the cohorts, what was rejected, and what to open next."""
    print_findings(lake, console)
    console.print(_cohorts(lake))
    for line in _rejected(lake, examples=verbose):
        _print_hanging(console, line, "    ")
    console.print(
        "\nNext: [bold]tme report[/bold] (the study on one page), [bold]tme ui[/bold] (Dagster and MLflow in the "
        "browser), [bold]tme models[/bold], "
        "[bold]tme query[/bold] (the tables)"
    )


def print_findings(lake: Lake, console: Console) -> None:
    """Print the findings, and an empty line."""
    console.print("[bold]Findings[/bold]")
    for line in findings(lake):
        _print_hanging(console, f"  {line}", " " * (2 + ANSWER_WIDTH))
    console.print()


def _print_hanging(console: Console, line: str, indent: str) -> None:
    """Print a line; on a terminal, what is too long for it goes on below, indented. Elsewhere lines stay whole."""
    if console.is_terminal:
        line = textwrap.fill(plain(line), max(console.width, 60), subsequent_indent=indent, break_on_hyphens=False)
    console.print(shown_lines(line), highlight=False, soft_wrap=True)


def _cohorts(lake: Lake) -> Table:
    patients, series = lake.read(PATIENTS), lake.read(IMAGE_REGIONS, columns=["cohort", "patient_id"])
    features = lake.read(RADIOMIC_FEATURES, columns=["cohort", "patient_id"])
    roles = lake.read(COHORTS).set_index("cohort")["roles"]
    table = Table(title="Cohorts", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("cohort", "data", "patients", "outlined", "features", "roles"):
        number = heading in ("patients", "outlined", "features")
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for cohort, rows in patients.groupby("cohort"):
        table.add_row(
            shown(cohort),
            str(rows["provenance"].iloc[0]),
            f"{len(rows):,}",
            _count(int((series["cohort"] == cohort).sum())),
            _count(int(features.loc[features["cohort"] == cohort, "patient_id"].nunique())),
            shown(roles.get(cohort, "")),
        )
    return table


def _rejected(lake: Lake, *, examples: bool) -> list[str]:
    """A line for each cohort, with its rules; with examples, a line for each rule."""
    rejected = lake.read(REJECTED_INPUTS)
    if rejected.empty:
        return ["Rejected input: none"]
    lines = ['Rejected input (all of it: tme query "select * from rejected_inputs")']
    for cohort, rows in rejected.groupby("cohort"):
        groups = list(rows.groupby(["rule", "action"]))
        if examples:
            lines += [
                f"  {cohort}: {len(found)} x {rule}, {action}; e.g. {found['message'].iloc[0]}"
                for (rule, action), found in groups
            ]
        else:
            rules = ", ".join(f"{len(found)} x {rule} ({action})" for (rule, action), found in groups)
            lines.append(f"  {cohort}: {rules}")
    return lines


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"
