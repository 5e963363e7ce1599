"""Check a landing folder: read everything as a run would, without writing, and say what it was taken for.

Each reader is in its own module; what the study expects of a cohort is checked in `steps`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from tme_platform.cohorts.clinical import read_clinical
from tme_platform.cohorts.clinical_columns import ColumnUse, column_uses
from tme_platform.cohorts.cohort_file import read_cohort
from tme_platform.cohorts.content import CohortContent, read_content
from tme_platform.cohorts.declaration import COHORT_NAME, Cohort
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.file_uses import FileUse, file_uses
from tme_platform.cohorts.folders import BEING_COPIED, COHORT_FILE
from tme_platform.cohorts.identifiers import identifying_content, identifying_paths
from tme_platform.cohorts.known_endpoints import KnownEndpoint, known_endpoints
from tme_platform.cohorts.overlap import FEW_SHARED, MIN_SHARED, Overlap
from tme_platform.cohorts.patient_names import overlaps_between, overlaps_within
from tme_platform.cohorts.rejections import REJECTED_COLUMNS
from tme_platform.cohorts.role_needs import role_problems, role_warnings
from tme_platform.cohorts.same_data import reject_same_data
from tme_platform.cohorts.score_pairs import read_score_pairs
from tme_platform.cohorts.series import series_problem
from tme_platform.evaluation.endpoints import Endpoints, combined_endpoints
from tme_platform.tables.clinical import SURVIVAL_PAIRS


@dataclass(frozen=True)
class CohortReport:
    """The contents of a landing folder, what they were taken for, and the problems found in them.

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
    warnings
        Sentences about what deserves a second look; nothing is prevented.
    files, columns
        What each file, and each canonical column, was taken for.
    overlaps
        Patients in common, by pair of tables.
    endpoints
        Endpoints with values.
    waits
        Why nothing was read: the cohort is being copied. Empty for all others.
    content
        What was read; None if the cohort file cannot be read.
    """

    name: str
    title: str | None = None
    counts: dict[str, int] = field(default_factory=dict)
    rejected: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=REJECTED_COLUMNS, dtype="string"))
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[FileUse, ...] = ()
    columns: tuple[ColumnUse, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    endpoints: tuple[KnownEndpoint, ...] = ()
    waits: str = ""
    content: CohortContent | None = field(default=None, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether the cohort can be used as declared."""
        return not self.problems


def check_cohort(
    folder: Path, *, endpoints: Endpoints | None = None, min_shared_patients: float = MIN_SHARED
) -> CohortReport:
    """Read everything that a cohort declares. Bad content is reported and raises no error.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    endpoints
        Endpoints of the study, added to the packaged ones.
    min_shared_patients
        Share of the smaller of two tables below which they do not meet (`checks: {min_shared_patients}` of the study).
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
        if error.rule == BEING_COPIED:
            return CohortReport(name, problems=tuple(problems), waits=str(error))
        return CohortReport(name, problems=(*problems, str(error)))
    content = read_content(folder, cohort)
    found = []
    if content.clinical is not None:
        named = combined_endpoints(endpoints or Endpoints({}), cohort.endpoints)
        found = known_endpoints(content.clinical, named, _borrowed(content))
    overlaps = [*overlaps_within(cohort, content.tables), *overlaps_between(folder, cohort, content.tables)]
    apart = [overlap for overlap in overlaps if _apart(overlap, min_shared_patients)]
    twice = [reject_same_data(name, prints, _file_of(cohort, part)) for part, prints in content.fingerprints.items()]
    problems += [*content.failures, *_part_problems(content), *_comparisons(content), *role_problems(content)]
    problems += [overlap.sentence for overlap in apart]
    problems += [message for rows in twice for message in rows["message"].astype(str)]
    few = [overlap.sentence for overlap in overlaps if overlap.share < FEW_SHARED and overlap not in apart]
    identifying = [
        *identifying_content(folder, cohort, content.tables),
        *identifying_paths(content.files["file"].astype(str), str),
    ]
    rejected = [rows for rows in [*content.rejected.values(), *twice] if len(rows)]
    return CohortReport(
        name,
        cohort.title,
        _counts(content),
        pd.concat(rejected, ignore_index=True) if rejected else CohortReport(name).rejected,
        notes=_notes(content),
        problems=tuple(dict.fromkeys(problems)),
        warnings=(*few, *identifying, *role_warnings(cohort, found, complete=not _clinical_refused(content))),
        files=file_uses(content),
        columns=column_uses(content),
        overlaps=tuple(overlaps),
        endpoints=tuple(endpoint for endpoint in found if endpoint.n),
        content=content,
    )


def _borrowed(content: CohortContent) -> pd.DataFrame | None:
    """Clinical values of the cohort that the phenotypes come from by patient, which knows the same patients."""
    source = content.cohort.phenotypes
    if source is None or source.by != "patient" or source.cohort is None:
        return None
    folder = content.folder.parent / source.cohort
    try:
        return read_clinical(folder, folder.name, read_cohort(folder)).patients
    except (ValueError, OSError):  # reported where the cohort is named
        return None


def _apart(overlap: Overlap, least: float) -> bool:
    return overlap.share < least or (least > 0 and not overlap.n_both)


def _file_of(cohort: Cohort, part: str) -> str | None:
    if part == "imaging":
        return cohort.imaging.manifest if cohort.imaging is not None else None
    source = {"expression": cohort.expression, "cell_scores": cohort.cell_scores, "features": cohort.features}[part]
    return source.file if source is not None else None


def _counts(content: CohortContent) -> dict[str, int]:
    counts = {"files": len(content.files), "bytes": int(content.files["bytes"].sum())}
    if content.clinical is not None:
        patients, other = content.clinical.patients, content.clinical.other
        counts |= {"patients": len(patients), **_followed(patients)}
        counts["unmapped clinical columns"] = len(other[["source_file", "column"]].drop_duplicates())
    if content.expression is not None and content.expression.log2 is not None:
        counts |= {"genes": len(content.expression.log2), "samples": content.expression.log2.shape[1]}
    if content.cell_scores is not None:
        scores = content.cell_scores.scores
        counts |= {"populations": len(scores), "patients with cell scores": scores.shape[1]}
    counts |= {f"patients with {name} scores": table.scores.shape[1] for name, table in content.other_scores.items()}
    if content.features is not None:
        counts |= {"features": content.features.shape[1], "patients with features": len(content.features)}
    if content.outlines is not None:
        named = int(content.outlines["patient_id"].nunique())
        counts |= {"outlines": len(content.outlines), "patients with outlines": named}
    return counts


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


def _notes(content: CohortContent) -> tuple[str, ...]:
    conversion = content.expression.conversion if content.expression is not None else ""
    return (f"counts become {conversion}",) if conversion else ()


def _part_problems(content: CohortContent) -> list[str]:
    """Parts of which nothing can be used, and what a run would refuse."""
    problems = _patient_problems(content)
    if (read := content.expression) is not None:
        if read.refusal:
            problems.append(f"{content.cohort.expression.file}: {read.refusal}")  # type: ignore[union-attr]
        elif read.log2 is None or not read.log2.size:
            problems.append("the expression matrix cannot be used (see above).")
        problems += [read.doubt] if read.doubt else []
    if content.cell_scores is not None and not content.cell_scores.scores.size:
        problems.append("the cell scores cannot be used (see above).")
    for name, table in content.other_scores.items():
        problems += [] if table.scores.size else [f"other_scores: {name} cannot be used (see above)."]
    if content.features is not None and not content.features.size:
        problems.append("the features cannot be used (see above).")
    if content.outlines is not None and content.outlines.empty:
        problems.append("no outline can be used (see above).")
    if content.outlines is not None and (unknown := series_problem(content.outlines, content.cohort)) is not None:
        problems.append(unknown)
    return problems


def _patient_problems(content: CohortContent) -> list[str]:
    """Patients or arms that no file has; not if a file that should have them is refused, which is the cause."""
    if content.clinical is None:
        return []
    patients = content.clinical.patients
    nobody = not len(patients) and not _names_refused(content)
    problems = ["no file names any patients. Declare one that does."] if nobody else []
    return [*problems, *([] if _clinical_refused(content) else _control_arm(patients, content.cohort.control_arm))]


def _names_refused(content: CohortContent) -> bool:
    """Whether a file that names patients cannot be used."""
    cohort = content.cohort
    naming = [("clinical", source.file) for source in cohort.clinical if source.adds_patients]
    measured = {
        "expression": cohort.expression,
        "cell_scores": cohort.cell_scores,
        "features": cohort.features,
        "imaging": cohort.imaging,
    }
    naming += [(part, "") for part, source in measured.items() if source is not None]
    return any(content.is_refused(part, file) for part, file in naming)


def _clinical_refused(content: CohortContent) -> bool:
    return any(content.is_refused("clinical", source.file) for source in content.cohort.clinical)


def _control_arm(patients: pd.DataFrame, control: str | None) -> list[str]:
    arms = sorted(set(patients["arm"].dropna().astype(str)))
    if control is None or control in arms:
        return []
    known = (
        f"Write one of {', '.join(arms)}." if arms else "No patient has an arm: map the column, or remove control_arm."
    )
    return [f"control_arm {control!r} is not a value of arm. {known}"]


def _comparisons(content: CohortContent) -> list[str]:
    problems = []
    for comparison in content.cohort.score_comparison:
        if not (content.folder.parent / comparison.cohort / COHORT_FILE).is_file():
            problems.append(
                f"score_comparison names cohort {comparison.cohort!r}, which is not in the landing folder. "
                "Add it, or name another."
            )
        if comparison.pairs is not None:
            try:
                read_score_pairs(content.folder, comparison.pairs)
            except CohortError as error:
                problems.append(str(error))
    return problems
