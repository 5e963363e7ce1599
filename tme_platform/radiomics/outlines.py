"""Agreement of outlines between readers and sessions, per patient. Agreement of features belongs in ``agreement``."""

import itertools
from collections.abc import Sequence
from dataclasses import asdict

import pandas as pd
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import overlap, read_mask
from tme_platform.radiomics.batch import ExtractionJob, failure_row, failure_table, read_image

PAIR_COLUMNS = ("patient_id", "series", "reader_a", "session_a", "reader_b", "session_b")
MEASURES = ("dice", "hausdorff_mm", "hausdorff_95_mm", "volume_ratio")


def compare_outlines(jobs: Sequence[ExtractionJob]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare each pair of outlines of a lesion (different readers, sessions, or both).

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
        patient_id, file, rule, message and row_key of each outline that could not be read.
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
    return pd.DataFrame(rows, columns=[*PAIR_COLUMNS, *MEASURES]), failure_table(failures)


def _outline(job: ExtractionJob, images: dict[object, sitk.Image], failures: list[dict[str, str]]) -> sitk.Image | None:
    """Read the mask of a job on its image's grid; an image shared by several outlines is read once."""
    chosen = (job.image, job.dicom_series, job.phase, job.minus, job.allow_incomplete)
    try:
        if chosen not in images:
            images[chosen] = read_image(job)
        return read_mask(job.mask, images[chosen], job.mask_label)
    except Exception as error:
        failures.append(failure_row(job, error))
        return None
