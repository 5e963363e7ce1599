"""Read one structure of an RTSTRUCT onto the grid of its image. Other outlines belong in ``mask`` and ``dicom_seg``."""

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging._labels import choose_label
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import to_mask


def read_contour(path: Path, reference: sitk.Image, roi: int | None = None) -> sitk.Image:
    """Rasterise one structure: a voxel is inside if its centre lies within an odd number of the slice's polygons.

    Parameters
    ----------
    path
        An RTSTRUCT file.
    reference
        The image that was outlined. Contours must be parallel to its slices; each is drawn on the nearest slice.
    roi
        ROI number; None if there is only one structure.

    Raises
    ------
    ImagingError
        ``mask_unreadable``, ``mask_label_ambiguous``, ``mask_label_missing``, ``mask_empty``, ``mask_outside_image``,
        ``geometry_mismatch`` (a contour is not parallel to the slices).
    """
    sequence = _contours(path, roi)
    size = np.array(reference.GetSize())
    inside = np.zeros(tuple(size[::-1]), dtype=bool)
    for contour in sequence:
        points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
        index = np.array([reference.TransformPhysicalPointToContinuousIndex(point) for point in points.tolist()])
        depth = index[:, 2]
        if np.ptp(depth) > 0.5:
            raise ImagingError(
                "geometry_mismatch",
                f"a contour of {path.name} crosses {np.ptp(depth):.1f} slices of its image; it is from another series.",
            )
        number = round(float(depth.mean()))
        low, high = index.min(axis=0), index.max(axis=0)
        beyond = np.maximum(-0.5 - low, high - (size - 0.5)) * np.array(reference.GetSpacing())
        if beyond.max() > np.max(reference.GetSpacing()) / 2:
            raise ImagingError(
                "mask_outside_image",
                f"{path.name} extends {beyond.max():.1f} mm beyond its image; it fits another series.",
            )
        number = min(max(number, 0), int(size[2]) - 1)
        inside[number] ^= _polygon(index[:, :2], (int(size[1]), int(size[0])))
    if not inside.any():
        raise ImagingError("mask_empty", f"{path.name} contains no voxel; draw the outline, or remove the row.")
    return to_mask(inside, reference)


def _contours(path: Path, roi: int | None) -> list[Any]:
    from pydicom import dcmread

    try:
        structures = dcmread(path, specific_tags=["Modality", "ROIContourSequence"])
        found = {int(item.ReferencedROINumber): item for item in structures.get("ROIContourSequence", [])}
    except Exception as error:
        raise ImagingError("mask_unreadable", f"{path.name} cannot be read as RTSTRUCT; export it again.") from error
    drawn = {number: list(item.get("ContourSequence", [])) for number, item in found.items()}
    chosen = choose_label(sorted(drawn), roi, path.name, "structure")
    return [contour for contour in drawn[chosen] if len(contour.ContourData) >= 9]


def _polygon(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels (y, x) whose centre lies in a polygon (n x 2, in pixels), by counting edges to the left."""
    x0, y0 = points.T
    x1, y1 = np.roll(points, -1, axis=0).T
    inside = np.zeros(shape, dtype=bool)
    first, last = max(0, int(np.ceil(y0.min()))), min(shape[0] - 1, int(np.floor(y0.max())))
    columns = np.arange(shape[1])
    for row in range(first, last + 1):
        crossing = (y0 <= row) != (y1 <= row)
        at = x0[crossing] + (row - y0[crossing]) * (x1[crossing] - x0[crossing]) / (y1[crossing] - y0[crossing])
        inside[row] = np.searchsorted(np.sort(at), columns, side="right") % 2 == 1
    return inside
