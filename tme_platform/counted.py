"""A number with its noun, for messages. What is counted belongs to those who write the message."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun in the right form: `1 column`, `2 columns`.

    Parameters
    ----------
    count
        The number.
    one
        The noun, and a verb if one follows: `column holds`.
    many
        The same for other numbers: `columns hold`; by default `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
