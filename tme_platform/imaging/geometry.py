"""Geometry of masks: bring a mask onto the grid of its image, or refuse it. Nothing here looks at intensities."""

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging._mismatch import advice, corner_distance_mm, corners, describe, unplaced
from tme_platform.imaging.errors import ImagingError

# Headers hold affines in single precision or with few decimals: a round trip moves corners by 1e-4 to 1e-2 mm.
_NOISE_SHARE_OF_VOXEL = 0.01


def onto_grid(mask: sitk.Image, reference: sitk.Image, name: str = "the mask") -> sitk.Image:
    """Bring a binary mask onto the grid of an image.

    Equal grids, and grids that differ by rounding (corners less than 1 % of the smallest voxel side apart), keep their
    voxels; so do the same voxels stored along other axes (mirrored, or in another order). Any other geometry with the
    number of voxels of the image is refused: one of the two headers is wrong. Another number of voxels is resampled by
    nearest neighbour, provided the whole outline lies inside the image and the mask's header states a position.

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
        The mask with exactly the geometry of ``reference``: the one given if it has it. If its own differed, the
        metadata ``geometry_note`` (text) and ``geometry_mismatch_mm`` are set: the largest distance between
        corresponding corners if it was taken voxel by voxel, the farthest that a voxel of the outline was moved if it
        was resampled.

    Raises
    ------
    ImagingError
        ``geometry_mismatch`` (the distance in mm is in the message), ``mask_outside_image`` or ``mask_lost``.
    """
    if _geometry(mask) == _geometry(reference):
        return mask
    if mask.GetSize() == reference.GetSize():
        apart = corner_distance_mm(mask, reference)
        if apart <= _NOISE_SHARE_OF_VOXEL * min(reference.GetSpacing()):
            taken = sitk.Image(mask)
            taken.CopyInformation(reference)
            return noted(taken, "grid differs by float noise", apart) if apart > 0 else taken
    check_geometry(mask, reference, name)
    _check_inside(mask, reference, name)
    moved = resample_mask(mask, reference)
    if not sitk.GetArrayViewFromImage(moved).any():
        raise ImagingError(
            "mask_lost", f"{name} is smaller than one voxel of its image; draw it on the image's own grid."
        )
    before, after = (" x ".join(map(str, grid.GetSize())) for grid in (mask, reference))
    by = _moved_mm(mask, reference)
    if by <= _NOISE_SHARE_OF_VOXEL * min(reference.GetSpacing()) and not _other_voxels(mask, reference):
        return noted(moved, f"voxels of the image's grid, stored as {before}", by)
    return noted(
        moved, f"resampled by nearest neighbour from {before} to {after} voxels, moved by up to {by:.2f} mm", by
    )


def check_geometry(mask: sitk.Image, reference: sitk.Image, name: str) -> None:
    """Raise ``geometry_mismatch`` if the header of a mask cannot be trusted beside that of its image."""
    apart = corner_distance_mm(mask, reference)
    noise = _NOISE_SHARE_OF_VOXEL * min(reference.GetSpacing())
    if mask.GetSize() == reference.GetSize():
        if apart > noise and not _same_box(mask, reference, noise):
            raise ImagingError(
                "geometry_mismatch",
                f"{name} has as many voxels as its image, but is displaced by up to {apart:.3f} mm "
                f"({describe(mask, reference)}). {advice(mask, reference)}",
            )
    elif unplaced(mask) and not (unplaced(reference) and _same_extent(mask, reference)):
        raise ImagingError(
            "geometry_mismatch",
            f"{name} has {' x '.join(map(str, mask.GetSize()))} voxels, its image "
            f"{' x '.join(map(str, reference.GetSize()))}, and their corners are up to {apart:.3f} mm apart. "
            f"{advice(mask, reference)}",
        )


def resample_mask(mask: sitk.Image, grid: sitk.Image) -> sitk.Image:
    """Resample a mask to the geometry of another image by nearest neighbour; outside the mask's grid is 0."""
    return sitk.Resample(mask, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0)


def resampled_array(mask: sitk.Image, grid: sitk.Image) -> NDArray[np.bool_]:
    """Return the voxels (z, y, x) of another image's grid that lie inside a mask."""
    return np.asarray(sitk.GetArrayFromImage(resample_mask(mask, grid)) != 0)


def to_mask(inside: NDArray[np.bool_], reference: sitk.Image) -> sitk.Image:
    """Return a boolean array (z, y, x) as an 8-bit mask with the geometry of an image."""
    mask = sitk.GetImageFromArray(np.ascontiguousarray(inside).view(np.uint8))
    mask.CopyInformation(reference)
    return mask


def noted(mask: sitk.Image, note: str, apart_mm: float) -> sitk.Image:
    """Set the metadata ``geometry_note`` and ``geometry_mismatch_mm`` of a mask, and return it."""
    mask.SetMetaData("geometry_note", note)
    mask.SetMetaData("geometry_mismatch_mm", f"{apart_mm:.6f}")
    return mask


def index_affine(grid: sitk.Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the matrix (3 x 3) and the origin (mm) that take an index (x, y, z) of a grid to its point."""
    direction = np.array(grid.GetDirection()).reshape(3, 3)
    return direction * np.array(grid.GetSpacing()), np.array(grid.GetOrigin())


def index_box(inside: NDArray[np.generic]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest index along each axis of an array with at least one value that is not 0."""
    low, high = [], []
    for axis in range(inside.ndim):
        others = tuple(other for other in range(inside.ndim) if other != axis)
        hits = np.flatnonzero(inside.any(axis=others))
        low.append(hits[0])
        high.append(hits[-1])
        inside = inside[(slice(None),) * axis + (slice(hits[0], hits[-1] + 1),)]  # the rest has none
    return np.array(low), np.array(high)


def foreground_box(mask: sitk.Image) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest index (x, y, z) inside a mask that is not empty."""
    low, high = index_box(sitk.GetArrayViewFromImage(mask))
    return low[::-1], high[::-1]


def around(mask: sitk.Image, voxels: int) -> sitk.Image:
    """Return the part of a mask that is not empty up to some voxels beyond its bounding box."""
    low, high = foreground_box(mask)
    first, last = np.maximum(low - voxels, 0), np.minimum(high + voxels, np.array(mask.GetSize()) - 1)
    return mask[tuple(slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))]


def spans_a_plane(low: np.ndarray, high: np.ndarray) -> bool:
    """Tell whether a box is at least two voxels wide along two axes; pyradiomics refuses anything smaller."""
    return int(np.sum(high > low)) >= 2


def _geometry(image: sitk.Image) -> tuple[tuple[float, ...], ...]:
    return image.GetSize(), image.GetOrigin(), image.GetSpacing(), image.GetDirection()


def _check_inside(mask: sitk.Image, reference: sitk.Image, name: str) -> None:
    points = corners(mask, *foreground_box(mask))
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


def _same_box(mask: sitk.Image, reference: sitk.Image, noise: float) -> bool:
    """Tell whether two grids of equal size have the same voxels, stored along other axes or in another direction."""
    if _other_voxels(mask, reference):
        return False
    first, second = (corners(grid, np.zeros(3), np.array(grid.GetSize()) - 1.0) for grid in (mask, reference))
    return bool(np.linalg.norm(first[:, None] - second[None], axis=2).min(axis=1).max() <= noise)


def _other_voxels(mask: sitk.Image, reference: sitk.Image) -> bool:
    """Tell whether the voxels of a mask have other sides or axes than those of an image, whatever their order."""
    step = np.linalg.solve(index_affine(reference)[0], index_affine(mask)[0])
    off = np.abs(np.abs(step) - np.rint(np.abs(step))).max(axis=0) * np.array(mask.GetSize())
    orders = np.abs(np.rint(step))
    return bool(off.max() > 0.5 or (orders.sum(axis=0) != 1).any() or (orders.sum(axis=1) != 1).any())


def _same_extent(mask: sitk.Image, reference: sitk.Image) -> bool:
    """Tell whether two grids cover the same lengths, to a voxel of the coarser one."""
    first, second = (np.array(grid.GetSize()) * np.array(grid.GetSpacing()) for grid in (mask, reference))
    return bool((np.abs(first - second) <= np.maximum(mask.GetSpacing(), reference.GetSpacing()) + 1e-3).all())


def _moved_mm(mask: sitk.Image, reference: sitk.Image) -> float:
    """Return the largest distance from a voxel of the outline to the nearest voxel of the image."""
    voxels = np.argwhere(sitk.GetArrayViewFromImage(mask) != 0)[:, ::-1]
    matrix, origin = index_affine(mask)
    onto, onto_origin = index_affine(reference)
    index = np.linalg.solve(onto, matrix @ voxels.T + (origin - onto_origin)[:, None])
    return float(np.linalg.norm((index - np.rint(index)) * np.array(reference.GetSpacing())[:, None], axis=0).max())
