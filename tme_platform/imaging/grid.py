"""Resampling to the 1 mm grid on which regions and features are computed: that of pyradiomics."""

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging._bspline import axis_weights
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import foreground_box, spans_a_plane
from tme_platform.imaging.preprocessing import Scaling

_OUTSIDE = 2  # value of the resampled mask where there is no image


class _Grid(NamedTuple):
    """A grid along the axes of an image: numbers of voxels, their sides (mm), and where the first one is.

    ``first`` and ``step`` are in voxels of the image, counted from the centre of its first one; x, y, z.
    """

    size: NDArray[np.int64]
    spacing: NDArray[np.float64]
    first: NDArray[np.float64]
    step: NDArray[np.float64]


def resample_to_grid(
    image: sitk.Image,
    mask: sitk.Image,
    *,
    spacing_mm: float = 1.0,
    pad_voxels: int = 5,
    scaling: Scaling | None = None,
) -> tuple[sitk.Image, sitk.Image]:
    """Resample image (B-spline) and mask (nearest neighbour) to the study's grid.

    The grid is aligned to the image's own and cropped to the mask's bounding box plus ``pad_voxels``; an axis along
    which the mask spans one slice keeps its spacing, and an image that has the spacing already (``np.allclose``) is
    cropped only. Grid, crop and values are those of pyradiomics' ``imageoperations.resampleImage``, since the crop is
    part of the features' definition (the filters scale by the largest value in it). Only the part of the image round
    the grid is scaled and interpolated.

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry.
    spacing_mm
        Voxel size of the grid.
    pad_voxels
        Margin round the mask's bounding box, in new voxels.
    scaling
        Scaling of the intensities before they are interpolated (``scaling_of``); if None, they keep the image's type.

    Returns
    -------
    tuple of SimpleITK.Image
        Image (64-bit floats, or of the image's type without scaling) and mask (8-bit, 1 inside) of one geometry.

    Raises
    ------
    ImagingError
        ``mask_empty``, or ``mask_too_small`` unless the mask is at least two voxels wide along two axes.
    """
    low, high = _extent(mask, "outline")
    grid = _grid_of(image, low, high, spacing_mm, pad_voxels)
    found = (
        _cropped(image, mask, low, high, pad_voxels, scaling) if grid is None else _moved(image, mask, grid, scaling)
    )
    if not sitk.GetArrayViewFromImage(found[1]).any():
        raise ImagingError("mask_too_small", f"the outline is empty on a grid of {spacing_mm:g} mm: it is too small.")
    _extent(found[1], f"outline on the {spacing_mm:g} mm grid")
    return found


def _grid_of(
    image: sitk.Image, low: NDArray[np.int64], high: NDArray[np.int64], spacing_mm: float, pad: int
) -> _Grid | None:
    """Return pyradiomics' grid for an outline from ``low`` to ``high``; None if the image has its spacing already."""
    own = np.array(image.GetSpacing())
    spacing = np.where(high > low, spacing_mm, own)
    if np.allclose(own, spacing):
        return None
    ratio = own / spacing
    last = np.ceil(np.array(image.GetSize()) * ratio) - 1
    start = np.maximum(np.floor((low - 0.5) * ratio - pad), 0)
    stop = np.minimum(np.ceil((high + 0.5) * ratio + pad), last)
    # The corners of the first voxels coincide, not their centres.
    return _Grid((stop - start + 1).astype(int), spacing, 0.5 * (spacing - own) / own + start / ratio, 1 / ratio)


def _moved(image: sitk.Image, mask: sitk.Image, grid: _Grid, scaling: Scaling | None) -> tuple[sitk.Image, sitk.Image]:
    place = (
        grid.size.tolist(),
        sitk.Transform(),
        sitk.sitkNearestNeighbor,
        mask.TransformContinuousIndexToPhysicalPoint(grid.first.tolist()),
        grid.spacing.tolist(),
        mask.GetDirection(),
    )
    # ITK decides which voxels are inside, also half-way between two voxels and at the very edge of the image.
    nearest = sitk.GetArrayFromImage(moved := sitk.Resample(_binary(mask), *place, _OUTSIDE))
    whole_numbers = scaling is None and np.issubdtype(sitk.GetArrayViewFromImage(image).dtype, np.integer)
    if whole_numbers:  # ITK cuts the decimals off, so that the least difference counts
        values = sitk.Resample(image, *place[:2], sitk.sitkBSpline, *place[3:], 0.0)
    else:
        interpolated = _interpolated(sitk.GetArrayViewFromImage(image), grid, scaling)
        interpolated[nearest == _OUTSIDE] = 0
        values = sitk.GetImageFromArray(interpolated)
        values.CopyInformation(moved)
    inside = sitk.GetImageFromArray((nearest == 1).astype(np.uint8))
    inside.CopyInformation(moved)
    return values, inside


def _binary(mask: sitk.Image) -> sitk.Image:
    """Return a mask of 0 and 1, without a copy if it is one."""
    is_binary = mask.GetPixelID() == sitk.sitkUInt8 and sitk.GetArrayViewFromImage(mask).max() <= 1
    return mask if is_binary else mask != 0


def _interpolated(values: NDArray[np.floating], grid: _Grid, scaling: Scaling | None) -> NDArray[np.floating]:
    box, weights = [], []
    for axis, length in enumerate(values.shape[::-1]):
        positions = grid.first[axis] + grid.step[axis] * np.arange(grid.size[axis])
        part, matrix = axis_weights(length, positions)
        box.append(part)
        weights.append(matrix)
    near = (scaling or Scaling()).apply(values[tuple(box[::-1])])
    columns, rows, slices = (part.stop - part.start for part in box)
    along_x = near.reshape(-1, columns) @ weights[0].T
    along_y = weights[1] @ along_x.reshape(slices, rows, -1)
    found = (weights[2] @ along_y.reshape(slices, -1)).reshape(tuple(grid.size[::-1]))
    return np.asarray(found.astype(values.dtype) if scaling is None else found)


def _cropped(
    image: sitk.Image,
    mask: sitk.Image,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    pad: int,
    scaling: Scaling | None,
) -> tuple[sitk.Image, sitk.Image]:
    start, stop = np.maximum(low - pad, 0), np.minimum(high + pad + 1, np.array(mask.GetSize()))
    box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return image[box] if scaling is None else scaling.of_image(image[box]), mask[box] != 0


def _extent(mask: sitk.Image, what: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the lowest and the highest index (x, y, z) inside a mask; raise if it spans no plane."""
    if not sitk.GetArrayViewFromImage(mask).any():
        raise ImagingError("mask_empty", f"the {what} is empty; draw it, or remove the row.")
    low, high = foreground_box(mask)
    if not spans_a_plane(low, high):
        raise ImagingError(
            "mask_too_small",
            f"the {what} spans {' x '.join(map(str, high - low + 1))} voxels; at least 2 x 2 are required.",
        )
    return low, high
