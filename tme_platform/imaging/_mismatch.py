"""Say in words how the grid of a mask differs from that of its image. ``geometry`` decides what is accepted."""

import itertools

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

_EXACT = 1e-6
_SAME_DIRECTION = 1e-4
_SAME_SPACING = 1e-3


def corners(image: sitk.Image, low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the physical points (8 x 3, mm) of the outer corners of an index box."""
    choices = itertools.product(*zip(low - 0.5, high + 0.5, strict=True))
    return np.array([image.TransformContinuousIndexToPhysicalPoint([float(v) for v in corner]) for corner in choices])


def corner_distance_mm(a: sitk.Image, b: sitk.Image) -> float:
    """Return the largest distance between corresponding corners of two grids."""
    first, second = (corners(grid, np.zeros(3), np.array(grid.GetSize()) - 1.0) for grid in (a, b))
    return float(np.linalg.norm(first - second, axis=1).max())


def unplaced(image: sitk.Image) -> bool:
    """Tell whether a grid has the position that programs write if they know none: origin 0, axes along the patient's.

    NIfTI's identity is (-1, -1, 1) in the coordinates of ITK and DICOM.
    """
    direction = np.array(image.GetDirection()).reshape(3, 3)
    along = any(np.allclose(direction, np.diag(signs), atol=_EXACT) for signs in ((1, 1, 1), (-1, -1, 1)))
    return along and np.allclose(image.GetOrigin(), 0, atol=_EXACT)


def without_geometry(image: sitk.Image) -> bool:
    """Tell whether a grid is the default one: ``unplaced``, with a spacing of 1 mm."""
    return unplaced(image) and np.allclose(image.GetSpacing(), 1, atol=_EXACT)


def describe(mask: sitk.Image, reference: sitk.Image) -> str:
    """List spacing, origin and directions in which a mask differs from its image."""
    parts = []
    if not np.allclose(mask.GetSpacing(), reference.GetSpacing(), rtol=_SAME_SPACING):
        parts.append(f"spacing {_numbers(mask.GetSpacing())} mm, image {_numbers(reference.GetSpacing())} mm")
    if not np.allclose(mask.GetDirection(), reference.GetDirection(), atol=_SAME_DIRECTION):
        parts.append(f"axes {_axes(mask)}, image {_axes(reference)}")
    shift = np.subtract(mask.GetOrigin(), reference.GetOrigin())
    if np.abs(shift).max() > _SAME_SPACING:
        parts.append(
            f"origin at {_numbers(mask.GetOrigin(), ', ')} mm, image {_numbers(reference.GetOrigin(), ', ')} mm"
        )
    return "; ".join(parts)


def advice(mask: sitk.Image, reference: sitk.Image) -> str:
    """Say what is likely wrong with the headers, and what to do."""
    save = "save the outline with the geometry of its image (nibabel: affine of the image; SimpleITK: CopyInformation)"
    if without_geometry(mask):
        return f"The outline was saved without geometry (spacing 1 mm, origin 0, as with numpy.eye(4)): {save}."
    if unplaced(mask):
        return f"The outline was saved without position (origin 0, no orientation): {save}."
    if without_geometry(reference):
        return "The image was saved without geometry (spacing 1 mm, origin 0): convert it from its source again."
    if unplaced(reference):
        return "The image was saved without position (origin 0, no orientation): convert it from its source again."
    return f"One of the headers is wrong: export both again from the same series, or, if the voxels correspond, {save}."


def _numbers(values: tuple[float, ...], between: str = " x ") -> str:
    return between.join(f"{value:.6g}" for value in values)


def _axes(image: sitk.Image) -> str:
    """Return the nearest patient axes of the columns, rows and slices, and the angle to them if oblique."""
    direction = np.array(image.GetDirection()).reshape(3, 3)
    names = []
    for axis in direction.T:
        main = int(np.abs(axis).argmax())
        names.append("RAI"[main] if axis[main] < 0 else "LPS"[main])
    oblique = np.degrees(np.arccos(np.clip(np.abs(direction).max(axis=0), 0, 1))).max()
    return "".join(names) + (f" turned by {oblique:.1f} degrees" if oblique > 0.05 else "")
