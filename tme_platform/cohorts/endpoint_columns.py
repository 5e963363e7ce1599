"""Check that the columns of a cohort's endpoints and subgroups exist. The models belong in `evaluation.endpoints`."""

from __future__ import annotations

from pathlib import Path

from tme_platform.cohorts._parquet import read_parquet
from tme_platform.cohorts._tables import columns_of, short
from tme_platform.cohorts.declaration import Cohort
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import landing_path
from tme_platform.evaluation.endpoints import declared_columns
from tme_platform.tables.clinical import CLINICAL_COLUMNS
from tme_platform.yaml_file import YamlFile, at_place, nearest


def refuse_unknown_columns(cohort: Cohort, folder: Path, file: YamlFile) -> None:
    """Refuse columns that are neither canonical nor unmapped columns of the cohort's clinical files.

    Raises
    ------
    CohortError
        Names the line of the first such column, and columns with a similar name.
    """
    own: list[str] | None = None
    for place, column in declared_columns(cohort.endpoints, cohort.subgroups):
        if column in CLINICAL_COLUMNS:
            continue
        own = _unmapped(cohort, folder) if own is None else own
        if own is not None and column not in own:
            problem = (
                f"{short(column)} is neither a canonical column nor a column of the clinical files without mapping"
                f"{nearest(column, [*CLINICAL_COLUMNS, *own])}. Correct it"
            )
            raise CohortError(at_place(place, problem, [file]), rule="unknown_column")


def _unmapped(cohort: Cohort, folder: Path) -> list[str] | None:
    """Columns of the clinical files without mapping; None if a file cannot be read, which is reported with the file."""
    found: list[str] = []
    for source in cohort.clinical:
        mapped = {rule.column for name, rule in source.columns.items() if name in CLINICAL_COLUMNS}
        try:
            path = landing_path(folder, source.file)
            names = list(read_parquet(path).columns) if path.suffix == ".parquet" else columns_of(path, source.sheet)
        except (ValueError, OSError):
            return None
        found += [name.strip() for name in names if name.strip() not in mapped]
    return found
