"""A table of numbers with one row per patient, from text: shared by finished cell scores and finished features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._tables import nearest, read_text_table, short
from tme_platform.cohorts.rejections import Rejections


def read_by_patient(folder: Path, file: str, column: str, rejected: Rejections) -> pd.DataFrame | None:
    """Read a table as text, indexed by patient, one row each; None where it cannot be."""
    table = read_text_table(folder, file, rejected)
    if table is None:
        return None
    if column not in table:
        message = f"{file} has no column {short(column)} to name patients{nearest(column, list(table.columns))}."
        rejected.add(
            rule="unknown_column",
            message=f"{message} Correct `patient_id` in cohort.yaml.",
            action="file left out",
            file=file,
        )
        return None
    nameless = table[column].isna()
    if nameless.any():
        message = f"{nameless.sum():,} of {len(table):,} rows name no patient in {column}. Add it, or delete the rows."
        rejected.add(rule="patient_id_missing", message=message, action="rows left out", file=file)
    rows = table[~nameless].drop_duplicates()
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
    """Text to finite numbers (float64), and which cells held something else."""
    numbers = text.apply(lambda column: pd.to_numeric(column, errors="coerce").astype("float64"))
    finite = numbers.where(np.isfinite(numbers.to_numpy(dtype="float64")))
    return finite, finite.isna() & text.notna()
