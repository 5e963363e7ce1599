"""`tme query`: one SQL query to the tables, as a table for reading, or as CSV, JSON or Parquet for programs."""

from __future__ import annotations

import io
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tme_platform.cli.console import console, errors, plain, shown, shown_lines
from tme_platform.counted import counted
from tme_platform.csv_text import csv_text

if TYPE_CHECKING:
    import pandas as pd

_TABLES = "select * from lake_tables"


def query(
    context: typer.Context,
    sql: Annotated[
        str,
        typer.Argument(
            help='A query, e.g. "select cohort, count(*) from tme_phenotypes group by 1". Without it: the tables.'
        ),
    ] = "",
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, all rows.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, all rows: a list of objects.")] = False,
    parquet: Annotated[Path | None, typer.Option(help="Write all rows into this Parquet file.")] = None,
) -> None:
    """Ask the tables a question in SQL (DuckDB); without a question, list the tables."""
    import duckdb

    from tme_platform.lake import QueryError, ask

    if csv + json + (parquet is not None) > 1:
        raise typer.BadParameter("--csv, --json and --parquet exclude one another: choose one")
    try:
        answer = ask(context.obj.lake, sql or _TABLES)
    except (FileNotFoundError, QueryError, duckdb.Error) as error:
        errors.print(f"[red]error[/red]  {shown_lines(error)}", soft_wrap=True, highlight=False)
        raise typer.Exit(1) from None
    if parquet is not None:
        _write_parquet(answer, parquet)
    elif csv:
        _print_text(csv_text(answer))
    elif json:
        # escaped for a terminal, where characters could steer it
        said = answer.to_json(orient="records", date_format="iso", double_precision=15, force_ascii=_is_terminal())
        _print_text(f"{said}\n")
    elif sql:
        from tme_platform.cli.frames import print_frame

        print_frame(answer, console)
    else:
        _print_tables(answer)


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _print_text(text: str) -> None:
    typer.echo(plain(text, kept="\n\t") if _is_terminal() else text, nl=False)


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    from tme_platform.whole_file import write_if_changed

    content = io.BytesIO()
    frame.to_parquet(content, index=False)
    write_if_changed(path, content.getvalue())
    console.print(
        f"{counted(len(frame), 'row')}, {counted(frame.shape[1], 'column')} in {shown(path)}",
        soft_wrap=True,
        highlight=False,
    )


def _print_tables(tables: pd.DataFrame) -> None:
    """A line for each table, by stage: its name, its number of rows, and the beginning of its description."""
    longest = max(map(len, tables["table_name"]))
    for stage, rows in groupby(tables.itertuples(), key=lambda row: row.stage):
        console.print(f"[bold]{shown(stage)}[/bold]")
        for row in rows:
            line = f"  {row.table_name:<{longest}} {row.rows:>9,}  {row.description}"
            console.print(shown(line), no_wrap=True, overflow="ellipsis", highlight=False)
    console.print(
        f'{counted(len(tables), "table")} with their rows; columns: tme query "describe patients"', highlight=False
    )
