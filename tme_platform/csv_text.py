"""A table as CSV that a spreadsheet does not run: cells of text that it would take for formulas are made text.

What is read from CSV belongs in `cohorts`; this is for what leaves the platform.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = re.compile(r"\s*[=+\-@|]|\t|\n")
_NUMBER = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?%?")


def csv_text(frame: pd.DataFrame, **options: Any) -> str:
    """Write a table as CSV without its index.

    Text (of cells and headings) that begins with `=`, `+`, `-`, `@`, `|`, a tab or a carriage return gets an apostrophe
    in front, because spreadsheets would run it; text that is a number keeps its sign. Numbers are not changed.

    Parameters
    ----------
    **options
        For `DataFrame.to_csv`.
    """
    import pandas as pd

    safe = frame.copy(deep=False)
    for position, dtype in enumerate(frame.dtypes):
        if not (pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_datetime64_any_dtype(dtype)):
            safe.isetitem(position, frame.iloc[:, position].map(_as_text, na_action="ignore").array)
    safe.columns = pd.Index([_as_text(name) for name in frame.columns])
    return str(safe.to_csv(index=False, **options))


def _as_text(value: object) -> object:
    if not isinstance(value, str):
        return value
    # A carriage return would not be quoted, and spreadsheets would begin a row at it.
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text.strip()) else text
