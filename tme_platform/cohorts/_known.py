"""List the patients that the measurements of a cohort name. Reading the values belongs in the readers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tme_platform.cohorts._matrix import sample_names
from tme_platform.cohorts._tables import are_summaries, read_text_table
from tme_platform.cohorts.cells import examples
from tme_platform.cohorts.declaration import Cohort, ExpressionSource, PatientKey
from tme_platform.cohorts.pattern import first_groups
from tme_platform.cohorts.rejections import Rejections


def known_patients(folder: Path, cohort: Cohort) -> list[str]:
    """The patients in the cell scores, features, imaging manifest and expression matrix, unique and sorted.

    The columns of an expression matrix that name patients are those that its reader takes for samples. Files that
    cannot be read are skipped; the reader of that file reports why.
    """
    ignored = Rejections("")
    named: set[str] = set()
    for file, sheet, key in _patient_columns(cohort):
        table = read_text_table(folder, file, ignored, only=[key.column], sheet=sheet)
        if table is not None and key.column in table:
            ids = table[key.column].dropna()
            ids = ids[~are_summaries(ids)]
            named |= set(ids if key.pattern is None else match_patients(ids, key.pattern, file, ignored).dropna())
    if cohort.expression is not None:
        named |= set(_samples(folder, cohort.expression))
    return sorted(named)


def _patient_columns(cohort: Cohort) -> list[tuple[str, str | None, PatientKey]]:
    columns: list[tuple[str, str | None, PatientKey]] = []
    if cohort.cell_scores is not None:
        columns.append(
            (cohort.cell_scores.file, cohort.cell_scores.sheet, PatientKey(column=cohort.cell_scores.patient_id))
        )
    if cohort.features is not None:
        columns.append((cohort.features.file, cohort.features.sheet, cohort.features.patient_id))
    if cohort.imaging is not None:
        columns.append((cohort.imaging.manifest, None, PatientKey(column="patient_id")))
    return columns


def _samples(folder: Path, source: ExpressionSource) -> list[str]:
    """Patients of the columns that the reader takes for samples, with or without values."""
    names = sample_names(folder, source)
    return [patient for name in names if (patient := patient_of(name, source.patient_pattern))]


def patient_of(sample: str, pattern: str | None) -> str | None:
    """The patient that a sample belongs to; None if the sample does not match the pattern."""
    if pattern is None:
        return sample or None
    return first_groups(pattern, [sample])[0]


def match_patients(ids: pd.Series, pattern: str, file: str, rejected: Rejections) -> pd.Series:
    """The patients of a column of sample ids; missing, with a rejection, where the pattern does not match."""
    known = [None if pd.isna(name) else str(name) for name in ids]
    patients = pd.Series(first_groups(pattern, known), index=ids.index, name=0, dtype="string")
    others = ids[ids.notna() & patients.isna()]
    if len(others):
        message = (
            f"{len(others):,} of {len(ids):,} rows do not match {pattern}{examples(others.head(3))}: taken for "
            "samples of another kind. No action needed unless patients are among them."
        )
        rejected.add(rule="other_samples", message=message, action="rows left out", file=file)
    return patients
