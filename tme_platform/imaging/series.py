"""Reading one image series. Masks, acquisition tags and preprocessing are elsewhere in the package."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._volume import read_volume
from tme_platform.imaging.errors import ImagingError


def read_series(path: str | Path) -> sitk.Image:
    """Read a three-dimensional image, checked to be usable for feature extraction.

    Parameters
    ----------
    path
        A NIfTI, NRRD or MetaImage file, or a folder that holds one DICOM series.

    Returns
    -------
    SimpleITK.Image
        The volume with its own pixel type and geometry (mm), and no metadata but these.

    Raises
    ------
    ImagingError
        With ``.rule`` one of ``image_missing``, ``image_format_unknown``, ``image_unreadable``, ``image_truncated``,
        ``image_not_3d``, ``image_too_large``, ``image_complex``, ``multi_component_colour``, ``zero_spacing``,
        ``image_not_finite``, ``image_constant``, and the DICOM rules.
    """
    path = Path(path)
    if path.is_dir():
        raise ImagingError("image_format_unknown", f"{path.name} is a folder; give the file of the image.")
    image = read_volume(path, "image")
    _check_values(image, path.name)
    return image


def _check_values(image: sitk.Image, name: str) -> None:
    values = sitk.GetArrayViewFromImage(image)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        bad = int((~np.isfinite(values)).sum())
        raise ImagingError(
            "image_not_finite", f"{name} has {bad} voxels that are NaN or infinite; export it again without them."
        )
    if low == high:
        raise ImagingError("image_constant", f"{name} has the value {low:g} everywhere; it holds no image.")
