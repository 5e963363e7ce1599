"""Reading a contour of an RTSTRUCT onto its image. Other outlines are read in ``mask`` and ``dicom_seg``."""

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.errors import ImagingError


def read_contour(path: Path, reference: sitk.Image, roi: int | None = None) -> sitk.Image:
    """Rasterise one structure: a voxel is inside if its centre lies in an odd number of the slice's polygons.

    Parameters
    ----------
    path
        An RTSTRUCT file.
    reference
        The image that was outlined. Contours lie in its slices; each is drawn on the nearest.
    roi
        ROI number; None takes the only one.

    Raises
    ------
    ImagingError
        ``mask_unreadable``, ``mask_label_ambiguous``, ``mask_label_missing``, ``mask_empty``, ``mask_outside_image``,
        ``geometry_mismatch`` if contours are tilted against the slices.
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
                f"a contour of {path.name} crosses {np.ptp(depth):.1f} slices of its image; it was drawn on another.",
            )
        number = round(float(depth.mean()))
        low, high = index.min(axis=0), index.max(axis=0)
        beyond = np.maximum(-0.5 - low, high - (size - 0.5)) * np.array(reference.GetSpacing())
        if beyond.max() > np.max(reference.GetSpacing()) / 2:
            raise ImagingError(
                "mask_outside_image", f"{path.name} reaches {beyond.max():.1f} mm beyond its image; it is of another."
            )
        number = min(max(number, 0), int(size[2]) - 1)
        inside[number] ^= _polygon(index[:, :2], (int(size[1]), int(size[0])))
    if not inside.any():
        raise ImagingError("mask_empty", f"{path.name} outlines no voxel; draw the contour, or drop the row.")
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.CopyInformation(reference)
    return mask


def _contours(path: Path, roi: int | None) -> list[Any]:
    from pydicom import dcmread

    try:
        structures = dcmread(path, specific_tags=["Modality", "ROIContourSequence"])
        found = {int(item.ReferencedROINumber): item for item in structures.get("ROIContourSequence", [])}
    except Exception as error:
        raise ImagingError(
            "mask_unreadable", f"{path.name} is no RTSTRUCT that can be read; export it again."
        ) from error
    drawn = {number: list(item.get("ContourSequence", [])) for number, item in found.items()}
    listed = ", ".join(map(str, sorted(drawn)))
    if not drawn:
        raise ImagingError("mask_empty", f"{path.name} has no structure; draw the contour, or drop the row.")
    if roi is None and len(drawn) > 1:
        raise ImagingError(
            "mask_label_ambiguous",
            f"{path.name} has the structures {listed}; say in imaging.csv (mask_label) which one is the tumour.",
        )
    roi = next(iter(drawn)) if roi is None else roi
    if roi not in drawn:
        raise ImagingError(
            "mask_label_missing",
            f"{path.name} has no structure {roi}, only {listed}; correct mask_label in imaging.csv.",
        )
    return [contour for contour in drawn[roi] if len(contour.ContourData) >= 9]


def _polygon(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels (y, x) whose centre lies in a polygon (n x 2, in pixel units), by counting edges to their left."""
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
