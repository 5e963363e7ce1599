"""One slice of a volume to be looked at. Drawing it belongs to ``figures``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.errors import ImagingError

_STARTS = "RAS"  # the axes of patient space run to the left, the back and the head
_HEAD_AXIS = 2


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
    top, left
        Which side of the patient lies at the upper and at the left edge: R, L, A, P, S or I.
    """

    image: np.ndarray
    tumour: np.ndarray
    ring: np.ndarray
    spacing_mm: tuple[float, float]
    index: int
    top: str
    left: str


def largest_slice(image: sitk.Image, regions: Mapping[str, sitk.Image]) -> Slice:
    """Take the slice of the image on which the tumour is largest, of equals the first, as radiologists look at it.

    The patient's right is at the left, the front above (or at the left), the head above, whichever way the file runs.

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
    (left, turn_columns), (top, turn_rows) = (_start(image, axis) for axis in (0, 1))
    turned = np.s_[:: -1 if turn_rows else 1, :: -1 if turn_columns else 1]
    spacing = (float(down), float(across))
    return Slice(values[turned], tumour[index][turned], ring[index][turned], spacing, index, top, left)


def _start(image: sitk.Image, axis: int) -> tuple[str, bool]:
    """The side of the patient at which an axis is to start, and whether it has to be turned round for that."""
    direction = np.array(image.GetDirection()).reshape(3, 3)[:, axis]
    along = int(np.argmax(np.abs(direction)))
    towards_head = along == _HEAD_AXIS
    return _STARTS[along], bool((direction[along] > 0) == towards_head)


def _on(image: sitk.Image, mask: sitk.Image) -> np.ndarray:
    moved = sitk.Resample(mask, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0.0, sitk.sitkUInt8)
    return np.array(sitk.GetArrayViewFromImage(moved) > 0)
