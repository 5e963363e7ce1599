"""Convert text to values of the canonical clinical columns, and reject what the columns do not allow.

What a column allows is defined in `tables.clinical`; words are judged in `_codings`, numbers in `_numbers`. Merging
several tables belongs in `_merge`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.cohorts._codings import to_words
from tme_platform.cohorts._numbers import to_numbers, to_whole_numbers
from tme_platform.cohorts._source import Source
from tme_platform.cohorts.declaration import ColumnRule
from tme_platform.cohorts.rejections import Rejections
from tme_platform.tables.clinical import CLINICAL_COLUMNS

CODING_COLUMNS = ["column", "source_file", "source_column", "value", "read_as", "patients"]
"""Columns of the frame that states how values were read."""


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
    """Convert a column of text, indexed by patient, to a canonical one.

    Values that are not allowed are rejected, and so is the whole column if its coding or its unit is in doubt.
    """
    source = Source(CLINICAL_COLUMNS[name], rule.column, file, rejected)
    column, original = source.column, text
    mapped = pd.Series(False, index=text.index)
    if rule.values is not None:  # noqa: PD011  # the mapping of the cohort file
        mapped = text.isin(list(rule.values))
        text = translate(text, rule)
    if column.allowed:
        return to_words(text, original, mapped, source).astype(column.dtype)
    if column.dtype == "float64":
        return to_numbers(text, rule.unit, decimal, source)
    return to_whole_numbers(text, decimal, source) if column.dtype == "Int64" else text.astype(column.dtype)


def codings_of(text: pd.Series, values: pd.Series, rule: ColumnRule, file: str) -> pd.DataFrame:
    """How the values of a landed column were read.

    Parameters
    ----------
    text, values
        The column before and after `to_canonical`.
    rule, file
        As there.

    Returns
    -------
    DataFrame
        Columns of `CODING_COLUMNS`. Of columns with allowed words, a row for each value in the file; `read_as` is
        missing where it was not read. Of measured columns, one row with their range, and the unit in `read_as`. None of
        free text.
    """
    column = CLINICAL_COLUMNS[str(values.name)]
    filled = text.notna().to_numpy()
    if column.allowed:
        read = values[filled].astype("string")
        found = pd.DataFrame({"value": text[filled].to_numpy(), "read_as": read.to_numpy(), "patients": 1})
        rows = found.groupby(["value", "read_as"], dropna=False, sort=True)["patients"].sum().reset_index()
    elif column.dtype == "string" or not filled.any():
        rows = pd.DataFrame(columns=["value", "read_as", "patients"])
    else:
        scale = 1.0 if rule.unit is None else column.scale_from(rule.unit)
        number = values.astype("float64").dropna() / scale
        ends = dict.fromkeys(f"{end:,.6g}" for end in (number.min(), number.max()))
        span = " to ".join(ends) if len(number) else "no value"
        unit = (rule.unit or column.own_unit) if len(number) else pd.NA
        rows = pd.DataFrame({"value": [span], "read_as": [unit], "patients": [len(number)]})
    rows = rows.assign(column=column.name, source_file=file, source_column=rule.column)
    return rows[CODING_COLUMNS].astype({name: "Int64" if name == "patients" else "string" for name in CODING_COLUMNS})


def translate(text: pd.Series, rule: ColumnRule) -> pd.Series:
    """Apply the `values` of a cohort file; words without an entry stay as they are."""
    words = rule.values  # noqa: PD011  # the mapping of the cohort file
    if words is None:
        return text
    ours = {their: str(int(our)) if isinstance(our, bool) else our for their, our in words.items()}
    mapped = text.map({their: pd.NA if our is None else str(our) for their, our in ours.items()}, na_action="ignore")
    return mapped.astype("string").where(text.isin(list(words)), text)
