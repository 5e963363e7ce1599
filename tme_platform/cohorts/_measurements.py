"""A table of numbers with one row per patient, from text: shared by finished cell scores and finished features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._tables import clean, no_column, read_text_table
from tme_platform.cohorts.rejections import Rejections


def read_by_patient(folder: Path, file: str, column: str, rejected: Rejections) -> pd.DataFrame | None:
    """Read a table as text, cells as they are, indexed by patient, one row each; None where it cannot be."""
    table = read_text_table(folder, file, rejected, raw=True)
    if table is None:
        return None
    if column not in table:
        message = no_column(file, column, table, "`patient_id` in cohort.yaml")
        rejected.add(rule="unknown_column", message=message, action="file left out", file=file)
        return None
    table[column] = clean(table[column])
    nameless = table[column].isna()
    if nameless.any():
        message = f"{nameless.sum():,} of {len(table):,} rows name no patient in {column}. Add it, or delete the rows."
        rejected.add(rule="patient_id_missing", message=message, action="rows left out", file=file)
    rows = table[~nameless]
    if not rows[column].is_unique:
        rows = rows.drop_duplicates()
    again = rows[column].duplicated()
    cases: list[tuple[str | None, str]] = [
        (str(patient), f"{file} has several different rows of the patient; the first is used")
        for patient in rows.loc[again, column].unique()
    ]
    if cases:
        rejected.add_cases(
            cases, rule="duplicate_patient", advice="Leave one row per patient.", action="first row kept", file=file
        )
    return rows[~again].set_index(column).rename_axis("patient_id")


def to_numbers(text: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Text to finite numbers (float64), and which cells held something else (what means missing is nothing else)."""
    numbers = text.apply(pd.to_numeric, errors="coerce").astype("float64")
    finite = np.isfinite(numbers.to_numpy())
    wrong = ~finite
    for name, lacking in zip(text.columns, wrong.T, strict=True):
        if lacking.any():
            lacking &= clean(text[name]).notna().to_numpy()
    return numbers.where(finite), pd.DataFrame(wrong, index=text.index, columns=text.columns)


def marked(text: pd.DataFrame, cells: pd.DataFrame) -> list[tuple[str, str, object]]:
    """Patient, column and content of the cells that are marked, row by row."""
    rows, columns = np.nonzero(cells.to_numpy())
    found = text.to_numpy()[rows, columns].tolist()
    patients, names = cells.index.take(rows).map(str), cells.columns.take(columns).map(str)
    return list(zip(patients, names, found, strict=True))
