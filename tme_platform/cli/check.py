"""`tme check`: validate a landing folder without writing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from tme_platform.cli.console import blank, console, errors

if TYPE_CHECKING:
    import pandas as pd


def check(context: typer.Context, cohort: Annotated[str, typer.Argument(help="Name of a landing folder.")]) -> None:
    """Validate a landing folder: what would be read, what rejected and why. Nothing is written."""
    from tme_platform.cohorts import check_cohort

    report = check_cohort(context.obj.landing / cohort)
    console.print(f"[bold]{cohort}[/bold]  {report.title or ''}")
    for name, count in report.counts.items():
        console.print(f"  {name}: {count:,}")
    for problem in report.problems:
        errors.print(f"[red]problem[/red]  {problem}", soft_wrap=True, highlight=False)
    if len(report.rejected):
        _print_rejected(report.rejected)
    if report.problems:
        errors.print("Fix the problems above; until then the tables that they affect are not built.")
        raise typer.Exit(1)
    console.print("[green]ready[/green]: `tme run --cohort " + cohort + "` reads it.")


def _print_rejected(rejected: pd.DataFrame, most: int = 20) -> None:
    table = Table(title=f"{len(rejected)} rejected", title_justify="left")
    for heading in ("rule", "patient", "file", "what to do"):
        table.add_column(heading, overflow="fold")
    for row in rejected.head(most).itertuples():
        table.add_row(str(row.rule), blank(row.patient_id), blank(row.file), f"{row.message} ({row.action})")
    console.print(table)
    if len(rejected) > most:
        console.print(f"... and {len(rejected) - most} more")
