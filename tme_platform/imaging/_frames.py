"""Put the frames of a DICOM-SEG onto the slices of its image. DICOM is read in ``dicom_seg``; no file is read here."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import index_affine, noted, onto_grid, to_mask
from tme_platform.limits import MAX_VOXELS

# Positions may be stored with two decimals. Shares of a pixel and of the distance between slices.
_OFF_PIXEL = 0.05
_OFF_SLICE = 0.1
_UNEVEN = 0.1
_OTHER_DISTANCE = 0.02
_EXACT_MM = 1e-6
_SAME_MM = 0.02


@dataclass(frozen=True)
class Frames:
    """The frames of one segment.

    Attributes
    ----------
    inside
        Frames (n, y, x), true inside.
    positions
        Centre of the first pixel of each frame (n x 3, mm).
    grid
        The same of the frames of all segments.
    row, column
        Unit vectors along a row and along a column.
    spacing
        Distance of pixels along a row and along a column (mm).
    between, thickness
        Distance between slices and thickness as stated (mm); 0 if not stated.
    turned
        Largest difference between orientations of frames.
    """

    inside: NDArray[np.bool_]
    positions: NDArray[np.float64]
    grid: NDArray[np.float64]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    spacing: tuple[float, float]
    between: float
    thickness: float
    turned: float


def place(frames: Frames, reference: sitk.Image, name: str) -> sitk.Image:
    """Return the frames as a mask on the grid of an image.

    Frames with the pixels of the image are put on the slice they lie on: positions may be off by a tenth of the
    distance between slices and a twentieth of a pixel, and slices without a frame are empty. Frames of other pixels or
    another distance are stacked and resampled (``geometry.onto_grid``).

    Raises
    ------
    ImagingError
        ``geometry_mismatch``, ``mask_outside_image``, ``slices_uneven``, ``mask_unreadable``, ``mask_lost``.
    """
    matrix, origin = index_affine(reference)
    along_row = np.linalg.solve(matrix, frames.row * frames.spacing[0])
    along_column = np.linalg.solve(matrix, frames.column * frames.spacing[1])
    axes = int(np.abs(along_row).argmax()), int(np.abs(along_column).argmax())
    length = frames.inside.shape[2], frames.inside.shape[1]
    skew = max(
        float(np.abs(vector - np.rint(vector)).max()) * count
        for vector, count in zip((along_row, along_column), length, strict=True)
    )
    unit = all(np.abs(np.rint(vector)).sum() == 1 for vector in (along_row, along_column))
    if axes[0] == axes[1] or not unit or skew > 2 * _OFF_PIXEL:
        return onto_grid(_stack(frames, name), reference, name)
    starts = _index(frames.positions, matrix, origin)
    normal = 3 - axes[0] - axes[1]
    off = np.abs(starts - np.rint(starts)).max(axis=0)
    step = _step(_index(frames.grid, matrix, origin)[:, normal], frames, reference.GetSpacing()[normal])
    if abs(step - 1) > (_UNEVEN if off[normal] <= _OFF_SLICE else _OTHER_DISTANCE):
        return onto_grid(_stack(frames, name), reference, name)
    if off[list(axes)].max() > _OFF_PIXEL or off[normal] > _OFF_SLICE:
        raise _mismatch(off, normal, frames, reference, name)
    return _put(frames.inside, starts, (np.rint(along_row), np.rint(along_column)), reference, name)


def _index(
    points: NDArray[np.float64], matrix: NDArray[np.float64], origin: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.linalg.solve(matrix, (points - origin).T).T, dtype=np.float64)


def _step(depths: NDArray[np.float64], frames: Frames, between: float) -> float:
    """Return the distance of frames in slices of the image: 1 unless they show another one."""
    stated = frames.between / between
    smallest = _distance(depths, _OFF_SLICE)
    if not smallest:
        return stated or 1.0
    if smallest < 1 + _UNEVEN:
        return smallest
    # Frames that skip slices are those of empty slices left out, unless the distance that is stated says otherwise.
    multiple = smallest / stated if stated > 0 else 0.0
    return stated if multiple > 0 and abs(multiple - round(multiple)) <= _UNEVEN else 1.0


def _distance(positions: NDArray[np.float64], same: float) -> float:
    """Return the distance of which all gaps between positions are multiples; 0 if there is one position."""
    gaps = np.diff(np.sort(positions))
    gaps = gaps[gaps > same]
    return float(gaps.sum() / np.rint(gaps / gaps.min()).sum()) if gaps.size else 0.0


def _put(
    inside: NDArray[np.bool_],
    starts: NDArray[np.float64],
    steps: tuple[NDArray[np.float64], NDArray[np.float64]],
    reference: sitk.Image,
    name: str,
) -> sitk.Image:
    frame, down, across = np.nonzero(inside)
    index = np.rint(starts)[frame] + across[:, None] * steps[0] + down[:, None] * steps[1]
    size, spacing = np.array(reference.GetSize()), np.array(reference.GetSpacing())
    beyond = np.maximum(-index, index - (size - 1)).max(axis=0)
    if beyond.max() > 0:
        raise ImagingError(
            "mask_outside_image",
            f"{name} extends {float((beyond * spacing).max()):.1f} mm beyond its image; it belongs to another series.",
        )
    values = np.zeros(tuple(size[::-1]), dtype=bool)
    x, y, z = index.astype(int).T
    values[z, y, x] = True
    mask = to_mask(values, reference)
    apart = float(np.linalg.norm((starts - np.rint(starts)) * spacing, axis=1).max())
    return noted(mask, "grid differs by float noise", apart) if apart > _EXACT_MM else mask


def _mismatch(off: NDArray[np.float64], normal: int, frames: Frames, reference: sitk.Image, name: str) -> ImagingError:
    spacing = reference.GetSpacing()
    words = ["columns", "rows", "slices"]
    parts = [
        f"{off[axis]:.2f} {'slices' if axis == normal else 'pixels'} ({off[axis] * spacing[axis]:.2f} mm) off along "
        f"the {words[axis]}"
        for axis in range(3)
        if off[axis] > (_OFF_SLICE if axis == normal else _OFF_PIXEL)
    ]
    slices = int(reference.GetSize()[normal])
    drawn = len(np.unique(np.round(frames.positions @ np.cross(frames.row, frames.column), 2)))
    return ImagingError(
        "geometry_mismatch",
        f"the frames of {name} have the pixel size of the image but lie {' and '.join(parts)} of the image "
        f"({max(slices - drawn, 0)} of its {slices} slices have no frame): the outline was drawn on another series, or "
        "exported with the corner of a pixel instead of its centre. Export it again from the series it was drawn on.",
    )


def _stack(frames: Frames, name: str) -> sitk.Image:
    """Stack frames on the grid spanned by the positions of all segments; slices without a frame are empty."""
    normal = np.cross(frames.row, frames.column)
    along, all_along = frames.positions @ normal, frames.grid @ normal
    found = _distance(all_along, _SAME_MM)
    step = found or frames.between or frames.thickness
    multiple = round(found / frames.between) if frames.between > 0 else 0
    if multiple > 1 and abs(found / frames.between - multiple) <= _UNEVEN:
        step = found / multiple
    if step <= 0:
        raise ImagingError(
            "mask_unreadable", f"{name} does not state the distance of its slices; export it on the grid of its image."
        )
    index = (along - all_along.min()) / step
    shift = frames.positions - frames.grid[all_along.argmin()] - np.outer(along - all_along.min(), normal)
    if np.abs(index - np.rint(index)).max() > _UNEVEN or np.abs(shift).max() > _OFF_PIXEL * min(frames.spacing) * 2:
        raise ImagingError("slices_uneven", f"frames of {name} are not evenly spaced; export it on its image's grid.")
    depth = round((float(all_along.max()) - float(all_along.min())) / step) + 1
    if depth * frames.inside[0].size > MAX_VOXELS:
        raise ImagingError("slices_uneven", f"frames of {name} lie metres apart; export it on its image's grid.")
    values = np.zeros((depth, *frames.inside.shape[1:]), dtype=np.uint8)
    for number, frame in zip(np.rint(index).astype(int), frames.inside, strict=True):
        values[number] |= frame
    mask = sitk.GetImageFromArray(values)
    mask.SetSpacing((*frames.spacing, step))
    mask.SetDirection(np.column_stack([frames.row, frames.column, normal]).ravel().tolist())
    mask.SetOrigin(frames.grid[all_along.argmin()].tolist())
    return mask
