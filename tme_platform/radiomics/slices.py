"""One slice of an outlined series as a table, from which ``figures`` draws tumour and ring."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.imaging import delineate, largest_slice
from tme_platform.radiomics.batch import ExtractionJob, read_job
from tme_platform.radiomics.settings import ExtractionSettings


def slice_lines(job: ExtractionJob, settings: ExtractionSettings) -> pd.DataFrame:
    """Return the slice on which the tumour is largest (``imaging.largest_slice``), one row per line of the picture.

    Parameters
    ----------
    job
        The outline; the result contains nothing that identifies its patient.
    settings
        The study's, which define the ring.

    Returns
    -------
    DataFrame
        ``line`` (from the top, starting at 0), ``intensities`` (of the line's voxels in the image's unit, five digits,
        separated by spaces), ``tumour`` and ``ring`` (1 or 0 per voxel), ``row_mm`` and ``column_mm`` (distance between
        lines and between voxels of a line), ``slice`` (its index in the image, from 0), ``top`` and ``left`` (sides of
        the patient).

    Raises
    ------
    ImagingError
        The image or the outline cannot be read, or the outline is empty.
    """
    image, mask, exclude = read_job(job)
    shown = largest_slice(image, delineate(image, mask, settings.region_settings(), exclude=exclude).masks())
    return pd.DataFrame(
        {
            "line": range(len(shown.image)),
            "intensities": [" ".join(f"{value:.5g}" for value in line) for line in shown.image],
            "tumour": _bits(shown.tumour),
            "ring": _bits(shown.ring),
            "row_mm": shown.spacing_mm[0],
            "column_mm": shown.spacing_mm[1],
            "slice": shown.index,
            "top": shown.top,
            "left": shown.left,
        }
    )


def _bits(mask: NDArray[np.bool_]) -> list[str]:
    return ["".join("1" if voxel else "0" for voxel in line) for line in mask]
