"""Check a landing folder: read everything as a run would, without writing. Each reader is in its own module."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tme_platform.cohorts.cell_scores import read_cell_scores
from tme_platform.cohorts.clinical import read_clinical
from tme_platform.cohorts.cohort_file import read_cohort
from tme_platform.cohorts.declaration import COHORT_NAME, Cohort, Role
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.expression import read_expression, read_gene_lengths
from tme_platform.cohorts.features import read_features
from tme_platform.cohorts.files import list_files
from tme_platform.cohorts.folders import COHORT_FILE
from tme_platform.cohorts.manifest import read_manifest
from tme_platform.cohorts.rejections import REJECTED_COLUMNS
from tme_platform.cohorts.score_pairs import read_score_pairs
from tme_platform.cohorts.series import series_problem
from tme_platform.expression import describe_counts, unit_warning
from tme_platform.tables.clinical import SURVIVAL_PAIRS

_SIGNATURE = {Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION}
_OUTCOMES = {Role.IMMUNE_PHENOTYPE, Role.IMMUNOTHERAPY}
_PHENOTYPES = {Role.PHENOTYPE_REFERENCE, Role.PHENOTYPE_REPLICATION}


@dataclass(frozen=True)
class CohortReport:
    """The contents of a landing folder and the problems found in it.

    Attributes
    ----------
    name, title
        The folder's name, and the cohort's title if the cohort file can be read.
    counts
        What was read, by name: patients, deaths, genes, outlines, ...
    rejected
        Rows of `REJECTED_COLUMNS`: rows and values that are left out; the rest of the cohort is used.
    notes
        Sentences that say how values are converted.
    problems
        Sentences that say what prevents the cohort, or one of its roles, from being used.
    """

    name: str
    title: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    rejected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=REJECTED_COLUMNS, dtype="string"))
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the cohort can be used as declared."""
        return not self.problems


def check_cohort(folder: Path) -> CohortReport:
    """Read everything that a cohort declares. Bad content is reported and raises no error.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    """
    name = folder.name
    if not folder.is_dir():
        return CohortReport(name, problems=(f"there is no folder {folder}. Create it and add a {COHORT_FILE}.",))
    problems = []
    if not re.fullmatch(COHORT_NAME, name):
        problems.append(
            f"folder {name!r} is not a valid cohort name. "
            "Rename it: a lower-case letter first, then lower-case letters, digits and _."
        )
    try:
        cohort = read_cohort(folder)
    except CohortError as error:
        return CohortReport(name, problems=(*problems, str(error)))
    counts: dict[str, int] = {}
    rejected: list[pd.DataFrame] = []
    notes: list[str] = []
    for part in (_files, _clinical, _expression, _cell_scores, _other_scores, _comparisons, _features, _imaging):
        try:
            found = part(folder, cohort)
        except (ValueError, OSError) as error:
            problems.append(str(error))
            continue
        counts |= found.counts
        rejected += [found.rejected] if len(found.rejected) else []
        problems += found.problems
        notes += found.notes
    problems += _role_problems(folder, cohort, counts)
    all_rejected = pd.concat(rejected, ignore_index=True) if rejected else CohortReport(name).rejected
    return CohortReport(name, cohort.title, counts, all_rejected, tuple(notes), tuple(problems))


class _Part(NamedTuple):
    """What was found in one part of a cohort."""

    counts: dict[str, int]
    rejected: pd.DataFrame
    problems: list[str]
    notes: tuple[str, ...] = ()


def _files(folder: Path, cohort: Cohort) -> _Part:
    files = list_files(folder)
    return _Part({"files": len(files), "bytes": int(files["bytes"].sum())}, pd.DataFrame(), [])


def _clinical(folder: Path, cohort: Cohort) -> _Part:
    tables = read_clinical(folder, folder.name, cohort)
    patients = tables.patients
    counts = {
        "patients": len(patients),
        **_followed(patients),
        "unmapped clinical columns": len(tables.other[["source_file", "column"]].drop_duplicates()),
    }
    problems = [] if len(patients) else ["no file names any patients. Declare one that does."]
    return _Part(counts, tables.rejected, problems + _control_arm(patients, cohort.control_arm))


def _control_arm(patients: pd.DataFrame, control: str | None) -> list[str]:
    arms = sorted(set(patients["arm"].dropna().astype(str)))
    if control is None or control in arms:
        return []
    known = (
        f"Write one of {', '.join(arms)}." if arms else "No patient has an arm: map the column, or remove control_arm."
    )
    return [f"control_arm {control!r} is not a value of arm. {known}"]


def _followed(patients: pd.DataFrame) -> dict[str, int]:
    """Patients with time and event, and their events; of endpoints other than os only if there are any."""
    counts = {}
    for pair, (time, event) in SURVIVAL_PAIRS.items():
        known = patients[time].notna() & patients[event].notna()
        if pair == "os" or known.any():
            of, events = ("survival", "deaths") if pair == "os" else (pair, f"{pair} events")
            counts[f"patients with {of}"] = int(known.sum())
            counts[events] = int(patients.loc[known, event].sum())
    return counts


def _expression(folder: Path, cohort: Cohort) -> _Part:
    source = cohort.expression
    if source is None:
        return _Part({}, pd.DataFrame(), [])
    matrix, rejected = read_expression(folder, folder.name, cohort)
    counts = {"genes": len(matrix), "samples": matrix.shape[1]}
    if not matrix.size:
        return _Part(counts, rejected, ["the expression matrix cannot be used (see below)."])
    warning = unit_warning(matrix, source.unit)
    problems = [warning] if warning else []
    if source.unit != "counts":
        return _Part(counts, rejected, problems)
    lengths, unusable = read_gene_lengths(folder, folder.name, source, matrix.index)
    return _Part(
        counts,
        pd.concat([rejected, unusable], ignore_index=True),
        problems,
        (f"counts become {describe_counts(lengths)}",),
    )


def _cell_scores(folder: Path, cohort: Cohort) -> _Part:
    if cohort.cell_scores is None:
        return _Part({}, pd.DataFrame(), [])
    scores, _, rejected = read_cell_scores(folder, folder.name, cohort.cell_scores)
    counts = {"populations": len(scores), "patients with cell scores": scores.shape[1]}
    return _Part(counts, rejected, [] if scores.size else ["the cell scores cannot be used (see below)."])


def _other_scores(folder: Path, cohort: Cohort) -> _Part:
    counts, rejected, problems = {}, [pd.DataFrame()], []
    for name, source in cohort.other_scores.items():
        times = None if source.times is None else read_clinical(folder, folder.name, cohort).patients
        factor = None if times is None else times.set_index("patient_id")[source.times]
        scores, _, rows = read_cell_scores(folder, folder.name, source, times=factor)
        counts[f"patients with {name} scores"] = scores.shape[1]
        rejected.append(rows)
        problems += [] if scores.size else [f"other_scores: {name} cannot be used (see below)."]
    return _Part(counts, pd.concat(rejected, ignore_index=True), problems)


def _comparisons(folder: Path, cohort: Cohort) -> _Part:
    problems = []
    for comparison in cohort.score_comparison:
        if not (folder.parent / comparison.cohort / COHORT_FILE).is_file():
            problems.append(
                f"score_comparison names cohort {comparison.cohort!r}, which is not in the landing folder. "
                "Add it, or name another."
            )
        if comparison.pairs is not None:
            try:
                read_score_pairs(folder, comparison.pairs)
            except CohortError as error:
                problems.append(str(error))
    return _Part({}, pd.DataFrame(), problems)


def _features(folder: Path, cohort: Cohort) -> _Part:
    if cohort.features is None:
        return _Part({}, pd.DataFrame(), [])
    features, rejected = read_features(folder, folder.name, cohort)
    counts = {"features": features.shape[1], "patients with features": len(features)}
    return _Part(counts, rejected, [] if features.size else ["the features cannot be used (see below)."])


def _imaging(folder: Path, cohort: Cohort) -> _Part:
    if cohort.imaging is None:
        return _Part({}, pd.DataFrame(), [])
    outlines, rejected = read_manifest(folder, folder.name, cohort)
    counts = {"outlines": len(outlines), "patients with outlines": int(outlines["patient_id"].nunique())}
    problems = [] if len(outlines) else ["no outline can be used (see below)."]
    unknown = series_problem(outlines, cohort)
    return _Part(counts, rejected, problems + ([unknown] if unknown else []))


def _role_problems(folder: Path, cohort: Cohort, counts: dict[str, int]) -> list[str]:
    roles = set(cohort.roles)
    needs: list[tuple[bool, Callable[[], bool], str]] = [
        (bool(roles & _SIGNATURE), lambda: bool(cohort.features or cohort.imaging), "features or imaging"),
        (
            bool(roles & _OUTCOMES),
            lambda: bool(cohort.features or cohort.imaging or cohort.cell_scores or cohort.expression),
            "features, imaging, cell_scores or expression",
        ),
        (Role.IMAGING_METHODS in roles, lambda: cohort.imaging is not None, "imaging"),
        (bool(roles & _PHENOTYPES), lambda: bool(cohort.cell_scores or cohort.expression), "cell_scores or expression"),
        (Role.SCORE_COMPARISON in roles, lambda: cohort.expression is not None, "expression"),
    ]
    problems = [
        f"its roles need {what}, which {COHORT_FILE} does not declare. Add it."
        for required, present, what in needs
        if required and not present()
    ]
    source = cohort.phenotypes.cohort if cohort.phenotypes else None
    if source is not None and not (folder.parent / source / COHORT_FILE).is_file():
        problems.append(
            f"phenotypes come from cohort {source!r}, which is not in the landing folder. Add it, or name another."
        )
    return problems
