"""Read a finished radiomic feature table. Extracting features belongs in `radiomics`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tme_platform.cohorts._measurements import marked, read_by_patient, to_numbers
from tme_platform.cohorts._tables import has_column, header_of, short
from tme_platform.cohorts.declaration import Cohort, FeatureSource
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import landing_path
from tme_platform.cohorts.rejections import Rejections
from tme_platform.cohorts.spelling import without_unusable_names
from tme_platform.tables.radiomics import AGREED_FEATURES, HARMONISED_FEATURES, RADIOMIC_FEATURES

_TAKEN = [
    column.name for table in (RADIOMIC_FEATURES, HARMONISED_FEATURES, AGREED_FEATURES) for column in table.all_columns
]
"""Columns that tables of features have beside the features."""


def read_features(folder: Path, cohort_name: str, cohort: Cohort) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the finished features of a cohort, one row per patient.

    Returns
    -------
    features
        Patients (index `patient_id`, in the order of the file) x renamed features, float64. Cells that are not finite
        numbers are missing; text columns (settings, versions) and patients without any feature are left out.
    rejected
        Rows of `REJECTED_COLUMNS`.
    """
    rejected = Rejections(cohort_name)
    source = cohort.features
    features = pd.DataFrame(index=pd.Index([], name="patient_id", dtype="string"), dtype="float64")
    if source is not None:
        table = read_by_patient(folder, source.file, source.patient_id, rejected)
        if table is not None:
            features = _numeric(_rename(table, source, rejected), source, rejected)
            features = without_unusable_names(features, _TAKEN, rejected, source.file)
    return features, rejected.frame()


def feature_names(folder: Path, cohort: Cohort) -> list[str]:
    """Names of the columns of a cohort's finished feature table, renamed as declared; none if it cannot be read."""
    source = cohort.features
    if source is None:
        return []
    try:
        path = landing_path(folder, source.file)
        names = _parquet_columns(path) if path.suffix == ".parquet" else header_of(path)
    except (CohortError, ValueError, OSError, EOFError):  # a run says so when it reads the values
        return []
    return [source.rename.get(name, name) for name in names if name != source.patient_id]


def _parquet_columns(path: Path) -> list[str]:
    import pyarrow.parquet as pq

    return [str(name) for name in pq.read_schema(path).names]


def _rename(table: pd.DataFrame, source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    for theirs in source.rename:
        correct = "`rename` in cohort.yaml"
        has_column(table, theirs, source.file, rejected, correct=correct, action="column not renamed")
    renamed = table.rename(columns=source.rename)
    again = renamed.columns.duplicated()
    for name in sorted(set(renamed.columns[again])):
        message = (
            f"two columns are named {short(name)} after `rename`; the first is used. Give each column its own name."
        )
        rejected.add(rule="duplicate_column", message=message, action="column left out", file=source.file)
    return renamed.loc[:, ~again]


def _numeric(text: pd.DataFrame, source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    numbers, bad = to_numbers(text)
    textual = numbers.isna().all() & bad.any()
    if textual.any():
        names = list(map(str, textual.index[textual]))
        shown = ", ".join(names[:5])
        message = f"{len(names):,} columns hold no numbers ({shown}). No action needed unless they are features."
        rejected.add(rule="not_a_number", message=message, action="column left out", file=source.file)
    numbers, bad = numbers.loc[:, ~textual], bad.loc[:, ~textual]
    cases = [
        (patient, f"{name} is {short(wrong)}, not a finite number")
        for patient, name, wrong in marked(text[bad.columns], bad)
    ]
    advice = "Correct it, or leave it empty."
    rejected.add_cases(
        cases, rule="not_a_number", advice=advice, action="value set missing", file=source.file, unit="values"
    )
    empty = numbers.isna().all(axis=1)
    cases = [(str(patient), "the patient has no feature values") for patient in numbers.index[empty]]
    advice = "Add the values, or delete the row."
    rejected.add_cases(cases, rule="no_features", advice=advice, action="patient left out", file=source.file)
    return numbers[~empty]
