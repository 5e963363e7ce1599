"""Match the values of a declaration with those of a column, and check them against the column's vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tme_platform.tables.clinical import CLINICAL_COLUMNS

Word = bool | int | float | str
"""A listed value. YAML reads `yes` and `no` without quotes as true and false; both stand for the words."""

_TRUE = {True: ("yes", "true", "on"), False: ("no", "false", "off")}


def matches(values: pd.Series, words: Sequence[Word]) -> pd.Series:
    """Whether each value is one of the listed ones; text is compared without case, numbers as numbers.

    Parameters
    ----------
    values
        Of any type, missing as NA.
    words
        Values as declared.

    Returns
    -------
    pandas.Series
        Boolean; missing values match nothing.
    """
    text = values.astype("string").str.strip().str.lower()
    listed = {spelling for word in words for spelling in _spellings(word)}
    numbers = [float(word) for word in words if isinstance(word, int | float) and not isinstance(word, bool)]
    same_number = pd.to_numeric(text, errors="coerce").isin(numbers)
    return (text.isin(listed) | same_number).fillna(False).astype(bool)


def check_words(column: str, *lists: Sequence[Word]) -> None:
    """Check listed values: allowed in a canonical column, and none in two lists.

    Raises
    ------
    ValueError
        Names the value, and what is allowed.
    """
    seen: set[str] = set()
    for words in lists:
        spelled = {spelling for word in words for spelling in _spellings(word)}
        if both := sorted(seen & spelled):
            raise ValueError(f"{both[0]!r} is both positive and negative. Keep it in one list")
        seen |= spelled
    known = CLINICAL_COLUMNS.get(column)
    if known is None or (known.dtype == "string" and not known.allowed):
        return
    if not known.allowed:
        raise ValueError(f"{column} is a number, without words to list. Write `at_least:` or `above:`")
    allowed = {word.lower() for word in known.allowed}
    for word in (word for words in lists for word in words):
        if not allowed & set(_spellings(word)):
            raise ValueError(f"{_shown(word)} is not a value of {column}. Use {', '.join(known.allowed)}")


def check_limit(column: str, limit: float) -> None:
    """Check the limit of a canonical column.

    Raises
    ------
    ValueError
        The column holds words, or the limit is outside its range.
    """
    known = CLINICAL_COLUMNS.get(column)
    if known is None:
        return
    if known.dtype == "string":
        raise ValueError(f"{column} holds words. Write `positive:` and `negative:` instead of a limit")
    low, high = known.at_least if known.at_least is not None else known.above, known.at_most
    if (low is not None and limit < low) or (high is not None and limit > high):
        within = known.allowed_range if known.unit else f"{low:g} to {high:g}"
        raise ValueError(f"{limit:g} is outside the allowed range of {column}, {within}")


def _spellings(word: Word) -> tuple[str, ...]:
    if isinstance(word, bool):
        return (*_TRUE[word], str(int(word)))
    return (f"{word:g}",) if isinstance(word, int | float) else (word.strip().lower(),)


def _shown(word: Word) -> str:
    return ("yes" if word else "no") if isinstance(word, bool) else str(word)
