"""Read one segment of a DICOM-SEG object. Other outlines belong in ``mask`` and ``rtstruct``."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging._labels import choose_label
from tme_platform.imaging.errors import ImagingError

if TYPE_CHECKING:
    from pydicom import Dataset

_OFF_GRID = 0.05


def read_segment(path: Path, segment: int | None = None) -> sitk.Image:
    """Read one segment as a binary mask on the object's own grid.

    Frame attributes are read from the per-frame or the shared functional groups, whichever the writer used
    (``highdicom`` 0.28 does not accept shared segment numbers, as in the UCSF breast segmentations of TCIA).

    Parameters
    ----------
    path
        A DICOM-SEG file, binary or fractional (thresholded at half of the maximum fractional value).
    segment
        Segment number; None if there is only one.

    Raises
    ------
    ImagingError
        ``mask_unreadable``, ``mask_label_ambiguous``, ``mask_label_missing``, ``mask_empty``, ``slices_uneven``.
    """
    from pydicom import dcmread

    try:
        found = dcmread(path)
        numbers = [int(item.SegmentNumber) for item in found.SegmentSequence]
        shape = (-1, int(found.Rows), int(found.Columns))
        frames = found.pixel_array.reshape(shape) >= max(1, int(found.get("MaximumFractionalValue", 1)) / 2)
        of_segment = np.array([int(_of_frame(found, n, "SegmentIdentification").ReferencedSegmentNumber)
                               for n in range(len(frames))])  # fmt: skip
        positions = np.array(
            [_of_frame(found, n, "PlanePosition").ImagePositionPatient for n in range(len(frames))], dtype=float
        )
        orientation = np.array(_of_frame(found, 0, "PlaneOrientation").ImageOrientationPatient, dtype=float)
        measures = _of_frame(found, 0, "PixelMeasures")
        down, across = (float(s) for s in measures.PixelSpacing)
        between = float(measures.get("SpacingBetweenSlices") or measures.get("SliceThickness") or 0)
    except Exception as error:
        raise ImagingError("mask_unreadable", f"{path.name} cannot be read as DICOM-SEG; export it again.") from error
    number = choose_label(numbers, segment, path.name, "segment")
    chosen = of_segment == number
    if not frames[chosen].any():
        raise ImagingError("mask_empty", f"segment {number} of {path.name} is empty; draw it, or remove the row.")
    return _volume(frames[chosen], positions[chosen], positions, orientation, (down, across, between), path.name)


def _of_frame(found: "Dataset", number: int, group: str) -> "Dataset":
    name = f"{group}Sequence"
    own = found.PerFrameFunctionalGroupsSequence[number] if "PerFrameFunctionalGroupsSequence" in found else {}
    return (own if name in own else found.SharedFunctionalGroupsSequence[0])[name][0]


def _volume(
    frames: NDArray[np.bool_],
    positions: NDArray[np.float64],
    grid: NDArray[np.float64],
    orientation: NDArray[np.float64],
    spacing: tuple[float, float, float],
    name: str,
) -> sitk.Image:
    """Stack frames on the grid spanned by the positions of all segments; slices without a frame are empty."""
    down, across, between = spacing
    row, column = orientation[:3], orientation[3:]
    normal = np.cross(row, column)
    along, all_along = positions @ normal, grid @ normal
    gaps = np.diff(np.unique(np.round(all_along, 3)))
    step = float(gaps.min()) if gaps.size else between or 1.0
    index = (along - all_along.min()) / step
    if np.abs(index - np.rint(index)).max() > _OFF_GRID:
        raise ImagingError("slices_uneven", f"frames of {name} are not evenly spaced; export it on its image's grid.")
    depth = round((float(all_along.max()) - float(all_along.min())) / step) + 1
    values = np.zeros((depth, *frames.shape[1:]), dtype=np.uint8)
    values[np.rint(index).astype(int)] = frames
    mask = sitk.GetImageFromArray(values)
    mask.SetSpacing((across, down, step))
    mask.SetDirection(np.column_stack([row, column, normal]).ravel().tolist())
    mask.SetOrigin(grid[all_along.argmin()].tolist())
    return mask
