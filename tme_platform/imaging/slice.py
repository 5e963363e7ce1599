"""The slice of a volume to display, in radiological orientation. Drawing it belongs in ``figures``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import resampled_array

_STARTS = "RAS"  # axes of patient space run towards the left, the back and the head
_HEAD_AXIS = 2


@dataclass(frozen=True)
class Slice:
    """One slice of an image with its masks.

    Attributes
    ----------
    image
        Rows x columns, in the unit of the volume.
    tumour, ring
        Boolean masks of the same shape.
    spacing_mm
        Distance between rows and between columns, mm.
    index
        Index of the slice along the third axis of the image, from 0.
    top, left
        Side of the patient at the upper and the left edge: R, L, A, P, S or I.
    """

    image: np.ndarray
    tumour: np.ndarray
    ring: np.ndarray
    spacing_mm: tuple[float, float]
    index: int
    top: str
    left: str


def largest_slice(image: sitk.Image, regions: Mapping[str, sitk.Image]) -> Slice:
    """Return the slice on which the tumour is largest (the first if several are), in radiological orientation.

    The patient's right is on the left, the front at the top (or on the left) and the head at the top, whatever the
    order of voxels in the file.

    Parameters
    ----------
    image
        The volume as acquired, since it shows the surroundings of the tumour that the study's grid crops.
    regions
        Masks ``tumour`` and ``ring`` as returned by ``imaging.regions``. They are resampled to the image's grid
        (nearest neighbour), so a picture shows the ring as coarse as the image.

    Raises
    ------
    ImagingError
        ``mask_empty`` if no voxel of the image lies inside the tumour.
    """
    return slices_through(image, regions, ())[0]


def slices_through(
    image: sitk.Image, regions: Mapping[str, sitk.Image], shares: Sequence[float] = (0.2, 0.8)
) -> list[Slice]:
    """Return the largest slice and others through the tumour, in order of their index.

    Parameters
    ----------
    image, regions
        As for `largest_slice`.
    shares
        Where the other slices lie between the first (0) and the last (1) slice of the tumour. A tumour of few slices
        gives fewer.

    Raises
    ------
    ImagingError
        ``mask_empty`` if no voxel of the image lies inside the tumour.
    """
    tumour, ring = (resampled_array(regions[name], image) for name in ("tumour", "ring"))
    areas = tumour.sum(axis=(1, 2))
    if not areas.any():
        raise ImagingError("mask_empty", "no voxel of the image lies inside the tumour, so there is no slice to show.")
    filled = np.flatnonzero(areas)
    wanted = {int(np.argmax(areas)), *(int(filled[round(share * (len(filled) - 1))]) for share in shares)}
    across, down = image.GetSpacing()[:2]
    (left, flip_columns), (top, flip_rows) = (_start(image, axis) for axis in (0, 1))
    flip = np.s_[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
    spacing, voxels = (float(down), float(across)), sitk.GetArrayViewFromImage(image)
    found = []
    for index in sorted(wanted):
        values = np.array(voxels[index], dtype=np.float64)[flip]
        found.append(Slice(values, tumour[index][flip], ring[index][flip], spacing, index, top, left))
    return found


def _start(image: sitk.Image, axis: int) -> tuple[str, bool]:
    """Return the side of the patient at which an axis is displayed to start, and whether that flips it."""
    direction = np.array(image.GetDirection()).reshape(3, 3)[:, axis]
    along = int(np.argmax(np.abs(direction)))
    towards_head = along == _HEAD_AXIS
    return _STARTS[along], bool((direction[along] > 0) == towards_head)
