"""Process many outlined series: features, quality measures, perturbed features. Failures become rows, not errors.

Distributing jobs over processes belongs in ``backends``. Callers decide which jobs are necessary (``row_key``).
"""

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging import (
    ImagingError,
    acquisition_tags,
    check_modality,
    read_exclusion,
    read_mask,
    read_series,
    region_quality,
)
from tme_platform.radiomics._recent import INCOMPLETE_SO_FAR, so_far
from tme_platform.radiomics.backends import ProcessPool, local_backend
from tme_platform.radiomics.extraction import extract
from tme_platform.radiomics.jobs import Backend, WorkerCrashError
from tme_platform.radiomics.kernels import KERNELS, compile_kernels
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.perturbation import perturbations
from tme_platform.radiomics.settings import ExtractionSettings

OnProgress = Callable[[int, int, float, float], None]
"""Called after each job with: done, total, jobs per second, seconds left."""


@dataclass(frozen=True)
class BatchOptions:
    """Where a batch of jobs runs, and where its progress is reported.

    Attributes
    ----------
    workers
        Number of single-threaded processes; None takes one per processor, 1 runs in this process.
    backend
        Backend to use instead, see ``Backend``.
    on_progress
        Called after each job with: done, total, jobs per second, seconds left.
    """

    workers: int | None = None
    backend: Backend | None = None
    on_progress: OnProgress | None = None


DEFAULT_OPTIONS = BatchOptions()
Row = TypeVar("Row")
# Values of a row are kept as an array: as a mapping, a cohort of thousands would take gigabytes.
FeatureRow = tuple[dict[str, Any], NDArray[np.float64]]

OUTLINE_COLUMNS = ("patient_id", "series", "reader", "session")
FAILURE_COLUMNS = ("patient_id", "file", "rule", "message", "row_key")
_USED = ("scipy.ndimage", "scipy.spatial.distance", *KERNELS)
"""Imported where they are used; loaded once before processes are forked, not once in each."""
TRANSIENT_RULES = (
    "worker_crashed",
    "extraction_failed",
    "out_of_memory",
    "image_not_read",
    "mask_not_read",
    "exclusion_mask_not_read",
    INCOMPLETE_SO_FAR,
)
"""Rules of failures that may not recur: lack of memory, a bug fixed since, an unfinished copy."""


@dataclass(frozen=True)
class ExtractionJob:
    """One outline to process. Jobs hold paths rather than images, so memory does not grow with the cohort.

    Attributes
    ----------
    patient_id, series, reader, session
        Identifiers of the row.
    image, mask
        Files or DICOM folders.
    mask_label
        Label of the tumour in the mask; None if there is only one.
    exclusion_mask
        Mask of tissue to leave out of the ring.
    dicom_series, phase, minus, allow_incomplete
        Series of a DICOM folder, phase of a dynamic series, phase to subtract, and whether images of the series may be
        missing, see ``read_series``.
    row_key
        Key stored with the row, see ``row_key``.
    """

    patient_id: str
    image: Path
    mask: Path
    mask_label: int | None = None
    exclusion_mask: Path | None = None
    dicom_series: str | None = None
    phase: int | None = None
    minus: int | None = None
    allow_incomplete: bool = False
    series: str = ""
    reader: str = ""
    session: str = ""
    row_key: str = ""

    def identity(self) -> dict[str, str]:
        """Return the columns that identify the row."""
        return {name: getattr(self, name) for name in (*OUTLINE_COLUMNS, "row_key")}


def extract_many(
    jobs: Sequence[ExtractionJob],
    settings: ExtractionSettings | None = None,
    *,
    options: BatchOptions = DEFAULT_OPTIONS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the features of many outlines.

    Parameters
    ----------
    jobs
        The outlines.
    settings
        The study's if None.
    options
        Workers and progress report.

    Returns
    -------
    features
        In the order of the jobs: patient_id, series, reader, session, row_key, and the features.
    failures
        patient_id, file, rule, message and row_key of each job that failed.
    """
    settings = settings or ExtractionSettings()
    rows, failures = run_jobs(partial(_features, settings=settings), jobs, options)
    return feature_table(rows, feature_names(settings)), failures


def describe_many(
    jobs: Sequence[ExtractionJob],
    settings: ExtractionSettings | None = None,
    *,
    options: BatchOptions = DEFAULT_OPTIONS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the quality measures (``region_quality``) of many outlines; see ``extract_many``."""
    settings = settings or ExtractionSettings()
    rows, failures = run_jobs(partial(_quality, settings=settings), jobs, options, features=False)
    return pd.DataFrame(rows), failures


def extract_perturbed(
    jobs: Sequence[ExtractionJob],
    settings: ExtractionSettings | None = None,
    *,
    seed: int = 0,
    options: BatchOptions = DEFAULT_OPTIONS,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compute the features of each outline's perturbations (``perturbations``), for ``agreement``.

    Parameters and results as in ``extract_many``, with several rows per job and the column ``perturbation``. The
    unperturbed outlines are not included; ``extract_many`` returns their rows.
    """
    settings = settings or ExtractionSettings()
    rows, failures = run_jobs(partial(_perturbed, settings=settings, seed=seed), jobs, options)
    return feature_table(rows, feature_names(settings), "perturbation"), failures


def acquire_many(
    jobs: Sequence[ExtractionJob], *, options: BatchOptions = DEFAULT_OPTIONS
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the acquisition parameters (``imaging.acquisition_tags``) of many series; see ``extract_many``."""
    rows, failures = run_jobs(_acquisition, jobs, options, features=False)
    return pd.DataFrame(rows), failures


def _acquisition(job: ExtractionJob) -> list[dict[str, Any]]:
    return [job.identity() | acquisition_tags(job.image, job.dicom_series)]


def _features(job: ExtractionJob, settings: ExtractionSettings) -> list[FeatureRow]:
    image, mask, exclude = read_job(job)
    return [(job.identity(), finite(extract(image, mask, settings, exclude)))]


def _quality(job: ExtractionJob, settings: ExtractionSettings) -> list[dict[str, Any]]:
    image, mask, exclude = read_job(job)
    return [job.identity() | region_quality(image, mask, settings.region_settings(), exclude=exclude)]


def _perturbed(job: ExtractionJob, settings: ExtractionSettings, seed: int) -> list[FeatureRow]:
    image, mask, exclude = read_job(job)
    return [
        (job.identity() | {"perturbation": name}, finite(extract(changed, outline, settings, exclude)))
        for name, changed, outline in perturbations(image, mask, seed=seed)
    ]


def finite(features: pd.Series) -> NDArray[np.float64]:
    """Return the values of a row, of which none may be infinite; values may be missing (no ring left).

    Raises
    ------
    ImagingError
        ``feature_infinite``; the message lists the first such features.
    """
    values = features.to_numpy()
    infinite = np.isinf(values)
    if infinite.any():
        named = ", ".join(features.index[infinite][:3])
        raise ImagingError(
            "feature_infinite",
            f"{int(infinite.sum())} features are infinite ({named}): intensities are too large for the study's image "
            "types. Check the scale of the image, or remove the image type from the settings.",
        )
    return values


def feature_table(rows: Sequence[FeatureRow], names: list[str], *more: str) -> pd.DataFrame:
    """Combine rows into a table: identifiers (with the columns ``more``), then the features."""
    identity = pd.DataFrame([row[0] for row in rows], columns=[*OUTLINE_COLUMNS, "row_key", *more])
    values = np.vstack([row[1] for row in rows]) if rows else np.empty((0, len(names)))
    return pd.concat([identity, pd.DataFrame(values, columns=names)], axis=1)


def read_job(job: ExtractionJob) -> tuple[sitk.Image, sitk.Image, sitk.Image | None]:
    """Read image, mask and exclusion mask of a job."""
    image = read_image(job)
    check_modality(job.image, image, job.dicom_series)
    mask = read_mask(job.mask, image, job.mask_label)
    return image, mask, None if job.exclusion_mask is None else read_exclusion(job.exclusion_mask, image)


def read_image(job: ExtractionJob) -> sitk.Image:
    """Read the image of a job."""
    return read_series(
        job.image,
        series=job.dicom_series,
        phase=job.phase,
        minus=job.minus,
        allow_incomplete=job.allow_incomplete,
    )


def run_jobs(
    function: Callable[[ExtractionJob], list[Row]],
    jobs: Sequence[ExtractionJob],
    options: BatchOptions,
    *,
    features: bool = True,
) -> tuple[list[Row], pd.DataFrame]:
    """Run all jobs, largest image first; return their rows in the order of the jobs, and the table of failures.

    ``features`` tells whether jobs compute features.
    """
    backend = options.backend or local_backend(options.workers, len(jobs), preload=[__name__, *_USED])
    if features and isinstance(backend, ProcessPool):
        compile_kernels()  # or all processes would compile the same at once
    results: dict[int, list[Row]] = {}
    failures: dict[int, dict[str, str]] = {}
    start = time.perf_counter()
    # Largest image first, so that no process is left working alone on it at the end.
    order = sorted(range(len(jobs)), key=lambda number: -_size(jobs[number].image))
    for done, (position, result) in enumerate(backend.map(function, [jobs[number] for number in order]), start=1):
        number = order[position]
        if isinstance(result, Exception):
            failures[number] = failure_row(jobs[number], result)
        else:
            results[number] = result
        if options.on_progress is not None:
            rate = done / max(time.perf_counter() - start, 1e-9)
            options.on_progress(done, len(jobs), rate, (len(jobs) - done) / rate)
    rows = [row for number in sorted(results) for row in results[number]]
    return rows, failure_table([failures[number] for number in sorted(failures)])


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def failure_row(job: ExtractionJob, error: Exception) -> dict[str, str]:
    """Describe a failure in one row: the file, the violated rule, and what to do."""
    if isinstance(error, ImagingError):
        rule, message = error.rule, error.message
    elif isinstance(error, WorkerCrashError):
        rule = "worker_crashed"
        message = "the worker process died on this outline; the image may be too large for the machine's memory."
    else:
        # The text of an unexpected error may quote personal data from the file: report only its type and location.
        frames = traceback.extract_tb(error.__traceback__)
        where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        rule, message = "extraction_failed", f"unexpected {type(error).__name__}{where}; please report it."
    file = job.mask if rule.startswith(("mask_", "geometry_")) else job.image
    if rule.startswith("exclusion_mask_"):
        file = job.exclusion_mask or job.image
    rule, message = so_far(rule, message, file)
    return {
        "patient_id": job.patient_id,
        "file": str(file),
        "rule": rule,
        "message": message,
        "row_key": job.row_key,
    }


def failure_table(rows: Sequence[dict[str, str]]) -> pd.DataFrame:
    """Return failure rows as a table."""
    return pd.DataFrame(rows, columns=list(FAILURE_COLUMNS))
