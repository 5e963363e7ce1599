"""Geometry of masks: bring a mask onto the grid of its image, or refuse it. Nothing here looks at intensities."""

import itertools

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.errors import ImagingError

# Headers hold affines in single precision or with few decimals: a round trip moves corners by 1e-4 to 1e-2 mm.
_NOISE_SHARE_OF_VOXEL = 0.01


def onto_grid(mask: sitk.Image, reference: sitk.Image, name: str = "the mask") -> sitk.Image:
    """Bring a binary mask onto the grid of an image.

    Equal grids, and grids that differ by rounding (corners less than 1 % of the smallest voxel side apart), keep their
    voxels. The same grid at another position is refused: one of the two headers is wrong. Any other grid is resampled
    by nearest neighbour, provided the whole outline lies inside the image.

    Parameters
    ----------
    mask
        Binary mask, any geometry.
    reference
        The image whose geometry the result has.
    name
        The mask's name in error messages.

    Returns
    -------
    SimpleITK.Image
        The mask with exactly the geometry of ``reference``. If its own differed, the metadata ``geometry_note`` (text)
        and ``geometry_mismatch_mm`` (largest distance between corresponding corners) are set.

    Raises
    ------
    ImagingError
        ``geometry_mismatch`` (the distance in mm is in the message), ``mask_outside_image`` or ``mask_lost``.
    """
    if mask.GetSize() == reference.GetSize():
        apart = _corner_distance_mm(mask, reference)
        if apart <= _NOISE_SHARE_OF_VOXEL * min(reference.GetSpacing()):
            taken = sitk.Image(mask)
            taken.CopyInformation(reference)
            return _note(taken, "grid differs by float noise", apart) if apart > 0 else taken
        if _same_axes(mask, reference):
            raise ImagingError(
                "geometry_mismatch",
                f"{name} has the grid of its image but is displaced by {apart:.3f} mm: one of the headers is wrong. "
                "Export image and outline again from the same series.",
            )
    _check_inside(mask, reference, name)
    moved = resample_mask(mask, reference)
    if not sitk.GetArrayViewFromImage(moved).any():
        raise ImagingError(
            "mask_lost", f"{name} is smaller than one voxel of its image; draw it on the image's own grid."
        )
    before, after = mask.GetSize(), reference.GetSize()
    note = f"resampled by nearest neighbour from {' x '.join(map(str, before))} to {' x '.join(map(str, after))} voxels"
    return _note(moved, note, _corner_distance_mm(mask, reference))


def resample_mask(mask: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """Resample a mask to the geometry of another image by nearest neighbour; outside the mask's grid is 0."""
    return sitk.Resample(mask, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0)


def resampled_array(mask: sitk.Image, grid: sitk.Image) -> NDArray[np.bool_]:
    """Return the voxels (z, y, x) of another image's grid that lie inside a mask."""
    return np.asarray(sitk.GetArrayFromImage(resample_mask(mask, grid)) != 0)


def to_mask(inside: NDArray[np.bool_], reference: sitk.Image) -> sitk.Image:
    """Return a boolean array (z, y, x) as an 8-bit mask with the geometry of an image."""
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    mask.CopyInformation(reference)
    return mask


def index_box(inside: NDArray[np.bool_]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest index along each axis of an array with at least one true value."""
    axes = range(inside.ndim)
    hits = [np.flatnonzero(inside.any(axis=tuple(a for a in axes if a != axis))) for axis in axes]
    return np.array([hit[0] for hit in hits]), np.array([hit[-1] for hit in hits])


def foreground_box(mask: sitk.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest index (x, y, z) inside a mask that is not empty."""
    low, high = index_box(sitk.GetArrayViewFromImage(mask) != 0)
    return low[::-1], high[::-1]


def spans_a_plane(low: np.ndarray, high: np.ndarray) -> bool:
    """Tell whether a box is at least two voxels wide along two axes; pyradiomics refuses anything smaller."""
    return int(np.sum(high > low)) >= 2


def _corners(image: sitk.Image, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Physical points (8 x 3, mm) of the outer corners of an index box."""
    choices = itertools.product(*zip(low - 0.5, high + 0.5, strict=True))
    return np.array([image.TransformContinuousIndexToPhysicalPoint([float(v) for v in corner]) for corner in choices])


def _volume_corners(image: sitk.Image) -> np.ndarray:
    return _corners(image, np.zeros(3), np.array(image.GetSize()) - 1.0)


def _corner_distance_mm(a: sitk.Image, b: sitk.Image) -> float:
    return float(np.linalg.norm(_volume_corners(a) - _volume_corners(b), axis=1).max())


def _same_axes(a: sitk.Image, b: sitk.Image) -> bool:
    return np.allclose(a.GetDirection(), b.GetDirection(), atol=1e-4) and np.allclose(
        a.GetSpacing(), b.GetSpacing(), rtol=1e-3
    )


def _check_inside(mask: sitk.Image, reference: sitk.Image, name: str) -> None:
    points = _corners(mask, *foreground_box(mask))
    index = np.array([reference.TransformPhysicalPointToContinuousIndex(list(map(float, p))) for p in points])
    size = np.array(reference.GetSize())
    # Half a voxel of the coarser grid may stick out: resampling does that to any outline that touches the border.
    slack = 0.5 * np.maximum(1.0, np.max(mask.GetSpacing()) / np.array(reference.GetSpacing()))
    beyond = np.maximum(-0.5 - index, index - (size - 0.5)).max(axis=0)
    if (beyond > slack).any():
        worst = float((beyond * np.array(reference.GetSpacing())).max())
        raise ImagingError(
            "mask_outside_image",
            f"{name} extends {worst:.1f} mm beyond its image; it belongs to another series, or its header is wrong.",
        )


def _note(mask: sitk.Image, note: str, apart: float) -> sitk.Image:
    mask.SetMetaData("geometry_note", note)
    mask.SetMetaData("geometry_mismatch_mm", f"{apart:.6f}")
    return mask
