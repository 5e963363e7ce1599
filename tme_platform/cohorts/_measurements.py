"""Read a table of numbers with one row per patient, as finished cell scores and finished features are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._known import match_patients
from tme_platform.cohorts._tables import (
    are_summaries,
    as_numbers,
    clean,
    decimal_comma,
    has_column,
    read_text_table,
    reject_summary_rows,
    reject_unnamed_rows,
    short,
)
from tme_platform.cohorts.cells import cell
from tme_platform.cohorts.rejections import Rejections


def read_by_patient(
    folder: Path,
    file: str,
    column: str,
    rejected: Rejections,
    *,
    pattern: str | None = None,
    sheet: str | None = None,
) -> pd.DataFrame | None:
    """Read a table as raw text with one row per patient; None with a rejection if it cannot be read.

    The first group of `pattern` in the column is the patient; other rows are left out. `sheet` names the sheet of an
    Excel workbook.
    """
    table = read_text_table(folder, file, rejected, raw=True, sheet=sheet)
    if table is None:
        return None
    if not has_column(table, column, file, rejected, correct="`patient_id` in cohort.yaml"):
        return None
    table[column] = clean(table[column])
    unnamed = table[column].isna()
    reject_unnamed_rows(unnamed, column, file, rejected)
    summaries = are_summaries(table[column])
    reject_summary_rows(summaries, table[column], file, rejected)
    rows = table[~unnamed & ~summaries]
    if pattern is not None:
        rows = rows.assign(**{column: match_patients(rows[column], pattern, file, rejected)}).dropna(subset=[column])
    if not rows[column].is_unique:
        rows = rows.drop_duplicates()
    again = rows[column].duplicated()
    cases = [
        (str(patient), f"{file} has several different rows for the patient; the first is used")
        for patient in rows.loc[again, column].unique()
    ]
    rejected.add_cases(
        cases, rule="duplicate_patient", advice="Keep one row per patient.", action="first row kept", file=file
    )
    kept = rows[~again].set_index(column).rename_axis("patient_id")
    return _without_decimal_commas(kept, file, rejected)


def to_numbers(text: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Convert text to finite numbers, and mark the cells that hold neither a finite number nor a missing value."""
    numbers = text.apply(as_numbers).astype("float64")
    finite = np.isfinite(numbers.to_numpy())
    wrong = ~finite
    for name, failed in zip(text.columns, wrong.T, strict=True):
        if failed.any():
            failed &= clean(text[name]).notna().to_numpy()
    return numbers.where(finite), pd.DataFrame(wrong, index=text.index, columns=text.columns)


def marked(text: pd.DataFrame, cells: pd.DataFrame) -> list[tuple[str, str, object]]:
    """Patient, column and content of the marked cells, row by row."""
    rows, columns = np.nonzero(cells.to_numpy())
    found = text.to_numpy()[rows, columns].tolist()
    patients, names = cells.index.take(rows).map(str), cells.columns.take(columns).map(str)
    return list(zip(patients, names, found, strict=True))


def _has_comma(text: pd.Series) -> bool:
    return "," in "".join(map(str, text.tolist()))


def _without_decimal_commas(table: pd.DataFrame, file: str, rejected: Rejections) -> pd.DataFrame | None:
    """Leave out columns of numbers with commas, or the file if they are most of its columns."""
    found = {name: decimal_comma(table[name]) for name in table.columns if _has_comma(table[name])}
    commas = {name: number for name, number in found.items() if number is not None}
    if not commas:
        return table
    most = len(commas) > table.shape[1] / 2
    name, number = next(iter(commas.items()))
    message = (
        f"{len(commas):,} of {table.shape[1]:,} columns of {file} write numbers with commas, such as {cell(number)} in "
        f"{short(name)}. Save it with decimal points, and without a sign between thousands."
    )
    action = "file left out" if most else "columns left out"
    rejected.add(rule="decimal_comma", message=message, action=action, file=file)
    return None if most else table.drop(columns=list(commas))
