"""A table on the terminal: within its width, missing values visible. What is asked belongs in `query`.

What is too wide is folded in its cells; if that is not enough, few rows are shown as records, one line for each column,
and of many rows the columns in the middle are left out. Where it was shortened, the last line says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tme_platform.cli.console import plain, shown
from tme_platform.counted import counted

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 100
_RECORDS = 5
"""Rows, at most, that are shown as records if they are too wide."""
_NARROWEST = 24
"""Columns of text are folded to this width, not further, before columns are left out."""
_BETWEEN = 2
_LEFT_OUT = "…"
_NULL = "NULL"


def print_frame(frame: pd.DataFrame, console: Console) -> None:
    """Print a table for reading: numbers to six digits, its first rows, then their number."""
    cells = [[_cell(value) for value in row] for row in frame.head(_ROWS).itertuples(index=False)]
    names = [plain(name) for name in frame.columns]
    natural = [max(map(len, column)) for column in zip(names, *cells, strict=True)]
    width = _fitting(natural, console.width)
    left_out = 0
    if width is None and 0 < len(cells) <= _RECORDS:
        _print_records(names, cells, console)
    else:
        kept = range(len(names)) if width is not None else _outer(natural, console.width)
        left_out = len(names) - len(kept)
        numbers = {place for place, dtype in enumerate(frame.dtypes) if dtype.kind in "iuf"}
        console.print(_table(names, cells, kept, numbers, width or _NARROWEST), soft_wrap=False)
    console.print(_footer(len(frame), len(names), left_out), highlight=False)


def _cell(value: object) -> str:
    import pandas as pd

    if pd.api.types.is_scalar(value) and pd.isna(value):  # type: ignore[call-overload]  # any object will do
        return _NULL
    return f"{value:.6g}" if isinstance(value, float) else plain(value)


def _fitting(natural: Sequence[int], available: int) -> int | None:
    """The widest fold at which all columns fit; None if they do not."""
    room = available - _BETWEEN * len(natural)
    for fold in range(max(natural, default=1), 0, -1):
        if sum(min(width, fold) for width in natural) <= room:
            return fold if fold >= min(_NARROWEST, max(natural)) else None
    return None if natural else 1


def _outer(natural: Sequence[int], available: int) -> list[int]:
    """The first and last columns that fit, in turns."""
    room = available - _BETWEEN - len(_LEFT_OUT)
    first, last = 0, len(natural) - 1
    kept: list[int] = []
    while first <= last:
        place = first if len(kept) % 2 == 0 else last
        room -= min(natural[place], _NARROWEST) + _BETWEEN
        if room < 0 and kept:
            break
        kept.append(place)
        first, last = (first + 1, last) if place == first else (first, last - 1)
    return sorted(kept)


def _table(
    names: Sequence[str], cells: Sequence[Sequence[str]], kept: Sequence[int], numbers: set[int], fold: int
) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, _BETWEEN, 0, 0))
    gap = next((place for place, (one, other) in enumerate(pairwise(kept), 1) if other > one + 1), 0)
    for place, column in enumerate(kept):
        if gap and place == gap:
            table.add_column(_LEFT_OUT)
        table.add_column(
            shown(names[column]), overflow="fold", max_width=fold, justify="right" if column in numbers else "left"
        )
    for row in cells:
        values = [_text(row[column]) for column in kept]
        table.add_row(*([*values[:gap], Text(_LEFT_OUT, style="dim"), *values[gap:]] if gap else values))
    return table


def _print_records(names: Sequence[str], cells: Sequence[Sequence[str]], console: Console) -> None:
    """A line for each column of each row."""
    for number, row in enumerate(cells, 1):
        console.print(f"[dim]row {number}[/dim]", highlight=False)
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, _BETWEEN, 0, 0))
        table.add_column(overflow="fold", style="bold", max_width=max(_NARROWEST, console.width // 2))
        table.add_column(overflow="fold")
        for name, value in zip(names, row, strict=True):
            table.add_row(shown(name), _text(value))
        console.print(table)


def _text(cell: str) -> Text:
    return Text(cell, style="dim" if cell == _NULL else "")


def _footer(rows: int, columns: int, left_out: int) -> str:
    said = [counted(rows, "row")]
    if rows > _ROWS:
        said.append(f"{_ROWS} shown")
    if left_out:
        said.append(f"{columns - left_out} of {counted(columns, 'column')} shown")
    more = "; --csv, --json or --parquet FILE gives all" if len(said) > 1 else ""
    return ", ".join(said) + more
