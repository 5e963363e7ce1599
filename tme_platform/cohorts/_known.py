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
    ignored = Rejections("")
    named: set[str] = set()
    for file, column in _patient_columns(cohort):
        table = read_text_table(folder, file, ignored, only=[column])
        if table is not None and column in table:
            named |= set(table[column].dropna())
    if cohort.expression is not None:
        path = open_landed(folder, cohort.expression.file, ignored)
        named |= set(_samples(path, cohort.expression.patient_pattern)) if path is not None else set()
    return sorted(named)


def _patient_columns(cohort: Cohort) -> list[tuple[str, str]]:
    columns = []
    if cohort.cell_scores is not None:
        columns.append((cohort.cell_scores.file, cohort.cell_scores.patient_id))
    if cohort.features is not None:
        columns.append((cohort.features.file, cohort.features.patient_id))
    if cohort.imaging is not None:
        columns.append((cohort.imaging.manifest, "patient_id"))
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
