"""Say what each file of a cohort was taken for, in words for the person who put it there. Reading is in `content`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._tables import columns_of, open_landed, read_text_table
from tme_platform.cohorts.content import NOT_READ, CohortContent, ScoreTable
from tme_platform.cohorts.declaration import CellScoreSource, ClinicalSource, FeatureSource, PatientKey
from tme_platform.cohorts.folders import COHORT_FILE, same_name
from tme_platform.cohorts.manifest import PATHS
from tme_platform.cohorts.rejections import Rejections
from tme_platform.cohorts.reviews import REVIEWS_FILE, read_reviews
from tme_platform.cohorts.sources import source_files
from tme_platform.counted import counted

_Source = ClinicalSource | CellScoreSource | FeatureSource

_DOCUMENTS = (".md", ".txt.md", ".pdf", ".docx")
_KINDS = ("expression", "cell_scores", "other_scores", "score_comparison")


@dataclass(frozen=True)
class FileUse:
    """What a file was taken for.

    Attributes
    ----------
    file
        Path inside the cohort's folder; several images are one entry.
    taken_for
        `clinical table`, `expression`, ..., or `not used`.
    facts
        What was found in it, one line each.
    """

    file: str
    taken_for: str
    facts: tuple[str, ...] = ()


def file_uses(content: CohortContent) -> tuple[FileUse, ...]:
    """What each file of the folder was taken for, in the order of the cohort file; files that nothing names last."""
    return (*_tables(content), *_images(content), *_others(content))


def _tables(content: CohortContent) -> Iterator[FileUse]:
    cohort = content.cohort
    for clinical in cohort.clinical:
        yield _clinical(content, clinical)
    if cohort.expression is not None:
        yield _expression(content)
    if cohort.cell_scores is not None:
        yield _scores(content, "cell scores", "cell_scores", cohort.cell_scores, content.cell_scores)
    for name, other in cohort.other_scores.items():
        label = f"other_scores {name}"
        yield _scores(content, f"other scores ({name})", label, other, content.other_scores.get(name))
    if cohort.features is not None:
        yield _features(content)
    if cohort.imaging is not None:
        yield _manifest(content)
        if (content.folder / REVIEWS_FILE).exists():
            reviews = read_reviews(content.folder, Rejections(""))
            yield FileUse(REVIEWS_FILE, "reviews of outlines", (counted(len(reviews), "review"),))


def _clinical(content: CohortContent, source: ClinicalSource) -> FileUse:
    key = source.patient_id
    table = f"clinical table {source.label}"
    by = f"column {key.column}" + (f", pattern {key.pattern}" if key.pattern else "")
    if content.is_refused("clinical", source.file):
        return FileUse(source.file, "clinical table", (NOT_READ,))
    names = content.tables.get(table, [])
    facts = [*_sheet(source), _listed(f"{counted(len(names), 'patient')} ({by})", names)]
    if not source.adds_patients:
        facts.append("adds no patients: only those of the other files are kept")
    if content.clinical is not None:
        other = content.clinical.other
        kept = list(dict.fromkeys(other.loc[other["source_file"] == source.file, "column"].astype(str)))
        if kept:
            facts.append(f"{counted(len(kept), 'column')} without mapping, kept in clinical_other: {_some(kept, 8)}")
        used = {key.column, *kept, *(rule.column for rule in source.columns.values())}
        if left := _left_out(content, source, used):
            facts.append(f"{counted(len(left), 'column')} not used (to keep: `other` in cohort.yaml): {_some(left, 8)}")
    return FileUse(source.file, "clinical table", tuple(facts))


def _expression(content: CohortContent) -> FileUse:
    source, read = content.cohort.expression, content.expression
    assert source is not None  # noqa: S101 (asked for only if declared)
    facts = []
    if read is None or read.log2 is None or not read.log2.size:
        facts.append(NOT_READ)
    else:
        log2 = read.log2
        facts.append(f"{counted(len(log2), 'gene')} (rows): {_some(log2.index)}")
        by = f" (pattern {source.patient_pattern})" if source.patient_pattern else ""
        facts.append(f"{counted(log2.shape[1], 'sample')} (columns), each a patient{by}: {_some(log2.columns)}")
        low, middle, high = np.quantile(log2.to_numpy(), [0, 0.5, 1])
        facts.append(f"as log2: {low:.3g} to {high:.3g}, median {middle:.3g}")
    return FileUse(source.file, f"expression ({source.unit})", tuple(facts))


def _scores(content: CohortContent, what: str, table: str, source: CellScoreSource, read: ScoreTable | None) -> FileUse:
    facts = _sheet(source)
    if read is None or not read.scores.size:
        facts.append(NOT_READ)
    else:
        names = content.tables.get(table, [])
        facts.append(_listed(f"{counted(len(names), 'patient')} (column {source.patient_id})", names))
        groups = pd.Series(read.groups, dtype="object").value_counts()
        by_group = ", ".join(f"{group} {count}" for group, count in groups.items())
        facts.append(f"{counted(len(read.scores), 'population')} ({by_group}): {_some(read.scores.index)}")
        skipped = _left_out(content, source, {source.patient_id, *map(str, read.scores.index)})
        if skipped and source.lineages is None:
            facts.append(f"{counted(len(skipped), 'column')} not used: {_some(skipped, 8)}")
    return FileUse(source.file, f"{what} ({source.kind} by {source.method})", tuple(facts))


def _features(content: CohortContent) -> FileUse:
    source, read = content.cohort.features, content.features
    assert source is not None  # noqa: S101 (asked for only if declared)
    facts = _sheet(source)
    if read is None or not read.size:
        facts.append(NOT_READ)
    else:
        facts.append(f"{counted(len(read), 'patient')} (column {_column(source.patient_id)}): {_some(read.index)}")
        facts.append(f"{counted(read.shape[1], 'feature')}: {_some(read.columns, 8)}")
        renamed = {theirs for theirs, ours in source.rename.items() if ours in read.columns}
        skipped = _left_out(content, source, {_column(source.patient_id), *map(str, read.columns), *renamed})
        if skipped:
            facts.append(f"{counted(len(skipped), 'column')} not taken for features: {_some(skipped, 8)}")
    return FileUse(source.file, f"features (set {source.feature_set})", tuple(facts))


def _manifest(content: CohortContent) -> FileUse:
    source, read = content.cohort.imaging, content.outlines
    assert source is not None  # noqa: S101 (asked for only if declared)
    facts = []
    if read is None or read.empty:
        facts.append(NOT_READ)
    else:
        facts.append(
            f"{counted(len(read), 'outline')} of {counted(len(_unique(read)), 'patient')}: {_some(_unique(read))}"
        )
        for column, plural in (("series", "series"), ("reader", "readers"), ("session", "sessions")):
            counts = read.groupby(column)["patient_id"].nunique()
            shown = ", ".join(f"{name} ({counted(int(count), 'patient')})" for name, count in counts.head(6).items())
            facts.append(f"{len(counts)} {plural if len(counts) > 1 else column}: {shown}")
    return FileUse(source.manifest, "list of images and outlines", tuple(facts))


def _unique(outlines: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(outlines["patient_id"].astype(str)))


def _images(content: CohortContent) -> Iterator[FileUse]:
    if content.outlines is None:
        return
    for column, what in zip(PATHS, ("image", "outline", "exclusion mask"), strict=True):
        paths = sorted(set(content.outlines[column].dropna().astype(str)))
        if paths:
            yield FileUse(
                f"{paths[0]}, ..." if len(paths) > 1 else paths[0],
                counted(len(paths), what),
            )


def _others(content: CohortContent) -> Iterator[FileUse]:
    cohort = content.cohort
    main = {use.file for use in _tables(content)}
    helpers = [file for kind in _KINDS for file in source_files(cohort, kind) if file not in main]
    for file in dict.fromkeys(helpers):
        yield FileUse(file, "names, groups or pairs for the tables above")
    named = {same_name(file) for file in (COHORT_FILE, *main, *helpers, *_in_manifest(content))}
    unused = [str(file) for file in content.files["file"] if not _is_named(same_name(str(file)), named)]
    documents = [file for file in unused if file.lower().endswith(_DOCUMENTS) or Path(file).stem == "LICENSE"]
    unused = [file for file in unused if file not in documents]
    if unused:
        yield FileUse(_some(unused, 8), "not used", ("nothing in cohort.yaml or the manifest names them",))


def _in_manifest(content: CohortContent) -> set[str]:
    """Every path in the manifest, also of outlines that are left out."""
    if content.cohort.imaging is None:
        return set()
    table = read_text_table(content.folder, content.cohort.imaging.manifest, Rejections(""), only=PATHS)
    return set() if table is None else {str(path) for column in table for path in table[column].dropna()}


def _is_named(file: str, named: Collection[str]) -> bool:
    """Whether a file, or a folder that it lies in, is named."""
    parts = file.split("/")
    return any("/".join(parts[:length]) in named for length in range(1, len(parts) + 1))


def _sheet(source: _Source) -> list[str]:
    return [f"sheet {source.sheet}"] if source.sheet else []


def _left_out(content: CohortContent, source: _Source, used: Collection[str]) -> list[str]:
    """Columns of a text table or a workbook that were not used."""
    path = open_landed(content.folder, source.file, Rejections(""))
    if path is None or path.suffix == ".parquet":
        return []
    try:
        names = columns_of(path, source.sheet)
    except (ValueError, OSError, EOFError):
        return []
    return [name or "(no name)" for name in names if name not in used]


def _column(key: str | PatientKey) -> str:
    return key if isinstance(key, str) else key.column


def _listed(what: str, names: Sequence[str]) -> str:
    return f"{what}: {_some(names)}" if names else what


def _some(names: Iterable[object], most: int = 3) -> str:
    listed = [str(name) for name in names]
    more = f", ... ({len(listed):,} in all)" if len(listed) > most > 3 else ", ..." if len(listed) > most else ""
    return ", ".join(listed[:most]) + more
