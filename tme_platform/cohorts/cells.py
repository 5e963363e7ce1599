"""Quote the content of landed files in messages: only on the terminal of `tme check`, never in what is stored.

A cell may hold a person's name, a birth date or a record number whatever its column is called. Messages name the file,
column and patient or row. Names of columns, which `_tables.short` quotes, are no cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

HIDDEN = "a value that only `tme check` shows"
"""What stands in a stored message in place of a cell."""

_SHOWING = ContextVar("showing_cells", default=False)
_LONGEST = 40


@contextmanager
def showing_cells() -> Iterator[None]:
    """Quote cells in messages until the block ends, for a terminal on which nothing is stored."""
    token = _SHOWING.set(True)
    try:
        yield
    finally:
        _SHOWING.reset(token)


def cells_are_shown() -> bool:
    """Whether messages may quote cells."""
    return _SHOWING.get()


def cell(value: object) -> str:
    """A cell for a message: shortened and quoted on the terminal, `HIDDEN` elsewhere."""
    if not cells_are_shown():
        return HIDDEN
    text = str(value)
    return repr(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...")


def examples(values: Iterable[object]) -> str:
    """Cells in brackets, with a space before them, to follow a number of them; empty where they are not shown."""
    return f" ({', '.join(map(cell, values))})" if cells_are_shown() else ""
