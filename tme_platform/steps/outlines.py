"""What the assets that open images share: which outlines, as which jobs, and which of them are still to be done.

Rows are kept between runs by their key (files, settings, versions). A row that failed keeps its rejection as long as
its key stays, unless it failed for a reason that may pass; then it is tried again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tme_platform.cohorts import REJECTED_COLUMNS, landing_path
from tme_platform.radiomics import ExtractionJob, ExtractionSettings, row_key
from tme_platform.steps.scope import Scope
from tme_platform.tables.cohorts import IMAGING_SERIES
from tme_platform.tables.imaging import IMAGE_REGIONS, OUTLINE_KEY

Compute = Callable[[list[ExtractionJob]], tuple[pd.DataFrame, pd.DataFrame]]

EXTRACTION_POOL = "extraction"
"""Runs that extract wait for one another: each brings a process for every processor."""


@dataclass(frozen=True)
class Increment:
    """The rows of a table, kept and computed; what was rejected; and how many outlines were computed now."""

    rows: pd.DataFrame
    rejected: pd.DataFrame
    computed: int


def measured(scope: Scope) -> pd.DataFrame:
    """The outlines whose regions could be measured; what could not is rejected there already."""
    series = scope.table(IMAGING_SERIES)
    regions = scope.table(IMAGE_REGIONS, columns=[*OUTLINE_KEY])
    return series.merge(regions, on=list(OUTLINE_KEY))


def first_of_each_patient(series: pd.DataFrame, most: int | None = None) -> pd.DataFrame:
    """The first reading of each of the first patients, or of all."""
    return series.sort_values(["patient_id", "session", "reader", "series"]).drop_duplicates("patient_id")[:most]


def jobs_of(scope: Scope, series: pd.DataFrame, settings: ExtractionSettings, salt: str = "") -> list[ExtractionJob]:
    """Make a job of each outline; `salt` names what else than files and settings its rows depend on."""
    jobs = []
    for given in series.to_dict("records"):
        row: dict[str, Any] = {str(name): None if pd.isna(value) else value for name, value in given.items()}
        excluded = row["exclusion_mask"]
        selection = (row["dicom_series"], _whole(row["phase"]), _whole(row["minus"]))
        jobs.append(
            ExtractionJob(
                patient_id=row["patient_id"],
                image=landing_path(scope.folder, row["image"]),
                mask=landing_path(scope.folder, row["mask"]),
                mask_label=_whole(row["mask_label"]),
                exclusion_mask=landing_path(scope.folder, excluded) if excluded else None,
                dicom_series=row["dicom_series"],
                phase=_whole(row["phase"]),
                minus=_whole(row["minus"]),
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
    """Keep the rows that have the right key already, and known failures; compute the others."""
    before = scope.previous().drop(columns=["cohort", "provenance"])
    keys = [(*map(str, key),) for key in before[[*OUTLINE_KEY, "row_key"]].itertuples(index=False, name=None)]
    wanted = {_identity(job) for job in jobs}
    kept = before.loc[pd.Series([key in wanted for key in keys], index=before.index, dtype=bool)]
    failed = scope.failed_before()
    failed = failed[failed["row_key"].isin([job.row_key for job in jobs])]
    hopeless = set(zip(failed["patient_id"], failed["row_key"], strict=True))
    done = set(keys)
    todo = [job for job in jobs if _identity(job) not in done and (job.patient_id, job.row_key) not in hopeless]
    rejected = [failed[[*REJECTED_COLUMNS, "row_key"]]]
    parts = [kept]
    if todo:
        rows, failures = compute(todo)
        parts.append(rows.assign(session=rows["session"].astype("Int64")) if len(rows) else rows)
        rejected.append(_rejected(scope, failures, action))
    filled = [part for part in parts if len(part)]
    return Increment(
        pd.concat(filled, ignore_index=True) if filled else kept,
        pd.concat([part for part in rejected if len(part)] or rejected[:1], ignore_index=True),
        len(todo),
    )


def how(scope: Scope) -> dict[str, Any]:
    """Where outlines are computed, and who is told how far it is: the last arguments of every batch."""
    return {"workers": scope.workers, "backend": scope.backend, "on_progress": _telling(scope)}


def _telling(scope: Scope) -> Callable[[int, int, float, float], None]:
    def tell(done: int, total: int, rate: float, seconds_left: float) -> None:
        scope.report(f"{done} of {total} outlines, {rate * 60:.0f} a minute, {seconds_left:.0f} s left")

    return tell


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


def _identity(job: ExtractionJob) -> tuple[str, ...]:
    return (job.patient_id, job.series, job.reader, job.session, job.row_key)


def _rejected(scope: Scope, failures: pd.DataFrame, action: str) -> pd.DataFrame:
    """Failures as rows of `rejected_inputs`, with paths as the landing folder has them."""
    folder = scope.folder.resolve()
    files = [str(Path(file).relative_to(folder)) for file in failures["file"]]
    rows = failures.assign(file=files, cohort=scope.own_cohort, action=action)[[*REJECTED_COLUMNS, "row_key"]]
    return rows.drop_duplicates()  # one bad image that several readers outlined is one thing to mend
