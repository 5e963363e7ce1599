"""Convert text to values of the canonical clinical columns, and reject what the columns do not allow.

What a column allows is defined in `tables.clinical`; merging several tables belongs in `_merge`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tme_platform.cohorts._tables import short
from tme_platform.cohorts.declaration import ColumnRule
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.clinical import CLINICAL_COLUMNS, DAYS_PER, SURVIVAL_PAIRS, ClinicalColumn
from tme_platform.yaml_file import nearest

TIME_COLUMNS = tuple(name for name, column in CLINICAL_COLUMNS.items() if column.unit in DAYS_PER)
"""Canonical columns that a `unit` in the cohort file applies to."""

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


def empty_values(index: pd.Index) -> pd.DataFrame:
    """A frame with all canonical columns, typed and missing."""
    return pd.DataFrame(
        {
            name: pd.Series(np.nan if column.dtype == "float64" else pd.NA, index=index, dtype=column.dtype)
            for name, column in CLINICAL_COLUMNS.items()
        }
    )


def to_canonical(
    text: pd.Series, name: str, rule: ColumnRule, decimal: str, file: str, rejected: Rejections
) -> pd.Series:
    """Convert a column of text, indexed by patient, to a canonical one; values that are not allowed are rejected."""
    column = CLINICAL_COLUMNS[name]
    source = _Source(column, f"{name} (column {rule.column})", file, rejected)
    if rule.values is not None:  # noqa: PD011  # the mapping of the cohort file
        text = _translate(text, rule.values)
    if column.dtype == "float64":
        return _to_number(text, _scale(column, rule.unit), decimal, source)
    if column.dtype == "Int64" and not column.allowed:
        return _to_whole_number(text, decimal, source)
    return (_to_word(text, source) if column.allowed else text).astype(column.dtype)


@dataclass(frozen=True)
class _Source:
    """The canonical column that is filled, and the landed column it is filled from."""

    column: ClinicalColumn
    label: str
    file: str
    rejected: Rejections

    def reject(self, text: pd.Series, bad: pd.Series, rule: str, what: str, advice: str) -> None:
        cases = [(str(patient), f"{self.label} is {short(value)}{what}") for patient, value in text[bad].items()]
        self.rejected.add_cases(cases, rule=rule, advice=advice, action="value set missing", file=self.file)


def _translate(text: pd.Series, words: dict[str, str | float | int | bool | None]) -> pd.Series:
    """Apply the `values` of a cohort file; words without an entry stay as they are."""
    ours = {their: str(int(our)) if isinstance(our, bool) else our for their, our in words.items()}
    mapped = text.map({their: pd.NA if our is None else str(our) for their, our in ours.items()}, na_action="ignore")
    return mapped.astype("string").where(text.isin(list(words)), text)


def _scale(column: ClinicalColumn, unit: str | None) -> float:
    return 1.0 if unit is None else DAYS_PER[unit] / DAYS_PER[column.unit]


def _to_whole_number(text: pd.Series, decimal: str, source: _Source) -> pd.Series:
    number = _to_number(text, 1.0, decimal, source)
    fraction = number.notna() & (number % 1 != 0)
    source.reject(text, fraction, "not_a_number", ", not a whole number", "Correct it in the file.")
    return number.mask(fraction).astype("Int64")


def _to_number(text: pd.Series, scale: float, decimal: str, source: _Source) -> pd.Series:
    plain = text.str.replace(",", ".", regex=False) if decimal == "," else text
    number = pd.to_numeric(plain, errors="coerce").astype("float64") * scale
    advice = "Correct it in the file."
    if decimal == "." and text[number.isna() & text.notna()].str.fullmatch(r"-?\d+,\d+").any():
        advice = 'If the file writes decimal commas, set `decimal: ","` for it in cohort.yaml.'
    source.reject(text, number.isna() & text.notna(), "not_a_number", ", not a number", advice)
    for pair, (time, _) in SURVIVAL_PAIRS.items():
        if source.column.name != time:
            continue
        negative, zero = number < 0, number == 0
        advice = "A time cannot be negative: correct it, or leave it empty."
        source.reject(text, negative, f"negative_{pair}_time", "", advice)
        advice = "Zero follow-up carries no survival information: correct it, or leave it empty."
        source.reject(text, zero, f"zero_{pair}_time", "", advice)
        number = number.mask(negative | zero)
    outside = number.notna() & ~_within_limits(number, source.column)
    what = f", outside the allowed range {source.column.allowed_range}"
    source.reject(text, outside, "out_of_range", what, "Correct it, or the unit in cohort.yaml.")
    return number.mask(outside)


def _within_limits(number: pd.Series, column: ClinicalColumn) -> pd.Series:
    within = pd.Series(np.isfinite(number.to_numpy()), index=number.index)
    if column.at_least is not None:
        within &= number >= column.at_least
    if column.above is not None:
        within &= number > column.above
    if column.at_most is not None:
        within &= number <= column.at_most
    return within


def _to_word(text: pd.Series, source: _Source) -> pd.Series:
    name, allowed = source.column.name, source.column.allowed
    known = {word.lower(): word for word in allowed} | SYNONYMS.get(name, {})
    plain = text.str.lower()
    if name == "stage":
        plain = plain.str.replace(r"^stage\s*", "", regex=True)
    words = plain.map(known, na_action="ignore").astype("string")
    unknown = words.isna() & text.notna() & ~plain.isin(_MISSING_WORDS.get(name, ()))
    _reject_words(text, unknown, source)
    return words


def _reject_words(text: pd.Series, bad: pd.Series, source: _Source) -> None:
    """Add one row per unknown word, because the mapping needs one line per word, not per patient."""
    allowed = source.column.allowed
    listed = _ALLOWED_TEXT.get(source.column.name, ", ".join(allowed))
    for word, patients in text[bad].groupby(text[bad]).groups.items():
        one = len(patients) == 1
        many = "" if one else f" for {len(patients):,} patients"
        message = (
            f"{source.label} is {short(word)}{many}, not one of {listed}{nearest(str(word), allowed)}. "
            "Map it under `values` in cohort.yaml (null where it means missing)."
        )
        patient = str(patients[0]) if one else None
        source.rejected.add(
            rule="unknown_category", message=message, action="value set missing", patient_id=patient, file=source.file
        )
