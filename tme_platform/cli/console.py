"""Where commands print: one console for answers, one for what went wrong."""

import sys

from rich.console import Console
from rich.markup import escape

_WIDTH_IN_FILES = 120
"""Columns where the output goes to a file or a pipe, which have no width of their own."""


def _width(stream: object) -> int | None:
    return None if getattr(stream, "isatty", bool)() else _WIDTH_IN_FILES


# No names of emoji: a cell `a:b:c` is not a picture.
console = Console(width=_width(sys.stdout), emoji=False)
errors = Console(stderr=True, width=_width(sys.stderr), emoji=False)


def shown(text: object) -> str:
    """Text that came from outside, for `Console.print`: without markup, control characters written out.

    Everything that is not a literal of ours goes through here: names and titles in files, cells, messages of libraries.
    """
    return escape(plain(text))


def plain(text: object, kept: str = "") -> str:
    """Text without control characters, which a terminal would obey: they are written out, except those in `kept`."""
    return "".join(
        c if c in kept or c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in str(text)
    )


def shown_lines(text: object) -> str:
    """As `shown`, with line breaks kept, for messages of several lines."""
    return escape(plain(text, kept="\n"))
