"""Read one image series. Outlines belong in ``mask``, acquisition parameters in ``acquisition``."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._boundary import reads
from tme_platform.imaging._phases import subtract
from tme_platform.imaging._rounding import round_geometry
from tme_platform.imaging._source import with_source
from tme_platform.imaging._volume import read_volume
from tme_platform.imaging.dicom import read_dicom_series
from tme_platform.imaging.errors import ImagingError


@reads("image")
def read_series(
    path: str | Path,
    *,
    series: str | None = None,
    phase: int | None = None,
    minus: int | None = None,
    allow_incomplete: bool = False,
) -> sitk.Image:
    """Read a three-dimensional image and check that features can be computed from it.

    Parameters
    ----------
    path
        A NIfTI, NRRD or MetaImage file, or a folder with DICOM images.
    series
        Series number, SeriesInstanceUID or its ``uid_digest``, if the folder holds several series.
    phase
        Phase of a dynamic series (DICOM, or the fourth axis of a file), from 0.
    minus
        Phase to subtract from that phase.
    allow_incomplete
        Whether to read a DICOM series although files of it cannot be read, or its tags speak of more images.

    Returns
    -------
    SimpleITK.Image
        The volume with its pixel type and geometry (mm, rounded by ``_rounding.round_geometry``). Its only metadata are
        ``series_note``, if there is something to know about how a DICOM series was read, and the folder and series of
        a DICOM volume, with which ``read_mask`` compares outlines.

    Raises
    ------
    ImagingError
        With ``.rule`` one of ``image_missing``, ``image_format_unknown``, ``image_unreadable``, ``image_truncated``,
        ``image_not_3d``, ``image_too_large``, ``image_complex``, ``multi_component_colour``, ``zero_spacing``,
        ``geometry_not_orthonormal``, ``geometry_ambiguous``, ``image_not_finite``, ``image_constant``, and
        the DICOM rules.
    """
    path = Path(path)
    if path.is_dir():
        image = read_dicom_series(path, series, phase, minus, allow_incomplete=allow_incomplete)
    else:
        image = read_volume(path, "image", phase)
        if minus is not None:
            image = subtract(image, read_volume(path, "image", minus))
    _check_values(image, path.name)
    rounded = round_geometry(image)
    return with_source(rounded, path, series) if path.is_dir() else rounded


def _check_values(image: sitk.Image, name: str) -> None:
    values = sitk.GetArrayViewFromImage(image)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int((~np.isfinite(values)).sum())
        raise ImagingError(
            "image_not_finite", f"{name} has {bad} NaN or infinite voxels; export it again without them."
        )
    if low == high:
        raise ImagingError("image_constant", f"every voxel of {name} has the value {low:g}; it contains no image.")
