"""Whether a text or a row of a table names a patient, and the text without the name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pandas as pd

FORGOTTEN = "(forgotten)"
"""What takes the place of a name in texts."""


class Named:
    """A patient by the name that the study uses.

    A text names the patient if it holds the name as a word of its own, as in `TCGA-A1-A0SB-01A`; names of others that
    contain it, such as `P1-2` for `P1`, do not count.

    Parameters
    ----------
    name
        The patient's pseudonym.
    others
        Names of all other patients.
    """

    def __init__(self, name: str, others: Iterable[str] = ()) -> None:
        self.name = name
        spellings = sorted({name, json.dumps(name)[1:-1], json.dumps(name, ensure_ascii=False)[1:-1]})
        longer = sorted({other for other in others if name in other and other != name}, key=len, reverse=True)
        passed_over = "".join(f"{re.escape(other)}|" for other in longer)
        alternatives = "|".join(map(re.escape, spellings))
        self._pattern = re.compile(rf"{passed_over}(?<![A-Za-z0-9])(?P<name>{alternatives})(?![A-Za-z0-9])")

    def is_in(self, text: str) -> bool:
        """Whether a text names the patient."""
        return any(found["name"] for found in self._pattern.finditer(text))

    def is_in_bytes(self, data: bytes) -> bool:
        """Whether bytes hold the name, in UTF-8."""
        return self.name.encode() in data and self.is_in(data.decode("utf-8", "replace"))

    def removed_from(self, text: str) -> str:
        """The text without the name."""
        return self._pattern.sub(lambda found: FORGOTTEN if found["name"] else found[0], text)


def rows_that_name(frame: pd.DataFrame, person: Named) -> pd.Series:
    """Which rows of a frame have a cell of text that names the patient."""
    found = pd.Series(False, index=frame.index)
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
            continue
        texts = column.dropna().astype(str)
        matching = {text for text in texts.unique() if person.is_in(text)}
        found |= column.astype("string").isin(matching).fillna(False).to_numpy(dtype=bool)
    return found
