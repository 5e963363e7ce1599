"""Read one structure of an RTSTRUCT onto the grid of its image. Other outlines belong in ``mask`` and ``dicom_seg``.

How contours become voxels is decided in ``_contours``, whether the structure belongs to the image in ``_belonging``.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging._belonging import check_belonging, structure_frames
from tme_platform.imaging._contours import Contour, Planes, assign, fill
from tme_platform.imaging._dicom_read import read_dataset
from tme_platform.imaging._labels import choose_label
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import noted, to_mask
from tme_platform.limits import MAX_CONTOUR_POINTS, MAX_CONTOURS, MAX_CONTOURS_PER_SLICE

if TYPE_CHECKING:
    from pydicom import Dataset

_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_CROSSES = 0.5
_BEYOND = 0.05
# Contours within this share of a slice lie on it, up to rounding.
_ON_SLICE = 0.1


def read_contour(path: Path, reference: sitk.Image, roi: int | None = None) -> sitk.Image:
    """Rasterise one structure on the slices of its image.

    Parameters
    ----------
    path
        An RTSTRUCT file. Only closed contours are read; open ones and points are left out.
    reference
        The image that was outlined. Contours must be parallel to its slices. If it was read from DICOM, patient, frame
        of reference and referenced images are compared.
    roi
        ROI number; None if there is only one structure.

    Returns
    -------
    SimpleITK.Image
        8-bit, 1 inside. The metadata ``geometry_note`` says if contours were left out or lie between slices;
        ``geometry_mismatch_mm`` is then the largest distance of a contour to its slice.

    Raises
    ------
    ImagingError
        ``mask_unreadable``, ``mask_too_large``,
        ``mask_label_ambiguous``, ``mask_label_missing``, ``mask_empty``, ``mask_outside_image``,
        ``contours_not_closed``, ``contours_skip_slices``, ``geometry_mismatch`` (a contour is not parallel to the
        slices), ``patient_mismatch``, ``frame_of_reference_mismatch``, ``series_mismatch``.
    """
    structures, number = _structure(path, roi)
    notes = [check_belonging(structures, structure_frames(structures, number), reference, path.name)]
    contours, open_contours = _closed(structures, number, path.name)
    if open_contours:
        notes.append(f"contours that are not closed were left out ({open_contours})")
    indexed = [_indexed(points, exclusive, reference, path.name) for points, exclusive in contours]
    planes = assign(indexed)
    if max(map(len, planes.by_slice.values()), default=0) > MAX_CONTOURS_PER_SLICE:
        raise _too_large(path.name, f"structure {number} has more than {MAX_CONTOURS_PER_SLICE} contours on a slice")
    notes.append(_of_planes(planes, reference, path.name))
    columns, rows, slices = reference.GetSize()
    inside = np.zeros((slices, rows, columns), dtype=bool)
    for place, drawn in planes.by_slice.items():
        inside[min(max(place, 0), slices - 1)] |= fill(drawn, (rows, columns))
    if not inside.any():
        raise ImagingError("mask_empty", f"{path.name} contains no voxel; draw the outline, or remove the row.")
    note = "; ".join(text for text in notes if text)
    mask = to_mask(inside, reference)
    return noted(mask, note, planes.farthest * reference.GetSpacing()[2]) if note else mask


def _structure(path: Path, roi: int | None) -> "tuple[Dataset, int]":
    try:
        structures = read_dataset(path)
        numbers = [int(item.ReferencedROINumber) for item in structures.get("ROIContourSequence") or []]
    except OSError:
        raise
    except Exception as error:
        raise ImagingError("mask_unreadable", f"{path.name} cannot be read as RTSTRUCT; export it again.") from error
    return structures, choose_label(sorted(set(numbers)), roi, path.name, "structure")


def _closed(structures: "Dataset", roi: int, name: str) -> tuple[list[tuple[NDArray[np.float64], bool]], int]:
    """Return points (n x 3, mm) and kind of the closed contours of a structure, and the number of the others."""
    closed: list[tuple[NDArray[np.float64], bool]] = []
    number = others = drawn = 0
    for item in structures.ROIContourSequence:
        if int(item.ReferencedROINumber) != roi:
            continue
        for contour in _items(item, "ContourSequence", roi, name):
            number += 1
            drawn += _stored_points(contour)
            if number > MAX_CONTOURS or drawn > MAX_CONTOUR_POINTS:
                raise _too_large(
                    name, f"structure {roi} has more than {MAX_CONTOURS:,} contours or {MAX_CONTOUR_POINTS:,} points"
                )
            kind, points = _read(contour, f"contour {number} of structure {roi} of {name}")
            if kind not in _CLOSED or len(points) < 3:
                others += 1
            else:
                closed.append((points, kind != _CLOSED[0]))
    if number == 0:
        raise ImagingError("mask_empty", f"structure {roi} of {name} has no contour; draw it, or remove the row.")
    if not closed:
        raise ImagingError(
            "contours_not_closed",
            f"none of the {number} contours of structure {roi} of {name} is closed (they are open lines or points); "
            "draw the outline as closed contours.",
        )
    return closed, others


def _stored_points(contour: "Dataset") -> int:
    """Return how many points a contour has, without making numbers of them."""
    stored = contour.get_item("ContourData")
    value = getattr(stored, "value", None)
    if isinstance(value, bytes):
        return value.count(b"\\") // 3 + 1
    return len(value) // 3 if isinstance(value, list | tuple) else 0


def _too_large(name: str, what: str) -> ImagingError:
    return ImagingError(
        "mask_too_large", f"{what} of {name}, more than any outline; export it again, or as a label map."
    )


def _items(item: "Dataset", keyword: str, roi: int, name: str) -> "list[Dataset]":
    try:
        return list(item.get(keyword) or [])
    except Exception as error:
        raise ImagingError(
            "mask_unreadable", f"the contours of structure {roi} of {name} cannot be read; export it again."
        ) from error


def _read(contour: "Dataset", which: str) -> tuple[str, NDArray[np.float64]]:
    """Return the type of a contour (closed if it states none) and its points (n x 3, mm)."""
    try:
        kind = str(contour.get("ContourGeometricType") or _CLOSED[0]).strip().upper()
        data = contour.get("ContourData")
        stated = contour.get("NumberOfContourPoints")
        values = np.array([] if data is None else data, dtype=float).ravel()
        count = None if stated in (None, "") else int(stated)
    except Exception as error:
        raise _broken(f"{which} has coordinates that are no numbers") from error
    if values.size == 0:
        raise _broken(f"{which} has no coordinates")
    if values.size % 3:
        raise _broken(f"{which} has {values.size} coordinates, which is not a multiple of 3")
    if not np.isfinite(values).all():
        raise _broken(f"{which} has coordinates that are not finite")
    if count is not None and count != values.size // 3:
        raise _broken(f"{which} has {values.size // 3} of the {count} points that it states")
    return kind, values.reshape(-1, 3)


def _broken(what: str) -> ImagingError:
    return ImagingError("mask_unreadable", f"{what}; export the outline again.")


def _indexed(points: NDArray[np.float64], exclusive: bool, reference: sitk.Image, name: str) -> Contour:
    index = np.array([reference.TransformPhysicalPointToContinuousIndex(point) for point in points.tolist()])
    crossed = float(np.ptp(index[:, 2]))
    if crossed > _CROSSES:
        raise ImagingError(
            "geometry_mismatch",
            f"a contour of {name} crosses {crossed:.1f} slices of its image; it is from another series.",
        )
    size, spacing = np.array(reference.GetSize()), np.array(reference.GetSpacing())
    depth = float(index[:, 2].mean())
    index[:, 2] = depth
    beyond = np.maximum(-0.5 - index, index - (size - 0.5)).max(axis=0)
    # Vertices may lie half a voxel beyond the outer pixels, a plane may not lie beyond the outer slices.
    allowed = np.array([spacing.max() / 2, spacing.max() / 2, _BEYOND * spacing[2]])
    if (beyond * spacing > allowed).any():
        worst = float((beyond * spacing)[beyond * spacing > allowed].max())
        raise ImagingError(
            "mask_outside_image", f"{name} extends {worst:.1f} mm beyond its image; it fits another series."
        )
    return Contour(index[:, :2], depth, exclusive)


def _of_planes(planes: Planes, reference: sitk.Image, name: str) -> str:
    """Return a note on contours that do not lie on slices; raise if they leave slices out."""
    between = reference.GetSpacing()[2]
    if planes.skipped:
        raise ImagingError(
            "contours_skip_slices",
            f"the contours of {name} are {planes.skipped * between:.2f} mm apart, the slices of its image "
            f"{between:.2f} mm: slices between them have none. Interpolate between the contours in the program that "
            "drew them, or name the series that was outlined.",
        )
    notes = []
    if planes.left_out:
        notes.append(f"contours are finer than slices: planes between slices were left out ({planes.left_out})")
    if planes.farthest > _ON_SLICE:
        notes.append(f"contours lie up to {planes.farthest * between:.2f} mm from the slice they are drawn on")
    return "; ".join(notes)
