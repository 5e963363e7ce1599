"""`tme query`: one SQL query to the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from tme_platform.cli.console import blank, console, errors

if TYPE_CHECKING:
    import pandas as pd


def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help='A query, e.g. "select cohort, count(*) from tme_phenotypes group by 1".')],
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, all rows.")] = False,
) -> None:
    """Ask the tables a question in SQL (DuckDB); `select * from lake_tables` lists them."""
    import duckdb

    from tme_platform.lake import ask

    try:
        answer = ask(context.obj.lake, sql)
    except (FileNotFoundError, duckdb.Error) as error:
        errors.print(f"[red]error[/red]  {error}", soft_wrap=True, highlight=False)
        raise typer.Exit(1) from None
    if csv:
        typer.echo(answer.to_csv(index=False), nl=False)
    else:
        _print_frame(answer)


def _print_frame(frame: pd.DataFrame, most: int = 100) -> None:
    """Print a table for reading: numbers to six digits (`--csv` has all of them)."""
    table = Table(box=None, header_style="bold")
    for name in frame.columns:
        table.add_column(str(name), overflow="fold", justify="right" if frame[name].dtype.kind in "if" else "left")
    for row in frame.head(most).itertuples(index=False):
        table.add_row(
            *(f"{value:.6g}" if isinstance(value, float) and value == value else blank(value) for value in row)
        )
    console.print(table)
    console.print(f"{len(frame)} row(s)" + (f", {most} shown; --csv prints all" if len(frame) > most else ""))
