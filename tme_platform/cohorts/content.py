"""Read everything that a cohort declares, each file once, for checks that look at several tables.

What each file means is in the readers; what is said about it in `check`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pandas as pd

from tme_platform.cohorts.cell_scores import read_cell_scores
from tme_platform.cohorts.clinical import ClinicalTables, read_clinical
from tme_platform.cohorts.declaration import CellScoreSource, Cohort, OtherScores
from tme_platform.cohorts.features import read_features
from tme_platform.cohorts.files import list_files
from tme_platform.cohorts.log2_expression import Log2Expression, read_log2_expression
from tme_platform.cohorts.manifest import read_manifest
from tme_platform.cohorts.patient_names import patients_by_table
from tme_platform.cohorts.same_data import FINGERPRINT_COLUMNS, image_fingerprints, row_fingerprints

_Read = TypeVar("_Read")

NOT_READ = "not read, see below"
"""What is said of a file or column that was refused; the rejections say why."""


@dataclass(frozen=True)
class ScoreTable:
    """Finished cell scores: populations x patients, and the group of each population."""

    scores: pd.DataFrame
    groups: dict[str, str]


@dataclass
class CohortContent:
    """What a cohort brings. Parts that it does not declare, or that cannot be read at all, are None.

    Attributes
    ----------
    files
        ``file``, ``bytes`` and ``sha256`` of every file in the folder.
    tables
        Patients by table, as `patients_by_table`.
    rejected
        Rows of `REJECTED_COLUMNS` by part.
    failures
        Why a part cannot be read at all.
    """

    folder: Path
    cohort: Cohort
    files: pd.DataFrame
    clinical: ClinicalTables | None = None
    expression: Log2Expression | None = None
    cell_scores: ScoreTable | None = None
    other_scores: dict[str, ScoreTable] = field(default_factory=dict)
    features: pd.DataFrame | None = None
    outlines: pd.DataFrame | None = None
    tables: dict[str, list[str]] = field(default_factory=dict)
    rejected: dict[str, pd.DataFrame] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @functools.cached_property
    def fingerprints(self) -> dict[str, pd.DataFrame]:
        """Fingerprints of the patients' data by part; see `same_data`."""
        found = {}
        if self.expression is not None and self.expression.log2 is not None:
            found["expression"] = row_fingerprints(self.expression.log2.T, "expression values")
        if self.cell_scores is not None:
            found["cell_scores"] = row_fingerprints(self.cell_scores.scores.T, "cell scores")
        if self.features is not None:
            found["features"] = row_fingerprints(self.features, "features")
        if self.outlines is not None:
            found["imaging"] = image_fingerprints(self.outlines)
        return {part: prints for part, prints in found.items() if len(prints)}

    def is_refused(self, part: str, file: str) -> bool:
        """Whether nothing of a file that the cohort file names can be used, as `rejected` or `failures` say.

        Parameters
        ----------
        part
            Key of `rejected`: `clinical`, `expression`, `cell_scores`, `other_scores NAME`, `features`, `imaging`.
        file
            Its file; matters only for clinical tables, of which there may be several.
        """
        if part == "clinical":
            rows = self.rejected.get(part)
            return rows is None or bool(((rows["file"] == file) & (rows["action"] == "file left out")).any())
        if part == "expression":
            return self.expression is None or self.expression.log2 is None or not self.expression.log2.size
        if part == "features":
            return self.features is None or not self.features.size
        if part == "imaging":
            return self.outlines is None or self.outlines.empty
        scores = (
            self.cell_scores if part == "cell_scores" else self.other_scores.get(part.removeprefix("other_scores "))
        )
        return scores is None or not scores.scores.size

    def all_fingerprints(self) -> pd.DataFrame:
        """All fingerprints together."""
        parts = list(self.fingerprints.values())
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=FINGERPRINT_COLUMNS)


def read_content(folder: Path, cohort: Cohort) -> CohortContent:
    """Read a cohort as a run would. Bad content raises no error: a part that fails is listed in `failures`."""
    content = CohortContent(folder, cohort, list_files(folder))
    if cohort.expression is not None:  # first: the clinical tables ask who its samples are
        content.expression = _attempt(content, "expression", lambda: _expression(folder, cohort))
    content.clinical = _attempt(content, "clinical", lambda: _clinical(folder, cohort))
    if (finished := cohort.cell_scores) is not None:
        content.cell_scores = _attempt(content, "cell_scores", lambda: _scores(content, finished))
    for label, other in cohort.other_scores.items():
        table = _attempt(content, f"other_scores {label}", functools.partial(_scores, content, other))
        if table is not None:
            content.other_scores[label] = table
    if cohort.features is not None:
        content.features = _attempt(content, "features", lambda: read_features(folder, folder.name, cohort))
    if cohort.imaging is not None:
        hashes = dict(zip(content.files["file"], content.files["sha256"], strict=True))
        content.outlines = _attempt(content, "imaging", lambda: read_manifest(folder, folder.name, cohort, hashes))
    content.rejected = dict(sorted(content.rejected.items(), key=lambda part: part[0] != "clinical"))
    expression = content.expression
    known = {} if expression is None or expression.log2 is None else {"expression": list(expression.log2.columns)}
    try:
        content.tables = patients_by_table(folder, cohort, known)
    except (ValueError, OSError) as error:
        content.failures.append(str(error))
    return content


def _attempt(content: CohortContent, part: str, read: Callable[[], tuple[_Read, pd.DataFrame]]) -> _Read | None:
    try:
        found, rejected = read()
    except (ValueError, OSError) as error:
        content.failures.append(str(error))
        return None
    content.rejected[part] = rejected
    return found


def _clinical(folder: Path, cohort: Cohort) -> tuple[ClinicalTables, pd.DataFrame]:
    tables = read_clinical(folder, folder.name, cohort)
    return tables, tables.rejected


def _expression(folder: Path, cohort: Cohort) -> tuple[Log2Expression, pd.DataFrame]:
    found = read_log2_expression(folder, folder.name, cohort)
    return found, found.rejected


def _scores(content: CohortContent, source: CellScoreSource) -> tuple[ScoreTable, pd.DataFrame]:
    factor = None
    if isinstance(source, OtherScores) and source.times is not None and content.clinical is not None:
        factor = content.clinical.patients.set_index("patient_id")[source.times]
    scores, groups, rejected = read_cell_scores(content.folder, content.folder.name, source, times=factor)
    return ScoreTable(scores, groups), rejected
