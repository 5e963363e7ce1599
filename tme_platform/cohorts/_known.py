"""List the patients that the measurements of a cohort name. Reading the values belongs in the readers."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

from tme_platform.cohorts._tables import header_of, open_landed, read_parquet, read_text_table
from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.rejections import Rejections


def known_patients(folder: Path, cohort: Cohort) -> list[str]:
    """The patients in the cell scores, features, imaging manifest and expression matrix, unique and sorted.

    Files that cannot be read are skipped; the reader of that file reports why.
    """
    named = measured_patients(folder, cohort)
    return sorted({patient for patients in named.values() for patient in patients})


def measured_patients(folder: Path, cohort: Cohort) -> dict[str, list[str]]:
    """The patients that each measurement names, by kind (`cell_scores`, `features`, `imaging`, `expression`)."""
    named = {
        kind: patients_in_column(folder, file, column) for kind, (file, column) in _patient_columns(cohort).items()
    }
    if cohort.expression is not None:
        path = open_landed(folder, cohort.expression.file, Rejections(""))
        named["expression"] = _samples(path, cohort.expression.patient_pattern) if path is not None else []
    return named


def patients_in_column(folder: Path, file: str, column: str, pattern: str | None = None) -> list[str]:
    """The patients that a column of a table names; none if it cannot be read."""
    table = read_text_table(folder, file, Rejections(""), only=[column])
    names = list(table[column].dropna()) if table is not None and column in table else []
    return [patient for name in names if (patient := patient_of(name, pattern))]


def _patient_columns(cohort: Cohort) -> dict[str, tuple[str, str]]:
    columns = {}
    if cohort.cell_scores is not None:
        columns["cell_scores"] = (cohort.cell_scores.file, cohort.cell_scores.patient_id)
    if cohort.features is not None:
        columns["features"] = (cohort.features.file, cohort.features.patient_id)
    if cohort.imaging is not None:
        columns["imaging"] = (cohort.imaging.manifest, "patient_id")
    return columns


def _samples(path: Path, pattern: str | None) -> list[str]:
    try:
        names = read_parquet(path).columns if path.suffix == ".parquet" else header_of(path)
    except (ValueError, OSError, EOFError, zlib.error):
        return []
    return [patient for name in list(names)[1:] if (patient := patient_of(str(name), pattern))]


def patient_of(sample: str, pattern: str | None) -> str | None:
    """The patient that a sample belongs to; None if the sample does not match the pattern."""
    if pattern is None:
        return sample or None
    found = re.search(pattern, sample)
    if found is None:
        return None
    return found.group(1) if found.re.groups else found.group(0)
