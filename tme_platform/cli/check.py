"""`tme check`: validate a landing folder without writing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from tme_platform.cli.console import blank, console, errors

if TYPE_CHECKING:
    import pandas as pd

    from tme_platform.steps.workspace import Workspace


def check(context: typer.Context, cohort: Annotated[str, typer.Argument(help="Name of a landing folder.")]) -> None:
    """Validate a landing folder: what would be read, what rejected and why. Nothing is written."""
    from tme_platform.cohorts import check_cohort

    report = check_cohort(context.obj.landing / cohort)
    console.print(f"[bold]{escape(cohort)}[/bold]  {escape(report.title or '')}")
    for name, count in report.counts.items():
        console.print(f"  {name}: {count:,}")
    for note in report.notes:
        console.print(f"  {escape(note)}", soft_wrap=True, highlight=False)
    problems = [*_study_problems(context.obj), *report.problems]
    for problem in problems:
        errors.print(f"[red]problem[/red]  {escape(problem)}", soft_wrap=True, highlight=False)
    if len(report.rejected):
        _print_rejected(report.rejected)
    if problems:
        errors.print("Fix the problems above; until then the tables that they affect are not built.")
        raise typer.Exit(1)
    console.print("[green]ready[/green]: `tme run --cohort " + cohort + "` reads it.")


def _study_problems(workspace: Workspace) -> list[str]:
    """What is wrong with the study file, which declares endpoints and subgroups as well."""
    from tme_platform.study import StudyError

    try:
        _ = workspace.study
    except StudyError as error:
        return [str(error)]
    return []


def _print_rejected(rejected: pd.DataFrame, most: int = 20) -> None:
    table = Table(title=f"{len(rejected)} rejected", title_justify="left")
    for heading in ("rule", "patient", "file", "what to do"):
        table.add_column(heading, overflow="fold")
    for row in rejected.head(most).itertuples():
        cells = (str(row.rule), blank(row.patient_id), blank(row.file), f"{row.message} ({row.action})")
        table.add_row(*map(escape, cells))
    console.print(table)
    if len(rejected) > most:
        console.print(f"... and {len(rejected) - most} more")
