"""Which patients each table of a cohort names, and how far the tables meet. Comparing names belongs in `overlap`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from tme_platform.cohorts._known import known_patients, patient_of
from tme_platform.cohorts._tables import read_text_table
from tme_platform.cohorts.cohort_file import read_cohort
from tme_platform.cohorts.declaration import ClinicalSource, Cohort
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.overlap import Overlap, compare_patients, table_overlaps
from tme_platform.cohorts.rejections import Rejections

_MEASURED = ("expression", "cell_scores", "features", "imaging")
_SCORED = ("cell_scores", "expression")
_CLINICAL = "clinical table"
_TOGETHER = "clinical tables"
_SEVERAL = 2


def patients_by_table(
    folder: Path, cohort: Cohort, known: Mapping[str, Collection[str]] | None = None
) -> dict[str, list[str]]:
    """The patients that each table of a cohort names; only the columns with their names are read.

    Parameters
    ----------
    folder, cohort
        Landing folder and declaration.
    known
        Patients by kind of measurement that were read already (`expression`); these files are not opened again.

    Returns
    -------
    dict
        Sorted patients by table: the kind of measurement (`expression`, `features`, ...), ``clinical table FILE`` or
        ``other_scores NAME``. Tables that cannot be read are left out; their readers report why.
    """
    found: dict[str, Collection[str]] = {
        f"{_CLINICAL} {source.label}": _clinical_patients(folder, source) for source in cohort.clinical
    }
    for kind in _MEASURED:
        if known is not None and kind in known:
            found[kind] = known[kind]
        elif getattr(cohort, kind) is not None:
            found[kind] = known_patients(folder, _only(cohort, kind, getattr(cohort, kind)))
    for name, other in cohort.other_scores.items():
        found[f"other_scores {name}"] = known_patients(folder, _only(cohort, "cell_scores", other))
    return {table: sorted(set(names)) for table, names in found.items() if len(names)}


def _only(cohort: Cohort, kind: str, source: object) -> Cohort:
    """The cohort as if it brought a single measurement."""
    return cohort.model_copy(update=dict.fromkeys(_MEASURED) | {kind: source})


def _clinical_patients(folder: Path, source: ClinicalSource) -> list[str]:
    key = source.patient_id
    table = read_text_table(folder, source.file, Rejections(""), only=[key.column], sheet=source.sheet)
    names = list(table[key.column].dropna()) if table is not None and key.column in table else []
    return [patient for name in names if (patient := patient_of(name, key.pattern))]


def overlaps_within(cohort: Cohort, tables: Mapping[str, Collection[str]]) -> list[Overlap]:
    """Compare the tables of a cohort.

    Measurements are compared with each other and with the clinical tables together. Each of several clinical tables is
    compared with everything else that names patients, because two of them may hold the patients of two sites.

    Parameters
    ----------
    cohort
        Its declaration.
    tables
        Patients by table (`patients_by_table`).
    """
    clinical = {table: names for table, names in tables.items() if table.startswith(_CLINICAL)}
    measured = {table: names for table, names in tables.items() if table not in clinical}
    added = {f"{_CLINICAL} {source.label}" for source in cohort.clinical if source.adds_patients}
    if len(clinical) < _SEVERAL:
        return table_overlaps({**clinical, **measured})
    adding = {name for table, names in clinical.items() if table in added for name in names}
    overlaps = table_overlaps({_TOGETHER: adding, **measured})
    for table, names in clinical.items():
        rest = {name for other, patients in tables.items() if other != table for name in patients}
        if measured and rest:
            overlaps.append(compare_patients(table, names, "the other tables", rest))
    return overlaps


def overlaps_between(folder: Path, cohort: Cohort, tables: Mapping[str, Collection[str]]) -> list[Overlap]:
    """Compare a cohort with the cohorts whose phenotypes it takes by patient, or whose scores it compares.

    Parameters
    ----------
    folder, cohort, tables
        Landing folder, declaration and patients by table. The other cohorts lie beside the folder.
    """
    silent = {f"{_CLINICAL} {source.label}" for source in cohort.clinical if not source.adds_patients}
    own = {name for table, names in tables.items() if table not in silent for name in names}
    scored = {name for table, names in tables.items() if table in _SCORED for name in names}
    source = cohort.phenotypes
    labelled = [("phenotypes", source.cohort, own)] if source is not None and source.by == "patient" else []
    compared = [("scores", comparison.cohort, scored) for comparison in cohort.score_comparison]
    found = []
    for what, other, patients in [*labelled, *compared]:
        theirs = scored_patients(folder.parent / str(other))
        if patients and theirs:
            found.append(compare_patients(f"cohort {folder.name}", patients, f"the {what} of cohort {other}", theirs))
    return found


def scored_patients(folder: Path) -> set[str]:
    """The patients of another cohort whose cell populations are known; none if it cannot be read."""
    try:
        cohort = read_cohort(folder)
    except (CohortError, OSError):
        return set()
    kind = "cell_scores" if cohort.cell_scores is not None else "expression"
    return set(known_patients(folder, _only(cohort, kind, getattr(cohort, kind))))
