"""Read one segment of a DICOM-SEG object. Other outlines belong in ``mask`` and ``rtstruct``.

Frames are put onto the slices of the image in ``_frames``; whether the object belongs to the image is decided in
``_belonging``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._belonging import check_belonging, segment_frames
from tme_platform.imaging._dicom_read import read_dataset
from tme_platform.imaging._frames import Frames, place
from tme_platform.imaging._labels import choose_label
from tme_platform.imaging._plain_header import refuse_large
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import noted

if TYPE_CHECKING:
    from pydicom import Dataset

_PARALLEL = 1e-3
_FRACTION = 0.5
_SMALLEST_MM, _LARGEST_MM = 1e-3, 1e3


def read_segment(path: Path, reference: sitk.Image, segment: int | None = None) -> sitk.Image:
    """Read one segment as a binary mask on the grid of its image.

    Frame attributes are read from the per-frame or the shared functional groups, whichever the writer used
    (``highdicom`` 0.28 does not accept shared segment numbers, as in the UCSF breast segmentations of TCIA).

    Parameters
    ----------
    path
        A DICOM-SEG file: binary, fractional (inside from half of the maximum fractional value on) or a label map.
    reference
        The image that was outlined. If it was read from DICOM, patient, frame of reference and referenced images are
        compared.
    segment
        Segment number; None if there is only one.

    Returns
    -------
    SimpleITK.Image
        8-bit, 1 inside; metadata as of ``geometry.onto_grid``.

    Raises
    ------
    ImagingError
        ``mask_unreadable``, ``mask_too_large``, ``mask_label_ambiguous``, ``mask_label_missing``, ``mask_empty``,
        ``slices_uneven``, ``geometry_mismatch``, ``mask_outside_image``, ``mask_lost``, ``patient_mismatch``,
        ``frame_of_reference_mismatch``, ``series_mismatch``.
    """
    try:
        found = read_dataset(path)
        # Number 0 is the background of a label map.
        numbers = sorted({int(item.SegmentNumber) for item in found.SegmentSequence} - {0})
    except OSError:
        raise
    except Exception as error:
        raise _unreadable(path) from error
    number = choose_label(numbers, segment, path.name, "segment")
    note = check_belonging(found, segment_frames(found), reference, path.name)
    try:
        _check_size(found, path)
        frames = _frames(found, number)
    except (ImagingError, MemoryError):
        raise
    except Exception as error:
        raise _unreadable(path) from error
    if not frames.inside.any():
        raise ImagingError("mask_empty", f"segment {number} of {path.name} is empty; draw it, or remove the row.")
    if frames.turned > _PARALLEL:
        raise ImagingError(
            "geometry_mismatch", f"frames of {path.name} differ in orientation; export it on the grid of its image."
        )
    mask = place(frames, reference, path.name)
    if not note:
        return mask
    known = mask.GetMetaData("geometry_note") if mask.HasMetaDataKey("geometry_note") else ""
    apart = mask.GetMetaData("geometry_mismatch_mm") if known else "0"
    return noted(mask, "; ".join(text for text in (note, known) if text), float(apart))


def _check_size(found: "Dataset", path: Path) -> None:
    voxels = float(found.Rows) * float(found.Columns) * float(found.get("NumberOfFrames") or 1)
    declared = voxels * float(found.BitsAllocated) / 8
    refuse_large(voxels, declared, path.stat().st_size, path.name, "mask")


def _frames(found: "Dataset", number: int) -> Frames:
    kind = str(found.get("SegmentationType", "BINARY")).strip().upper()
    values = found.pixel_array.reshape((-1, int(found.Rows), int(found.Columns)))
    count = len(values)
    if kind == "LABELMAP":
        inside = values == number
        chosen = inside.any(axis=(1, 2))
    else:
        most = int(found.MaximumFractionalValue) if kind == "FRACTIONAL" else 1
        inside = values >= max(1.0, _FRACTION * most)
        chosen = np.array(
            [int(_of_frame(found, n, "SegmentIdentification").ReferencedSegmentNumber) == number for n in range(count)]
        )
    positions = np.array(
        [_of_frame(found, n, "PlanePosition").ImagePositionPatient for n in range(count)], dtype=float
    ).reshape(-1, 3)
    orientations = np.array(
        [_of_frame(found, n, "PlaneOrientation").ImageOrientationPatient for n in range(count)], dtype=float
    ).reshape(-1, 6)
    measures = _of_frame(found, 0, "PixelMeasures")
    down, across = (float(side) for side in measures.PixelSpacing)
    between = float(measures.get("SpacingBetweenSlices") or 0)
    if not (np.isfinite(positions).all() and np.isfinite(orientations).all()):
        raise ValueError("geometry is not finite")
    if not all(_SMALLEST_MM <= side <= _LARGEST_MM for side in (down, across)):
        raise ValueError("pixel spacing is not that of an image")
    row, column = orientations[0, :3], orientations[0, 3:]
    if abs(np.linalg.norm(np.cross(row, column)) - 1) > _PARALLEL:
        raise ValueError("orientation is not that of a plane")
    return Frames(
        inside=inside[chosen],
        positions=positions[chosen],
        grid=positions,
        row=row,
        column=column,
        spacing=(across, down),
        between=abs(between) if np.isfinite(between) else 0.0,
        thickness=_thickness(measures),
        turned=float(np.abs(orientations - orientations[0]).max()),
    )


def _thickness(measures: "Dataset") -> float:
    thickness = float(measures.get("SliceThickness") or 0)
    return abs(thickness) if np.isfinite(thickness) else 0.0


def _of_frame(found: "Dataset", number: int, group: str) -> "Dataset":
    name = f"{group}Sequence"
    own = found.PerFrameFunctionalGroupsSequence[number] if "PerFrameFunctionalGroupsSequence" in found else {}
    return (own if name in own else found.SharedFunctionalGroupsSequence[0])[name][0]


def _unreadable(path: Path) -> ImagingError:
    return ImagingError("mask_unreadable", f"{path.name} cannot be read as DICOM-SEG; export it again.")
