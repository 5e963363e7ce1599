"""Refuse images that are not MR: the rules for air and normalisation are made for MR. Reading belongs in ``series``."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.acquisition import image_modality
from tme_platform.imaging.errors import ImagingError

# Hounsfield units of air in CT, with noise and lung; between them and fat there is little.
_AIR_FROM, _AIR_TO, _FAT_FROM = -1100.0, -800.0, -500.0
_AIR_SHARE = 0.01
_WHY = "the air threshold, the normalisation and the signatures are those of MR; give an MR image, or remove the row."


def check_modality(path: str | Path, image: sitk.Image, series: str | None = None) -> None:
    """Raise unless an image is MR, as far as its headers or its voxels tell.

    DICOM names the modality. Other formats do not: there CT is recognised by its air. More than 1 % of the voxels lie
    between -1100 and -500, and two thirds of these below -800. The negative values of an MR image, such as the
    difference of two phases, become rarer the further they are from 0.

    Parameters
    ----------
    path
        The file or DICOM folder.
    image
        What was read from it.
    series
        Series of the folder, as in ``read_series``.

    Raises
    ------
    ImagingError
        ``modality_other``.
    """
    path = Path(path)
    modality = image_modality(path, series)
    if modality not in ("MR", ""):
        raise ImagingError("modality_other", f"{path.name} is a {modality} image, and only MR is read: {_WHY}")
    if modality == "" and _has_hounsfield_air(sitk.GetArrayViewFromImage(image)):
        raise ImagingError(
            "modality_other",
            f"many voxels of {path.name} lie near -1000, as air does in CT (Hounsfield units), and only MR is read: "
            f"{_WHY}",
        )


def _has_hounsfield_air(values: np.ndarray) -> bool:
    dark = values[(values >= _AIR_FROM) & (values < _FAT_FROM)]
    return dark.size > _AIR_SHARE * values.size and bool((dark < _AIR_TO).mean() > 2 / 3)
