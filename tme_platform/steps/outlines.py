"""Rows that are kept between runs by their key: which outlines are wanted, which rows are there, which to compute.

The key covers files, settings and versions. A row that failed keeps its rejection while its key is the same, unless
the failure is transient; then it is tried again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from tme_platform.cohorts import REJECTED_COLUMNS
from tme_platform.radiomics import BatchOptions, ExtractionJob, ExtractionSettings, row_key
from tme_platform.steps.scope import Scope
from tme_platform.tables.cohorts import IMAGING_SERIES
from tme_platform.tables.imaging import IMAGE_REGIONS, OUTLINE_KEY

Compute = Callable[[list[ExtractionJob]], tuple[pd.DataFrame, pd.DataFrame]]

EXTRACTION_POOL = "extraction"
"""Steps that extract do not run at the same time: each starts a process per processor."""
Key = tuple[str, ...]
Job = TypeVar("Job")


@dataclass(frozen=True)
class Increment:
    """Rows of a table, kept and computed; rejected rows; number of outlines that were computed now."""

    rows: pd.DataFrame
    rejected: pd.DataFrame
    computed: int


def measured(scope: Scope) -> pd.DataFrame:
    """The outlines whose regions could be measured; the others are rejected by `image_regions`."""
    series = scope.read(IMAGING_SERIES)
    regions = scope.read(IMAGE_REGIONS, columns=[*OUTLINE_KEY])
    return series.merge(regions, on=list(OUTLINE_KEY))


def first_of_each_patient(series: pd.DataFrame, most: int | None = None) -> pd.DataFrame:
    """The first reading of each of the first patients, or of all; of several series, the first by name."""
    return series.sort_values(["patient_id", "session", "reader", "series"]).drop_duplicates("patient_id")[:most]


def jobs_of(scope: Scope, series: pd.DataFrame, settings: ExtractionSettings, salt: str = "") -> list[ExtractionJob]:
    """Make a job for each outline; `salt` names what its rows depend on besides files and settings."""
    jobs, names = [], scope.path_names
    for given in series.to_dict("records"):
        row: dict[str, Any] = {str(name): None if pd.isna(value) else value for name, value in given.items()}
        excluded = row["exclusion_mask"]
        selection = [row["dicom_series"], _whole(row["phase"]), _whole(row["minus"])]
        selection += ["incomplete"] if row["allow_incomplete"] else []
        jobs.append(
            ExtractionJob(
                patient_id=row["patient_id"],
                image=names.path(row["image"]),
                mask=names.path(row["mask"]),
                mask_label=_whole(row["mask_label"]),
                exclusion_mask=names.path(excluded) if excluded else None,
                dicom_series=row["dicom_series"],
                phase=_whole(row["phase"]),
                minus=_whole(row["minus"]),
                allow_incomplete=bool(row["allow_incomplete"]),
                series=row["series"],
                reader=row["reader"],
                session=str(row["session"]),
                row_key=row_key(
                    row["image_sha256"],
                    row["mask_sha256"] + (row["exclusion_sha256"] if excluded else "") + salt,
                    _whole(row["mask_label"]),
                    settings,
                    selection=selection,
                ),
            )
        )
    return jobs


def incremental(
    scope: Scope, jobs: list[ExtractionJob], compute: Compute, *, action: str = "outline left out"
) -> Increment:
    """Keep the rows whose key is wanted, and known failures; compute the others."""
    kept, missing = keep_rows(scope, {_identity(job): job for job in jobs}, (*OUTLINE_KEY, "row_key"))
    failed = scope.failed_before()
    failed = failed[failed["row_key"].isin([job.row_key for job in jobs])]
    hopeless = set(zip(failed["patient_id"], failed["row_key"], strict=True))
    todo = [job for job in missing.values() if (job.patient_id, job.row_key) not in hopeless]
    rejected = [failed[[*REJECTED_COLUMNS, "row_key"]]]
    parts = [kept]
    if todo:
        rows, failures = compute(todo)
        parts.append(rows.assign(session=rows["session"].astype("Int64")) if len(rows) else rows)
        rejected.append(_rejected(scope, failures, action, todo))
    if "warnings" in kept:
        parts = [_without_names(scope, part, "warnings", jobs) for part in parts]
    return Increment(joined(parts), joined(rejected), len(todo))


def keep_rows(scope: Scope, wanted: Mapping[Key, Job], key: Sequence[str]) -> tuple[pd.DataFrame, dict[Key, Job]]:
    """Rows of the last version whose key is still wanted, and the jobs whose rows are missing.

    Parameters
    ----------
    wanted
        A job for the key of each row that the table should have.
    key
        The columns that make a key; keys are compared as text.
    """
    before = scope.previous()
    keys = [(*map(str, values),) for values in before[list(key)].itertuples(index=False, name=None)]
    kept = before.loc[pd.Series([one in wanted for one in keys], index=before.index, dtype=bool)]
    present = set(keys)
    return kept, {one: job for one, job in wanted.items() if one not in present}


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put kept and computed rows together; empty frames, which would spoil column types, are left out."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def batch_options(scope: Scope) -> BatchOptions:
    """Where outlines are computed, and progress reports on the scope."""

    def report(done: int, total: int, rate: float, seconds_left: float) -> None:
        scope.report(f"{done} of {total} outlines, {rate * 60:.0f} per minute, {seconds_left:.0f} s left")

    return BatchOptions(scope.workers, scope.backend, report)


def _whole(value: object) -> int | None:
    return None if value is None else int(value)  # type: ignore[call-overload]


def _identity(job: ExtractionJob) -> tuple[str, ...]:
    return (job.patient_id, job.series, job.reader, job.session, job.row_key)


def _without_names(scope: Scope, rows: pd.DataFrame, column: str, jobs: list[ExtractionJob]) -> pd.DataFrame:
    """Rows with a column of text in which files have their stored names."""
    if rows.empty:  # without columns, if all outlines failed
        return rows
    by_key = {(job.patient_id, job.row_key): job for job in jobs}
    texts = []
    for patient, key, text in zip(rows["patient_id"], rows["row_key"], rows[column], strict=True):
        job = by_key.get((patient, key))
        paths = [path for path in (job.image, job.mask, job.exclusion_mask) if path] if job else []
        texts.append(scope.path_names.hidden(text, *paths) if isinstance(text, str) else text)
    return rows.assign(**{column: pd.Series(texts, index=rows.index, dtype=rows[column].dtype)})


def _rejected(scope: Scope, failures: pd.DataFrame, action: str, jobs: list[ExtractionJob]) -> pd.DataFrame:
    """Failures as rows of `rejected_inputs`, with the stored names of files."""
    files = [scope.path_names.stored_path(Path(file)) for file in failures["file"]]
    failures = _without_names(scope, failures, "message", jobs)
    rows = failures.assign(file=files, cohort=scope.own_cohort, action=action)[[*REJECTED_COLUMNS, "row_key"]]
    return rows.drop_duplicates()  # one bad image that several readers outlined is one problem
