"""Where commands print: one console for answers, one for what went wrong."""

import sys

from rich.console import Console
from rich.markup import escape

_WIDTH_IN_FILES = 120
"""Columns where the output goes to a file or a pipe, which have no width of their own."""


def _width(stream: object) -> int | None:
    return None if getattr(stream, "isatty", bool)() else _WIDTH_IN_FILES


console = Console(width=_width(sys.stdout))
errors = Console(stderr=True, width=_width(sys.stderr))


def blank(value: object) -> str:
    """A cell as text; nothing where it is missing."""
    import pandas as pd

    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]


def shown(text: object) -> str:
    """Text that came from a file, for `Console.print`: without markup, control characters written out."""
    return escape("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text)))
