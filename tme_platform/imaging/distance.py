"""Signed distance to the border of an outline, in millimetres. The ring defined by it belongs in ``regions``."""

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.geometry import around, foreground_box, resampled_array

# The nearest voxel centre behind the border is half a voxel away along the axes, and less in other directions.
_BORDER_OFFSET = 0.3
_SMOOTHING_VOXELS = 1.0
# An outline of one slice has its border in that slice only: across it, each slice counts as this far away.
_FAR_MM = 1e3
# A map is smoothed twice from 3 voxels along each axis, and then differs by up to 3 voxels from the raw one.
_SMOOTHED_FROM_VOXELS = 6 * 3**0.5 + 3
# Grid voxels half-way between two voxels have a level of 0, except for rounding errors. The level is read slightly
# further along each axis (x, y, z): those on one side of the tumour are then inside, those on the other outside.
_SHIFT_MM = (1e-6, 0.7e-6, 0.4e-6)


def signed_distance_mm(mask: sitk.Image, grid: sitk.Image, margin_mm: float = 8.0) -> NDArray[np.float32]:
    """Compute the signed distance to the border of a mask on the study's grid.

    The outline is first interpolated between its slices by shape (the zero level of the interpolated distance map),
    since nearest-neighbour interpolation of 3 mm slices gives a staircase whose surface is a quarter too large. The
    Euclidean distance map of that outline has steps of one voxel, which are smoothed (Gaussian of one voxel, sharpened
    once so that curvature does not shift the border). Ring volumes of spheres and ellipsoids with a radius of at least
    6 mm agree with the formula within 3 %, isotropic or with 3 mm slices; the raw map of voxel centres is up to 27 %
    off. Where the outline meets the edge of the image there is no border.

    Parameters
    ----------
    mask
        Binary mask on its own grid, not empty.
    grid
        An image with the geometry of the result.
    margin_mm
        Distance from the border up to which values are exact; beyond it they are only large, outside and inside.

    Returns
    -------
    array (z, y, x) of float32
        Millimetres, negative inside.
    """
    from scipy import ndimage

    near = around(mask, 1)
    low, high = foreground_box(near)
    flat = (low == high)[::-1]
    inside = _interpolate_shape(near, grid, flat)
    spacing = np.array(grid.GetSpacing()[::-1])
    offset = _BORDER_OFFSET * float(spacing[~flat].min())
    reach = margin_mm + _SMOOTHED_FROM_VOXELS * float(spacing[~flat].max())
    raw = _difference(inside, np.where(flat, _FAR_MM, spacing), offset, reach)
    sigma = np.where(flat, 0.0, _SMOOTHING_VOXELS)
    smooth = ndimage.gaussian_filter(raw, sigma, truncate=3.0)
    sharpened = 2 * smooth - ndimage.gaussian_filter(smooth, sigma, truncate=3.0)
    return np.asarray(sharpened, dtype=np.float32)


def _difference(
    inside: NDArray[np.bool_], spacing: NDArray[np.float64], offset: float, reach: float
) -> NDArray[np.float32]:
    from tme_platform.imaging._nearest import distance_to

    outward = distance_to(inside, spacing, reach)
    inward = distance_to(~inside, spacing, reach)
    return np.where(inside, offset - inward, outward - offset).astype(np.float32)


def _interpolate_shape(mask: sitk.Image, grid: sitk.Image, flat: NDArray[np.bool_]) -> NDArray[np.bool_]:
    if np.allclose(mask.GetSpacing(), grid.GetSpacing()):
        return resampled_array(mask, grid)
    inside = np.ascontiguousarray(sitk.GetArrayViewFromImage(mask) != 0)
    sides = np.array(mask.GetSpacing()[::-1])
    # Only the sign counts, between neighbours of which one is inside: both are within a diagonal of the border.
    diagonal = 1.1 * float(np.linalg.norm(sides))
    level = sitk.GetImageFromArray(_difference(inside, np.where(flat, _FAR_MM, sides), 0.0, diagonal))
    level.CopyInformation(mask)
    level.SetOrigin((np.array(mask.GetOrigin()) - np.reshape(mask.GetDirection(), (3, 3)) @ _SHIFT_MM).tolist())
    moved = sitk.Resample(level, grid, sitk.Transform(), sitk.sitkLinear, _FAR_MM)
    shaped = np.asarray(sitk.GetArrayViewFromImage(moved) <= 0)
    return shaped if shaped.any() else resampled_array(mask, grid)
