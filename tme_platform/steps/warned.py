"""Warnings of libraries while a step runs: they go into the log and to the table, not past the user on the console."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

_NOTED = (RuntimeWarning, UserWarning)
"""Numbers that overflowed, models that did not converge. Deprecations are for developers."""
_MOST = 20
_READERS = {"pandas", "pydicom", "pyarrow", "highdicom", "SimpleITK"}
"""Libraries that read landed files: their warnings may quote a cell or a tag."""


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """Collect what libraries warn of, each warning once, up to twenty.

    Yields
    ------
    list of str
        Sentences with kind, text and place of the warning; complete when the block ends.
    """
    noted: list[str] = []
    with warnings.catch_warnings():
        shown_before = warnings.showwarning

        def note(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if not issubclass(category, _NOTED):
                shown_before(message, category, filename, lineno, file, line)
                return
            path = Path(filename)
            said = "what a library that reads files says" if _READERS & set(path.parts) else str(message)
            text = f"{category.__name__}: {' '.join(said.split())} ({path.parent.name}/{path.name}, line {lineno})"
            if text not in noted and len(noted) < _MOST:
                noted.append(text)

        warnings.showwarning = note
        for category in _NOTED:
            warnings.simplefilter("always", category)
        yield noted
