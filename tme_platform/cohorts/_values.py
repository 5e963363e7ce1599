"""The canonical clinical columns: what each may hold, and how text becomes that. Merging tables is in `clinical`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from tme_platform.cohorts._tables import nearest, short
from tme_platform.cohorts.declaration import ColumnRule
from tme_platform.cohorts.rejections import Rejections

DAYS_PER = {"days": 1.0, "months": 365.25 / 12, "years": 365.25}


@dataclass(frozen=True)
class Canonical:
    """What one of our clinical columns holds: a number in a range, a word of a vocabulary, a stage, or any text."""

    kind: Literal["number", "word", "stage", "text"]
    low: float = -np.inf
    high: float = np.inf
    words: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    dtype: str = "string"


def _number(low: float, high: float, unit: str) -> Canonical:
    return Canonical("number", low=low, high=high, unit=unit, dtype="float64")


_PURITY = _number(0, 1, "a share from 0 to 1 (not per cent)")
_PERCENT = _number(0, 100, "per cent, 0 to 100")
_RECEPTOR = Canonical("word", words=("negative", "positive"))

CLINICAL_COLUMNS: dict[str, Canonical] = {
    "age_years": _number(0, 120, "years, 0 to 120"),
    "sex": Canonical("word", words=("female", "male"), synonyms=(("f", "female"), ("m", "male"))),
    "laterality": Canonical(
        "word", words=("left", "right", "bilateral"), synonyms=(("l", "left"), ("r", "right"), ("both", "bilateral"))
    ),
    "os_days": _number(0, np.inf, "days, more than 0"),
    "os_event": Canonical(
        "word", words=("0", "1"), synonyms=(("0.0", "0"), ("1.0", "1"), ("false", "0"), ("true", "1")), dtype="Int8"
    ),
    "stage": Canonical("stage"),
    "er": _RECEPTOR,
    "pr": _RECEPTOR,
    "her2": _RECEPTOR,
    "pam50": Canonical(
        "word",
        words=("LumA", "LumB", "Her2", "Basal", "Normal"),
        synonyms=(
            ("luminal a", "LumA"),
            ("luminal b", "LumB"),
            ("her2-enriched", "Her2"),
            ("basal-like", "Basal"),
            ("normal-like", "Normal"),
        ),
    ),
    "purity_absolute": _PURITY,
    "purity_lump": _PURITY,
    "purity_ihc": _PURITY,
    "purity_estimate": _PURITY,
    "cd8_percent": _PERCENT,
    "immune_phenotype": Canonical("word", words=("hot", "cold", "intermediate", "inflamed", "excluded", "desert")),
    "pd_l1": _PERCENT,
    "recist": Canonical(
        "word",
        words=("CR", "PR", "SD", "PD"),
        synonyms=(
            ("complete response", "CR"),
            ("partial response", "PR"),
            ("stable disease", "SD"),
            ("progressive disease", "PD"),
        ),
    ),
    "site": Canonical("text"),
    "scanner": Canonical("text"),
}
"""The canonical clinical columns besides `patient_id`, in the order of the table."""

_STAGE = re.compile(r"(?:stage\s*)?(0|i{1,3}|iv)([abc]?)", re.IGNORECASE)
_NO_STAGE = re.compile(r"(?:stage\s*)?x", re.IGNORECASE)


def empty_values(index: pd.Index) -> pd.DataFrame:
    """All canonical columns, all missing, with their types."""
    return pd.DataFrame(
        {
            name: pd.Series(pd.NA if c.dtype != "float64" else np.nan, index=index, dtype=c.dtype)
            for name, c in CLINICAL_COLUMNS.items()
        }
    )


def to_canonical(
    text: pd.Series, name: str, rule: ColumnRule, decimal: str, file: str, rejected: Rejections
) -> pd.Series:
    """Turn a column of text, indexed by patient, into one of ours; what breaks a rule is set missing and rejected."""
    canonical = CLINICAL_COLUMNS[name]
    place = _Place(name, f"{name} (column {rule.column})", file, rejected)
    if rule.values is not None:  # noqa: PD011  # the mapping of the cohort file
        text = _translate(text, rule.values)
    if canonical.kind == "number":
        return _to_number(text, canonical, _scale(name, rule.unit), decimal, place)
    converted: pd.Series = _CONVERT[canonical.kind](text, canonical, place)
    return converted.astype("Int8") if canonical.dtype == "Int8" else converted.astype("string")


@dataclass(frozen=True)
class _Place:
    """Where a value stands, for messages."""

    name: str
    label: str
    file: str
    rejected: Rejections

    def reject(self, text: pd.Series, bad: pd.Series, rule: str, what: str, advice: str) -> None:
        cases = [(str(patient), f"{self.label} is {short(value)}{what}") for patient, value in text[bad].items()]
        if cases:
            self.rejected.add_cases(cases, rule=rule, advice=advice, action="value set missing", file=self.file)


def _translate(text: pd.Series, words: dict[str, str | float | int | bool | None]) -> pd.Series:
    """Their words to ours, as text; a word that is not mapped stays."""
    ours = {their: str(int(our)) if isinstance(our, bool) else our for their, our in words.items()}
    mapped = text.map({their: pd.NA if our is None else str(our) for their, our in ours.items()}, na_action="ignore")
    return mapped.astype("string").where(text.isin(list(words)), text)


def _scale(name: str, unit: str | None) -> float:
    if unit is None:
        return 1.0
    return DAYS_PER[unit] if name == "os_days" else DAYS_PER[unit] / DAYS_PER["years"]


def _to_number(text: pd.Series, canonical: Canonical, scale: float, decimal: str, place: _Place) -> pd.Series:
    plain = text.str.replace(",", ".", regex=False) if decimal == "," else text
    number = pd.to_numeric(plain, errors="coerce").astype("float64") * scale
    advice = "Correct it in the file."
    if decimal == "." and text[number.isna() & text.notna()].str.fullmatch(r"-?\d+,\d+").any():
        advice = 'If the file writes decimal commas, set `decimal: ","` for it in cohort.yaml.'
    place.reject(text, number.isna() & text.notna(), "not_a_number", ", not a number", advice)
    if place.name == "os_days":
        negative, zero = number < 0, number == 0
        place.reject(
            text, negative, "negative_os_time", "", "A time cannot be negative: correct it, or leave it empty."
        )
        place.reject(
            text, zero, "zero_os_time", "", "No follow-up says nothing about survival: add it, or leave it empty."
        )
        number = number.mask(negative | zero)
    outside = number.notna() & ~(number.between(canonical.low, canonical.high) & np.isfinite(number))
    place.reject(
        text, outside, "out_of_range", f", but should be {canonical.unit}", "Correct it, or the unit in cohort.yaml."
    )
    return number.mask(outside)


def _to_word(text: pd.Series, canonical: Canonical, place: _Place) -> pd.Series:
    known = {word.lower(): word for word in canonical.words} | dict(canonical.synonyms)
    words = text.str.lower().map(known, na_action="ignore").astype("string")
    _reject_words(text, words.isna() & text.notna(), ", ".join(canonical.words), place)
    return words


def _to_stage(text: pd.Series, canonical: Canonical, place: _Place) -> pd.Series:
    parts = text.str.extract(f"^{_STAGE.pattern}$", flags=re.IGNORECASE)
    stage = (parts[0] + parts[1].fillna("")).str.upper().astype("string")
    not_assessed = text.str.fullmatch(_NO_STAGE.pattern, flags=re.IGNORECASE).fillna(False).astype(bool)
    _reject_words(text, stage.isna() & text.notna() & ~not_assessed, "0, I, II, III, IV, with A, B or C", place)
    return stage


def _to_text(text: pd.Series, canonical: Canonical, place: _Place) -> pd.Series:
    return text


def _reject_words(text: pd.Series, bad: pd.Series, vocabulary: str, place: _Place) -> None:
    """One row per unknown word: it is the mapping that wants a line, not each patient."""
    for word, patients in text[bad].groupby(text[bad]).groups.items():
        one = len(patients) == 1
        many = "" if one else f" for {len(patients):,} patients"
        near = nearest(str(word), vocabulary.split(", "))
        message = (
            f"{place.label} is {short(word)}{many}, which is none of {vocabulary}{near}. "
            "Map it under `values` in cohort.yaml (null where it means missing)."
        )
        patient = str(patients[0]) if one else None
        place.rejected.add(
            rule="unknown_category", message=message, action="value set missing", patient_id=patient, file=place.file
        )


_CONVERT: dict[str, Callable[[pd.Series, Canonical, _Place], pd.Series]] = {
    "word": _to_word,
    "stage": _to_stage,
    "text": _to_text,
}
