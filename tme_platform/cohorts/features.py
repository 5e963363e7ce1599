"""A finished radiomic feature table that a cohort brings. Extracting features is in `tme_platform.radiomics`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tme_platform.cohorts._measurements import marked, read_by_patient, to_numbers
from tme_platform.cohorts._tables import no_column, short
from tme_platform.cohorts.declaration import Cohort, FeatureSource
from tme_platform.cohorts.rejections import Rejections


def read_features(folder: Path, cohort_name: str, cohort: Cohort) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the finished features of a cohort, one row per patient.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    cohort_name
        Its name.
    cohort
        Its declaration.

    Returns
    -------
    features
        Patients (index `patient_id`, in the order of the file) x features under our names, float64. What is no finite
        number is missing; columns of text (settings, versions) and patients without any feature are left out.
    rejected
        Rows of `REJECTED_COLUMNS`. Nothing is raised for what the file holds.
    """
    rejected = Rejections(cohort_name)
    source = cohort.features
    features = pd.DataFrame(index=pd.Index([], name="patient_id", dtype="string"), dtype="float64")
    if source is not None:
        table = read_by_patient(folder, source.file, source.patient_id, rejected)
        if table is not None:
            features = _numeric(_rename(table, source, rejected), source, rejected)
    return features, rejected.frame()


def _rename(table: pd.DataFrame, source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    for theirs in source.rename:
        if theirs not in table:
            message = no_column(source.file, theirs, table, "`rename` in cohort.yaml")
            rejected.add(rule="unknown_column", message=message, action="column not renamed", file=source.file)
    renamed = table.rename(columns=source.rename)
    again = renamed.columns.duplicated()
    for name in sorted(set(renamed.columns[again])):
        message = f"two columns are named {short(name)} after `rename`; the first is used. Give each its own name."
        rejected.add(rule="duplicate_column", message=message, action="column left out", file=source.file)
    return renamed.loc[:, ~again]


def _numeric(text: pd.DataFrame, source: FeatureSource, rejected: Rejections) -> pd.DataFrame:
    numbers, bad = to_numbers(text)
    textual = numbers.isna().all() & bad.any()
    if textual.any():
        names = list(map(str, textual.index[textual]))
        message = (
            f"{len(names):,} columns hold no numbers ({', '.join(names[:5])}). Nothing to do, unless they are features."
        )
        rejected.add(rule="not_a_number", message=message, action="column left out", file=source.file)
    numbers, bad = numbers.loc[:, ~textual], bad.loc[:, ~textual]
    cases: list[tuple[str | None, str]] = [
        (patient, f"{name} is {short(wrong)}, no finite number")
        for patient, name, wrong in marked(text[bad.columns], bad)
    ]
    if cases:
        advice = "Correct it, or leave it empty."
        rejected.add_cases(
            cases, rule="not_a_number", advice=advice, action="value set missing", file=source.file, unit="values"
        )
    empty = numbers.isna().all(axis=1)
    none: list[tuple[str | None, str]] = [
        (str(patient), "the patient has no feature at all") for patient in numbers.index[empty]
    ]
    if none:
        advice = "Add the values, or delete the row."
        rejected.add_cases(none, rule="no_features", advice=advice, action="patient left out", file=source.file)
    return numbers[~empty]
