"""One slice of a volume to be looked at. Drawing it belongs to ``figures``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.errors import ImagingError


@dataclass(frozen=True)
class Slice:
    """A slice with its masks.

    Attributes
    ----------
    image
        Rows x columns, in the unit of the volume.
    tumour, ring
        Boolean, of the same shape.
    spacing_mm
        Distance between rows and between columns, mm.
    index
        Number of the slice along the third axis of the image, from 0.
    """

    image: np.ndarray
    tumour: np.ndarray
    ring: np.ndarray
    spacing_mm: tuple[float, float]
    index: int


def largest_slice(image: sitk.Image, regions: Mapping[str, sitk.Image]) -> Slice:
    """Take the slice of the image on which the tumour is largest, of equals the first.

    Parameters
    ----------
    image
        The volume as it was acquired: it shows what is round the tumour, which the study's grid cuts off.
    regions
        Masks ``tumour`` and ``ring`` as ``imaging.regions`` gives them; brought onto the image's grid (nearest
        neighbour), so in a picture the ring is as coarse as the image.

    Raises
    ------
    ImagingError
        ``mask_empty`` if no voxel of the image lies in the tumour.
    """
    tumour, ring = (_on(image, regions[name]) for name in ("tumour", "ring"))
    areas = tumour.sum(axis=(1, 2))
    if not areas.any():
        raise ImagingError("mask_empty", "no voxel of the image lies in the tumour, so there is no slice to show")
    index = int(np.argmax(areas))
    across, down = image.GetSpacing()[:2]
    values = np.array(sitk.GetArrayViewFromImage(image)[index], dtype=np.float64)
    return Slice(values, tumour[index], ring[index], (float(down), float(across)), index)


def _on(image: sitk.Image, mask: sitk.Image) -> np.ndarray:
    moved = sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0.0, sitk.sitkUInt8)
    return np.array(sitk.GetArrayViewFromImage(moved) > 0)
