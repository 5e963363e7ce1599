"""`tme query`: one SQL query to the tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from tme_platform.cli.console import blank, console, errors, plain, shown, shown_lines
from tme_platform.csv_text import csv_text

if TYPE_CHECKING:
    import pandas as pd


def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help='A query, e.g. "select cohort, count(*) from tme_phenotypes group by 1".')],
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, all rows.")] = False,
) -> None:
    """Ask the tables a question in SQL (DuckDB); `select * from lake_tables` lists them."""
    import duckdb

    from tme_platform.lake import QueryError, ask

    try:
        answer = ask(context.obj.lake, sql)
    except (FileNotFoundError, QueryError, duckdb.Error) as error:
        errors.print(f"[red]error[/red]  {shown_lines(error)}", soft_wrap=True, highlight=False)
        raise typer.Exit(1) from None
    if csv:
        text = csv_text(answer)
        typer.echo(plain(text, kept="\n\t") if sys.stdout.isatty() else text, nl=False)
    else:
        _print_frame(answer)


def _print_frame(frame: pd.DataFrame, most: int = 100) -> None:
    """Print a table for reading: numbers to six digits (`--csv` has all of them)."""
    table = Table(box=None, header_style="bold")
    for name in frame.columns:
        table.add_column(shown(name), overflow="fold", justify="right" if frame[name].dtype.kind in "if" else "left")
    for row in frame.head(most).itertuples(index=False):
        table.add_row(
            *(f"{value:.6g}" if isinstance(value, float) and value == value else shown(blank(value)) for value in row)
        )
    console.print(table)
    console.print(f"{len(frame)} row(s)" + (f", {most} shown; --csv prints all" if len(frame) > most else ""))
