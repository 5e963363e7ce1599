"""Arrange the images of a series by slice position. Their order in time belongs in ``_dicom_order``."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tme_platform.imaging._dicom_files import Frame
from tme_platform.imaging._dicom_tags import tag_number, tag_numbers
from tme_platform.imaging.errors import ImagingError
from tme_platform.limits import MAX_VOXELS

# Smaller gaps, shifts and tilts come from rounding in the files.
_ROUNDING_MM = 0.02
_MOST_APART_MM = 0.1
_SAME_SHARE = 0.02
_UNEVEN_SHARE = 0.05
_GAP_SHARE = 1.5
_PARALLEL = 1e-3
_MAX_MM = 1e6


def slice_groups(frames: Sequence[Frame], folder: str) -> list[list[Frame]]:
    """Group the images of a series by slice position, along the normal of the slices.

    Images are at the same position if they lie at most 2 % of the slice thickness apart (0.02 to 0.1 mm).

    Raises
    ------
    ImagingError
        ``image_unreadable``, ``zero_spacing``, ``series_mixed``, ``image_too_large``, ``image_not_3d``,
        ``series_two_slabs``, ``slices_missing``, ``slices_uneven``, ``slices_shifted``, ``phases_shifted``,
        ``phases_incomplete``.
    """
    _check_consistent(frames, folder)
    orientation = np.array(tag_numbers(frames[0].tags["ImageOrientationPatient"]))
    axes = np.stack([orientation[:3], orientation[3:], np.cross(orientation[:3], orientation[3:])])
    placed = np.array([tag_numbers(one.tags["ImagePositionPatient"]) for one in frames]) @ axes.T
    along = placed[:, 2]
    thickness = min(tag_number(one.tags.get("SliceThickness"), 0) for one in frames)
    numbers = _clusters(along, float(np.clip(_SAME_SHARE * thickness, _ROUNDING_MM, _MOST_APART_MM)))
    count = int(numbers.max()) + 1
    if count < 2:
        raise ImagingError("image_not_3d", f"{folder} has one slice; at least two are required.")
    groups = [[one for one, at in zip(frames, numbers, strict=True) if at == n] for n in range(count)]
    _check_in_plane(placed[:, :2], numbers, frames[0], folder)
    _check_gaps(groups, np.array([along[numbers == n].mean() for n in range(count)]), folder)
    _check_counts(groups, folder)
    return groups


def missing_numbers(frames: Sequence[Frame]) -> int:
    """Return how many instance numbers are missing between the first and the last of a series.

    0 if numbers are absent, used twice, or belong to multi-frame files. Numbers may advance by any constant step.
    """
    numbers = sorted(tag_number(one.tags.get("InstanceNumber"), np.nan) for one in frames if one.number is None)
    if len(numbers) < len(frames) or len(numbers) < 2 or not np.isfinite(numbers).all():
        return 0
    steps = np.diff(numbers)
    if steps.min() <= 0:
        return 0
    return int(np.sum(np.rint(steps / steps.min()) - 1))


def _clusters(along: NDArray[np.float64], tolerance: float) -> NDArray[np.int64]:
    """Number the positions: one is new if it lies more than the tolerance beyond the first of the one before."""
    numbers = np.zeros(len(along), dtype=np.int64)
    order = np.argsort(along, kind="stable")
    start, number = along[order[0]], 0
    for index in order:
        if along[index] - start > tolerance:
            start, number = along[index], number + 1
        numbers[index] = number
    return numbers


def _check_consistent(frames: Sequence[Frame], folder: str) -> None:
    wanted = {"ImagePositionPatient": 3, "ImageOrientationPatient": 6, "PixelSpacing": 2}
    lacking = sum(
        any(len(tag_numbers(one.tags.get(name))) != length for name, length in wanted.items()) for one in frames
    )
    if lacking:
        raise ImagingError(
            "image_unreadable",
            f"{lacking} of {len(frames)} images of {folder} lack position, orientation or pixel spacing; "
            "export the series again.",
        )
    positions, orientations, spacings = (
        np.array([tag_numbers(one.tags[name]) for one in frames], dtype=float) for name in wanted
    )
    if not (np.isfinite(spacings).all() and (spacings > 0).all()):
        raise ImagingError("zero_spacing", f"{folder} has a pixel spacing that is not positive; export it again.")
    plausible = np.isfinite(positions).all() and np.abs(positions).max() < _MAX_MM and spacings.max() < _MAX_MM
    if not plausible or not _perpendicular(orientations):
        raise ImagingError(
            "image_unreadable",
            f"{folder} has a position or spacing that cannot be, or an orientation that is not two perpendicular "
            "directions; export the series again.",
        )
    _check_one_grid(frames, orientations, spacings, folder)


def _perpendicular(orientations: NDArray[np.float64]) -> bool:
    """Whether each orientation is two directions of length 1 at right angles."""
    if not (np.abs(orientations) < 1 + 10 * _PARALLEL).all():  # NaN is not
        return False
    rows, columns = orientations[:, :3], orientations[:, 3:]
    products = np.stack([(rows * rows).sum(1) - 1, (columns * columns).sum(1) - 1, (rows * columns).sum(1)])
    return bool((np.abs(products) < 10 * _PARALLEL).all())


def _check_one_grid(
    frames: Sequence[Frame], orientations: NDArray[np.float64], spacings: NDArray[np.float64], folder: str
) -> None:
    sizes = [tuple(int(tag_number(one.tags.get(name), 0)) for name in ("Rows", "Columns")) for one in frames]
    turned = [tuple(np.rint(one / (2 * _PARALLEL)).astype(int)) for one in orientations]
    if len(set(sizes)) == 1 and np.ptp(orientations, axis=0).max() <= _PARALLEL:
        turned = [()] * len(frames)
    differing = {"size": len(set(sizes)), "orientation": len(set(turned))}
    if np.ptp(spacings, axis=0).max() > _PARALLEL:
        differing["pixel spacing"] = 2
    named = [name for name, number in differing.items() if number > 1]
    if named:
        usual = Counter(zip(sizes, turned, strict=True)).most_common(1)[0][1]
        raise ImagingError(
            "series_mixed",
            f"images of one series in {folder} differ in {' and '.join(named)} ({usual} of {len(frames)} are alike); "
            "remove localisers and reformatted images.",
        )
    if min(sizes[0]) < 1 or float(np.prod(sizes[0])) * len(frames) > MAX_VOXELS:
        raise ImagingError(
            "image_too_large",
            f"{folder} declares {len(frames)} images of {sizes[0][1]} x {sizes[0][0]} voxels; its headers are corrupt.",
        )


def _check_in_plane(placed: NDArray[np.float64], numbers: NDArray[np.int64], first: Frame, folder: str) -> None:
    """Raise if images at one position do not cover the same area, or slices are not stacked along their normal."""
    allowed = max(_ROUNDING_MM, _SAME_SHARE * min(tag_numbers(first.tags["PixelSpacing"])))
    apart = max(float(np.ptp(placed[numbers == n], axis=0).max()) for n in range(numbers.max() + 1))
    if apart > allowed:
        raise ImagingError(
            "series_two_slabs",
            f"images at one slice position of {folder} lie up to {apart:.2f} mm beside each other: two slabs (both "
            "breasts) or moved phases in one series; put the files of each into a folder of its own.",
        )
    shift = float(np.ptp(placed, axis=0).max())
    if shift > allowed:
        raise ImagingError(
            "slices_shifted",
            f"slices of {folder} are not stacked at right angles (shifted by up to {shift:.2f} mm, as with a tilted "
            "gantry); resample the series to a rectangular grid.",
        )


def _check_gaps(groups: Sequence[Sequence[Frame]], positions: NDArray[np.float64], folder: str) -> None:
    gaps = np.diff(positions)
    usual = float(np.median(gaps))
    wide = gaps > _GAP_SHARE * usual
    _check_moved_phases(gaps, folder)
    if wide.any():
        number = int(np.rint(gaps / usual - 1)[wide].sum())
        at = int(np.argmax(wide)) + 1
        frames = [one for group in groups for one in group]
        numbered = all("InstanceNumber" in one.tags for one in frames)
        if wide.sum() == 1 and min(at, len(groups) - at) > 1 and numbered and not missing_numbers(frames):
            raise ImagingError(
                "series_two_slabs",
                f"{folder} has two slabs in one series, of {at} and {len(groups) - at} slices, {gaps[at - 1]:.1f} mm "
                "apart with consecutive instance numbers (both breasts?); put the files of each slab into a folder "
                "of its own. If slices are missing in between, copy the series again.",
            )
        raise ImagingError(
            "slices_missing",
            f"{folder} lacks {number} slices between its {len(groups)} slices of {usual:.2f} mm; "
            "copy the series again.",
        )
    if np.abs(gaps - usual).max() > _UNEVEN_SHARE * usual:
        raise ImagingError(
            "slices_uneven",
            f"slices of {folder} are {gaps.min():.2f} to {gaps.max():.2f} mm apart; resample it to equal spacing.",
        )


def _check_moved_phases(gaps: NDArray[np.float64], folder: str) -> None:
    """Raise if positions come in groups of the same size, as those of phases between which something moved."""
    ends = np.flatnonzero(np.append(gaps > gaps.max() / 2, True)) + 1
    sizes = np.diff(ends, prepend=0)
    if len(sizes) > 2 and sizes[0] > 1 and (sizes == sizes[0]).all():
        apart = float(gaps[gaps <= gaps.max() / 2].max())
        raise ImagingError(
            "phases_shifted",
            f"{folder} has {len(sizes)} slices whose {sizes[0]} images lie up to {apart:.2f} mm apart: phases that "
            "were moved against each other; align them, or put each phase into a folder of its own.",
        )


def _check_counts(groups: Sequence[Sequence[Frame]], folder: str) -> None:
    counts = {len(group) for group in groups}
    if len(counts) > 1:
        lacking = sum(max(counts) - len(group) for group in groups)
        raise ImagingError(
            "phases_incomplete",
            f"{folder} has {min(counts)} to {max(counts)} images per slice position ({lacking} fewer than in complete "
            "phases): some are missing or duplicated; copy the series again.",
        )
