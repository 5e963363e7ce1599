"""Convert a clinical column of text to numbers, and judge over all of its values which unit they are in.

Words belong in `_codings`; the limits and units of a column are defined in `tables.clinical`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.cohorts._source import Source
from tme_platform.cohorts._tables import as_numbers
from tme_platform.cohorts.cells import cells_are_shown
from tme_platform.counted import counted
from tme_platform.tables.clinical import DAYS_PER, SURVIVAL_PAIRS, ClinicalColumn

_ENOUGH = 5
"""Values from which on the unit of a column is judged by their size."""
_ADULT = 15
"""Age that some patient of a cohort reaches."""
_LITRE_ML = 500
"""Volume that few tumours reach."""
_SHORT_DAYS = 45
"""Follow-up that some patient of a cohort exceeds."""
_PER_CENT = 100
_FEW_BEYOND = 10
"""One value in ten may be a mistake or a code; more are another measure."""
_ADVICE = "Correct it in the file."
_SPACE = r"[ \u00a0\u2009\u202f']"
_THOUSANDS = r"[-+]?[1-9]\d{0,2}(?:,\d{3})+"
_MAPPED = "Map it to a number under `values` in cohort.yaml, or to null."
_CAUSES = (
    (r"[-+]?[\d.,]+\s*%", "Write the number without the sign, or map it under `values` in cohort.yaml."),
    (r"(?:[<>≤≥~]|[<>]=|ca\.?)\s*[-+]?[\d.,]+\s*%?", _MAPPED),
    (r"[\d.,]+\s*%?\s*(?:-|–|to)\s*[\d.,]+\s*%?", _MAPPED),
    (rf"[-+]?\d{{1,3}}(?:{_SPACE}\d{{3}})+(?:[.,]\d+)?", "Write thousands without a space or an apostrophe."),
    (
        r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T].*)?|"
        r"(?i:\d{0,2}[-. ]?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w*[-. ]?\d{0,4})",
        "It looks like a date, into which a spreadsheet turns numbers: format the column as text, and enter it again.",
    ),
    (r"[-+]?[\d.,]+\s*[a-zA-Zµ²³/]+", "Write the number without its unit; `unit` in cohort.yaml states it."),
)
"""Ways of writing a number that are not read, and what to do about each."""


def to_numbers(text: pd.Series, unit: str | None, decimal: str, source: Source) -> pd.Series:
    """Convert the text of a column to numbers in the unit of the canonical column.

    Values that are no number or outside the limits are missing. The column is refused as a whole if no unit is declared
    and its values are unlikely in the canonical one.
    """
    plain = text.str.replace(",", ".", regex=False) if decimal == "," else text
    number = as_numbers(plain)
    _reject_text(text, number.isna() & text.notna(), decimal, source)
    if decimal == ",":
        number = _without_thousands(text, number, source)
    if unit is None and source.column.units:
        doubt = _doubt(number.dropna(), source.column)
        if doubt is not None:
            source.refuse("ambiguous_unit", f"{doubt}. {_unit_to_write(source.column)}")
            return number.mask(number.notna())
        _note_short_times(number.dropna(), source)
    return _within(text, number * (1.0 if unit is None else source.column.scale_from(unit)), source)


def to_whole_numbers(text: pd.Series, decimal: str, source: Source) -> pd.Series:
    """Convert the text of a column to whole numbers."""
    number = to_numbers(text, None, decimal, source)
    fraction = number.notna() & (number % 1 != 0)
    source.reject(text, fraction, "not_a_number", ", not a whole number", _ADVICE)
    return number.mask(fraction).astype("Int64")


def _without_thousands(text: pd.Series, number: pd.Series, source: Source) -> pd.Series:
    """Refuse points between thousands (1.234 for 1234) where commas are declared as decimal."""
    grouped = text.str.fullmatch(r"[-+]?[1-9]\d{0,2}(?:\.\d{3})+").fillna(False).astype(bool)
    joined = pd.to_numeric(text.where(grouped).str.replace(".", "", regex=False), errors="coerce").astype("float64")
    doubtful = joined.notna() & within_limits(joined, source.column) & number.notna()
    advice = "It may be a decimal point or one between thousands: remove points between thousands."
    source.reject(text, doubtful, "ambiguous_number", "", advice)
    return number.mask(doubtful)


def _reject_text(text: pd.Series, bad: pd.Series, decimal: str, source: Source) -> None:
    """Reject values that are no numbers, with the advice that suits the way they are written."""
    left = bad.copy()
    # in the declared way of the file, 1.234,5 has a point between thousands; undeclared, 1,234 may be either
    mixed = left & text.str.fullmatch(r"[-+]?\d{1,3}(?:\.\d{3})+,\d+").fillna(False).astype(bool)
    advice = 'Remove the points between thousands, and set `decimal: ","` for the file in cohort.yaml.'
    source.reject(text, mixed, "not_a_number", ", not a number", advice)
    left &= ~mixed
    commas = left & text.str.fullmatch(r"[-+]?\d*(?:,\d+)+(?:\.\d+)?").fillna(False).astype(bool)
    if decimal == "." and commas.any():
        source.reject(text, commas, "not_a_number", ", not a number", _comma_advice(text[commas], source.column))
        left &= ~commas
    for pattern, advice in _CAUSES:
        these = left & text.str.fullmatch(pattern).fillna(False).astype(bool)
        source.reject(text, these, "not_a_number", ", not a number", advice)
        left &= ~these
    source.reject(text, left, "not_a_number", ", not a number", _ADVICE)


def _comma_advice(commas: pd.Series, column: ClinicalColumn) -> str:
    """What to do about numbers with commas, judged over all of them."""
    declare = 'set `decimal: ","` for the file in cohort.yaml'
    if not commas.str.fullmatch(_THOUSANDS).all():
        if commas.str.contains(r",\d+,|\.").any():
            return "Remove the commas between thousands."
        return f"If the file writes decimal commas, {declare}."
    if commas.str.count(",").max() > 1:
        return "Remove the commas between thousands."
    joined = pd.to_numeric(commas.str.replace(",", "", regex=False)).astype("float64")
    if not within_limits(joined, column).any():
        return f"If the file writes decimal commas, {declare}."
    one = str(commas.iloc[0]) if cells_are_shown() else "1,234"
    return (
        f"{one} may mean {one.replace(',', '')} or {one.replace(',', '.')}, as every comma is followed by three "
        f"digits: remove commas between thousands; if they are decimal commas, {declare}."
    )


def _doubt(number: pd.Series, column: ClinicalColumn) -> str | None:
    """Why the values are unlikely in the unit of the column; None if they are not."""
    if not len(number) or number.min() < 0:
        return None
    n, high, middle = len(number), float(number.max()), float(number.median())
    fractions = bool((number % 1 != 0).any())
    span = f"has {counted(n, 'value')}{_range(number)}"
    only_two = n >= _ENOUGH and set(number) == {0.0, 1.0}
    if column.own_unit == "percent" and high <= 1 and (fractions or only_two):
        return f"{span}: they may be fractions instead of per cent"
    beyond = int((number > _PER_CENT).sum())
    if column.own_unit == "percent" and beyond > max(1, n / _FEW_BEYOND):
        return (
            f"{span}, {beyond:,} of them above 100: they may be numbers or densities of cells, which do not belong here"
        )
    above = int((number > 1).sum())
    if column.own_unit == "fraction" and n / 2 <= above < n and high <= _PER_CENT:
        return f"{span}, {above:,} of them above 1: they may be per cent instead of fractions"
    if n < _ENOUGH:
        return None
    if column.own_unit == "ml" and middle > _LITRE_ML:
        return f"{span}, half of them above {_LITRE_ML} ml: they may be mm3"
    if column.own_unit == "years" and high < _ADULT:
        return f"{span}: they may be groups or decades of age"
    if column.own_unit == "days" and (high <= _SHORT_DAYS or (fractions and high <= DAYS_PER["years"])):
        return f"{span}: they may be months or years instead of days"
    if column.own_unit == "days" and middle > 100 * DAYS_PER["years"]:
        return f"{span}, half of them above 100 years: they may be dates"
    return None


def _range(number: pd.Series) -> str:
    """The ends of the values, which are cells."""
    if not cells_are_shown():
        return ""
    return f" from {number.min():g} to {number.max():g}" if len(number) > 1 else f", {number.max():g}"


def _note_short_times(number: pd.Series, source: Source) -> None:
    """Say that nobody was followed for more than a year, which times in months look like too."""
    if source.column.own_unit != "days" or len(number) < _ENOUGH or number.max() > DAYS_PER["years"]:
        return
    message = (
        f"{source.label} has no time longer than a year in {len(number):,} patients. If these are not "
        "days, write the unit; if they are, write `unit: days` in cohort.yaml."
    )
    source.rejected.add(rule="unit_in_doubt", message=message, action="kept; check it", file=source.file)


def _unit_to_write(column: ClinicalColumn) -> str:
    others = " or ".join(f"`unit: {unit}`" for unit in column.units if unit != column.own_unit)
    return f"Write {others} for the column in cohort.yaml, or `unit: {column.own_unit}` if that is what they are."


def _within(text: pd.Series, number: pd.Series, source: Source) -> pd.Series:
    """Set missing what the column does not allow."""
    for pair, (time, _) in SURVIVAL_PAIRS.items():
        if source.column.name != time:
            continue
        negative, zero = number < 0, number == 0
        advice = "A time cannot be negative: correct it, or leave it empty."
        source.reject(text, negative, f"negative_{pair}_time", "", advice)
        advice = "Zero follow-up carries no survival information: correct it, or leave it empty."
        source.reject(text, zero, f"zero_{pair}_time", "", advice)
        number = number.mask(negative | zero)
    outside = number.notna() & ~within_limits(number, source.column)
    what = f", outside the allowed range {source.column.allowed_range}"
    source.reject(text, outside, "out_of_range", what, "Correct it, or the unit in cohort.yaml.")
    return number.mask(outside)


def within_limits(number: pd.Series, column: ClinicalColumn) -> pd.Series:
    """Whether the column allows a number, finite ones only."""
    within = pd.Series(np.isfinite(number.to_numpy()), index=number.index)
    if column.at_least is not None:
        within &= number >= column.at_least
    if column.above is not None:
        within &= number > column.above
    if column.at_most is not None:
        within &= number <= column.at_most
    return within
