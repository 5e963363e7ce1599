"""Reading a segment of a DICOM-SEG object. Other outlines are read in ``mask`` and ``rtstruct``."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.errors import ImagingError

if TYPE_CHECKING:
    from pydicom import Dataset

_OFF_GRID = 0.05


def read_segment(path: Path, segment: int | None = None) -> sitk.Image:
    """Read one segment as a binary mask on the object's own grid.

    Attributes of a frame may stand with the frame or with all frames, whichever the writer chose (``highdicom`` 0.28
    refuses the second for the segment number, which the UCSF breast segmentations of TCIA use).

    Parameters
    ----------
    path
        A DICOM-SEG file, binary or fractional (inside from half of the largest value it may have).
    segment
        Segment number; None takes the only one.

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
        raise ImagingError(
            "mask_unreadable", f"{path.name} is no DICOM-SEG that can be read; export it again."
        ) from error
    chosen = of_segment == _choose(numbers, segment, path.name)
    if not frames[chosen].any():
        raise ImagingError("mask_empty", f"{path.name} has no voxel inside the segment; draw it, or drop the row.")
    return _volume(frames[chosen], positions[chosen], positions, orientation, (down, across, between), path.name)


def _of_frame(found: "Dataset", number: int, group: str) -> "Dataset":
    name = f"{group}Sequence"
    own = found.PerFrameFunctionalGroupsSequence[number] if "PerFrameFunctionalGroupsSequence" in found else {}
    return (own if name in own else found.SharedFunctionalGroupsSequence[0])[name][0]


def _choose(numbers: list[int], segment: int | None, name: str) -> int:
    listed = ", ".join(map(str, numbers[:10]))
    if segment is None:
        if len(numbers) > 1:
            raise ImagingError(
                "mask_label_ambiguous",
                f"{name} has the segments {listed}; say in imaging.csv (mask_label) which one is the tumour.",
            )
        return numbers[0]
    if segment not in numbers:
        raise ImagingError(
            "mask_label_missing", f"{name} has no segment {segment}, only {listed}; correct mask_label in imaging.csv."
        )
    return segment


def _volume(
    frames: NDArray[np.bool_],
    positions: NDArray[np.float64],
    grid: NDArray[np.float64],
    orientation: NDArray[np.float64],
    spacing: tuple[float, float, float],
    name: str,
) -> sitk.Image:
    """Place frames on the grid that the positions of all segments span; frames left out are empty."""
    down, across, between = spacing
    row, column = orientation[:3], orientation[3:]
    normal = np.cross(row, column)
    along, all_along = positions @ normal, grid @ normal
    gaps = np.diff(np.unique(np.round(all_along, 3)))
    step = float(gaps.min()) if gaps.size else between or 1.0
    place = (along - all_along.min()) / step
    if np.abs(place - np.rint(place)).max() > _OFF_GRID:
        raise ImagingError("slices_uneven", f"frames of {name} are not evenly spaced; export it on the image's grid.")
    depth = round((float(all_along.max()) - float(all_along.min())) / step) + 1
    values = np.zeros((depth, *frames.shape[1:]), dtype=np.uint8)
    values[np.rint(place).astype(int)] = frames
    mask = sitk.GetImageFromArray(values)
    mask.SetSpacing((across, down, step))
    mask.SetDirection(np.column_stack([row, column, normal]).ravel().tolist())
    mask.SetOrigin(grid[all_along.argmin()].tolist())
    return mask
