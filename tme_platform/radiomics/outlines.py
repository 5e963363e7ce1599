"""How the outlines of readers and sessions agree, patient by patient. Agreement of features is in ``agreement``."""

import itertools
from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import overlap, read_mask, read_series
from tme_platform.radiomics.batch import FAILURE_COLUMNS, ExtractionJob, failure_row

PAIR_COLUMNS = ("patient_id", "series", "reader_a", "session_a", "reader_b", "session_b")
MEASURES = ("dice", "hausdorff_mm", "hausdorff_95_mm", "volume_ratio")


def compare_outlines(jobs: Sequence[ExtractionJob]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare every two outlines of a lesion: other reader, other session, or both.

    Parameters
    ----------
    jobs
        One per outline, as for ``extract_many``.

    Returns
    -------
    pairs
        One row per pair: patient_id, series, reader_a, session_a, reader_b, session_b, dice, hausdorff_mm,
        hausdorff_95_mm, volume_ratio (see ``imaging.overlap``).
    failures
        patient_id, file, rule, message, row_key for each outline that could not be read.
    """
    rows: list[dict[str, object]] = []
    failures: list[dict[str, str]] = []
    by_lesion = sorted(jobs, key=lambda job: (job.patient_id, job.series, job.reader, job.session))
    for _, group in itertools.groupby(by_lesion, key=lambda job: (job.patient_id, job.series)):
        images: dict[object, sitk.Image] = {}
        outlines = [(job, mask) for job in group if (mask := _outline(job, images, failures)) is not None]
        for (a, first), (b, second) in itertools.combinations(outlines, 2):
            names = (a.patient_id, a.series, a.reader, a.session, b.reader, b.session)
            rows.append(dict(zip(PAIR_COLUMNS, names, strict=True)) | asdict(overlap(first, second)))
    return (
        pd.DataFrame(rows, columns=[*PAIR_COLUMNS, *MEASURES]),
        pd.DataFrame(failures, columns=list(FAILURE_COLUMNS)),
    )


def _outline(job: ExtractionJob, images: dict[object, sitk.Image], failures: list[dict[str, str]]) -> sitk.Image | None:
    """The mask of a job, on its image's grid; an image that several outlines share is read once."""
    chosen = (job.image, job.dicom_series, job.phase, job.minus)
    try:
        if chosen not in images:
            images[chosen] = read_series(job.image, series=job.dicom_series, phase=job.phase, minus=job.minus)
        return read_mask(job.mask, images[chosen], job.mask_label)
    except Exception as error:
        failures.append(failure_row(job, error))
        return None
