"""Take the names of landing files out of errors, which Dagster stores with their causes."""

from __future__ import annotations

from collections.abc import Callable


def hide_names(error: BaseException, hidden: Callable[[str], str]) -> None:
    """Rewrite the texts of an error and of the errors that led to it, in place; its type and traceback stay.

    Parameters
    ----------
    hidden
        Gives a text without names (`Scope.hidden`).
    """
    seen: set[int] = set()
    following: list[BaseException | None] = [error]
    while following:
        one = following.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        one.args = tuple(hidden(value) if isinstance(value, str) else value for value in one.args)
        if isinstance(one, OSError):
            one.filename, one.filename2 = (
                hidden(str(name)) if name is not None else None for name in (one.filename, one.filename2)
            )
        following += [one.__cause__, one.__context__]
