"""Judge the words of a clinical column over all of its values: what each stands for, and whether that is in doubt.

Numbers belong in `_numbers`; the allowed words are defined in `tables.clinical`.
"""

from __future__ import annotations

import re

import pandas as pd

from tme_platform.cohorts._source import Source
from tme_platform.cohorts.cells import cell, cells_are_shown
from tme_platform.counted import counted
from tme_platform.tables.clinical import SURVIVAL_PAIRS
from tme_platform.yaml_file import nearest

_GRADES = (("g", ""), ("grade ", ""), ("", ".0"))
SYNONYMS = {
    "sex": {"f": "female", "m": "male"},
    "laterality": {"l": "left", "r": "right", "both": "bilateral"},
    **{event: {"0.0": "0", "1.0": "1", "false": "0", "true": "1"} for _, event in SURVIVAL_PAIRS.values()},
    "grade": {f"{prefix}{number}{suffix}": number for number in "123" for prefix, suffix in _GRADES},
    "pcr": {
        **dict.fromkeys(("1", "1.0", "true", "pcr"), "yes"),
        **dict.fromkeys(("0", "0.0", "false", "rd", "no pcr", "non-pcr", "residual disease"), "no"),
    },
    "pam50": {
        "luminal a": "LumA",
        "luminal b": "LumB",
        "her2-enriched": "Her2",
        "basal-like": "Basal",
        "normal-like": "Normal",
    },
    "recist": {
        "complete response": "CR",
        "partial response": "PR",
        "stable disease": "SD",
        "progressive disease": "PD",
    },
}
"""Other spellings (in lower case) of allowed words, by column."""

_MISSING_WORDS = {"stage": ("x",)}
"""Words (in lower case) that mean missing in one column only."""
_ALLOWED_TEXT = {"stage": "0, I, II, III, IV, with A, B or C"}
"""Wording of allowed values that are too many to list in a message."""
_CODE = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
"""A number that stands for a class."""
_TWO = 2
_ENOUGH = 5
"""Patients from which on it is worth saying that all of them have the event."""
_SHOWN = 6


def to_words(text: pd.Series, original: pd.Series, mapped: pd.Series, source: Source) -> pd.Series:
    """Convert the text of a column to its allowed words.

    The column is refused as a whole, and missing, if reading it value by value could turn its meaning around: a number
    that is no known code stands beside known ones (1 and 2), a declared value and an undeclared code mean the same, or
    unknown words stand beside the only class that is known.

    Parameters
    ----------
    text
        The values by patient, after the mapping of the cohort file.
    original
        The values in the file.
    mapped
        Whether the cohort file maps the value.
    source
        The column that is read.
    """
    plain = text.str.lower()
    if source.column.name == "stage":
        plain = plain.str.replace(r"^stage\s*", "", regex=True)
    known = {word.lower(): word for word in source.column.allowed} | SYNONYMS.get(source.column.name, {})
    words = plain.map(known, na_action="ignore").astype("string")
    unknown = words.isna() & text.notna() & ~plain.isin(_MISSING_WORDS.get(source.column.name, ()))
    problem = _problem(text, words, unknown, mapped, source)
    if problem is not None:
        advice = f"Map every value under `values` in cohort.yaml: {_mapping(original, source)}."
        source.refuse("ambiguous_coding", f"{problem}. {advice}")
        return words.mask(words.notna())
    _reject_words(text, unknown, source)
    _note_constant(text, words, mapped, source)
    return words


def _problem(text: pd.Series, words: pd.Series, unknown: pd.Series, mapped: pd.Series, source: Source) -> str | None:
    if words.notna().sum() == 0:
        return None  # nothing that could be read wrongly
    codes = text[unknown & text.str.fullmatch(_CODE).fillna(False).astype(bool)]
    if len(codes):
        is_one = len(set(codes)) == 1
        return (
            f"has {_counted(codes)} beside {_counted(text[words.notna()])}: "
            f"{'it is' if is_one else 'they are'} not one of {_allowed(source)}, so it is in doubt what the others mean"
        )
    bare = words.notna() & ~mapped & text.str.fullmatch(_CODE).fillna(False).astype(bool)
    same = set(words[mapped].dropna()) & set(words[bare])
    if same:
        left = text[bare & words.isin(same)]
        return f"has {_counted(left)}, which `values` does not map, with the meaning of a value that it maps"
    others = text[unknown]
    if len(others) and words.nunique() < _TWO:
        return (
            f"has {_counted(others)} beside {_counted(text[words.notna()])}: not one of {_allowed(source)}"
            f"{nearest(str(others.iloc[0]), source.column.allowed)}, so a whole class would be missing"
        )
    return None


def _mapping(original: pd.Series, source: Source) -> str:
    """The mapping of every value in the file, as far as it can be written without knowing what they mean."""
    values = sorted(set(map(str, original.dropna())))
    if values == ["1", "2"] and source.column.allowed == ("0", "1"):
        return 'values: {"1": 0, "2": 1} if 2 is the event, as in R'
    entries = ", ".join(f'"{value[:40]}": ...' for value in values[:_SHOWN]) if cells_are_shown() else "..."
    return f"values: {{{entries}}}, each with one of {_allowed(source)}, or null where it means missing"


def _counted(text: pd.Series) -> str:
    counts = text.value_counts().sort_index()
    if not cells_are_shown():
        return f"{counted(len(counts), 'value')} that only `tme check` shows ({counted(len(text), 'patient')})"
    shown = [f"{cell(value)} ({counted(int(count), 'patient')})" for value, count in counts.items()]
    return ", ".join([*shown[:_SHOWN], *(["..."] if len(shown) > _SHOWN else [])])


def _allowed(source: Source) -> str:
    return _ALLOWED_TEXT.get(source.column.name, ", ".join(source.column.allowed))


def _reject_words(text: pd.Series, bad: pd.Series, source: Source) -> None:
    """Add one row per unknown word, because the mapping needs one line per word, not per patient."""
    for word, patients in text[bad].groupby(text[bad]).groups.items():
        one = len(patients) == 1
        many = "" if one else f" for {len(patients):,} patients (the first: {patients[0]})"
        message = (
            f"{source.label} is {cell(word)}{many}, not one of {_allowed(source)}"
            f"{nearest(str(word), source.column.allowed)}. "
            "Map it under `values` in cohort.yaml (null where it means missing)."
        )
        patient = str(patients[0]) if one else None
        source.rejected.add(
            rule="unknown_category", message=message, action="value set missing", patient_id=patient, file=source.file
        )


def _note_constant(text: pd.Series, words: pd.Series, mapped: pd.Series, source: Source) -> None:
    """Say that every patient had the event, which a wrong coding looks like too."""
    read = words.dropna()
    if source.column.allowed != ("0", "1") or len(read) < _ENOUGH or mapped[read.index].any() or set(read) != {"1"}:
        return
    message = (
        f"{source.label} is {cell(text[words.notna()].iloc[0])} for all {len(read):,} patients who have a value. "
        "Check that it means the event, and say so with `values` in cohort.yaml."
    )
    source.rejected.add(rule="constant_coding", message=message, action="kept; check it", file=source.file)
