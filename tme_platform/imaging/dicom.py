"""Read DICOM image series: select the series and the phase. Outlines belong in ``mask``.

The tags that are read stand in ``_dicom_tags``. Messages quote series number, modality, image type and file names only.
"""

import hashlib
from collections import Counter, defaultdict
from pathlib import Path

import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._dicom_complete import check_complete, check_phases_differ, check_readable, without_copies
from tme_platform.imaging._dicom_files import Damaged, Found, Frame, find_images
from tme_platform.imaging._dicom_kinds import check_one_image_type, check_one_kind
from tme_platform.imaging._dicom_order import order_phases
from tme_platform.imaging._dicom_pixels import read_phase
from tme_platform.imaging._dicom_stack import slice_groups
from tme_platform.imaging._dicom_tags import Tags, tag_number
from tme_platform.imaging._phases import check_phase, subtract
from tme_platform.imaging.errors import ImagingError

SERIES_NOTE = "series_note"
"""Metadata key of a series: what to know about how it was read."""

_CHOOSE = "name one (dicom_series in imaging.csv, --series of tme score)"


def read_dicom_series(
    folder: Path,
    series: str | None = None,
    phase: int | None = None,
    minus: int | None = None,
    *,
    allow_incomplete: bool = False,
) -> sitk.Image:
    """Read one phase, or the difference of two phases, of one series in a folder.

    Single-frame and enhanced multi-frame images of MR, CT and PET are read. Files that are no images, such as reports
    and outlines, are ignored.

    Parameters
    ----------
    folder
        Searched with its subfolders.
    series
        Series number, SeriesInstanceUID or its ``uid_digest``, if there are several series.
    phase
        Number of the phase, from 0 in order of time (see ``_dicom_order``), if there are several images per slice
        position.
    minus
        Number of the phase to subtract (``phase=1, minus=0`` is the first enhancement).
    allow_incomplete
        Whether to read a series of which files cannot be read, or whose tags speak of more images. Gaps between
        slices are never read.

    Returns
    -------
    SimpleITK.Image
        With the metadata ``series_note`` if there is something to know about how it was read.

    Raises
    ------
    ImagingError
        ``series_missing``, ``series_ambiguous``, ``series_mixed``, ``series_incomplete``, ``series_duplicated``,
        ``series_two_slabs``, ``slices_unreadable``, ``slices_missing``, ``slices_uneven``, ``slices_shifted``,
        ``phase_ambiguous``, ``phase_missing``, ``phase_order_ambiguous``, ``phases_incomplete``, ``phases_shifted``,
        ``image_missing``,
        ``image_kinds_mixed``, ``image_mosaic``, ``image_multiframe``, ``image_not_3d``, ``image_too_large``,
        ``image_compressed``, ``image_unreadable``, ``multi_component_colour``, ``zero_spacing``.
    """
    listed, damaged = _one_series(folder, series)
    notes = []
    if not allow_incomplete:
        check_readable(damaged, len(listed), folder.name)
    elif damaged:
        notes.append(f"{len(damaged)} files of the series could not be read")
    frames = without_copies(listed, folder.name)
    check_one_kind(frames, folder.name)
    groups = slice_groups(frames, folder.name)
    phases = [[group[0] for group in groups]]
    if len(groups[0]) > 1:
        check_one_image_type(groups, folder.name)
        phases, note = order_phases(groups, folder.name)
        notes += [note] if note else []
        if note or phase is None:
            check_phases_differ(phases, folder.name)
    try:
        check_complete(phases, folder.name)
    except ImagingError as error:
        if not allow_incomplete:
            raise
        notes.append(error.message.partition(";")[0])
    if phase is None and len(phases) > 1:
        raise ImagingError(
            "phase_ambiguous",
            f"{folder.name} has {len(phases)} phases of {len(phases[0])} slices; set phase (0 to {len(phases) - 1}), "
            "and minus to subtract another, in imaging.csv (--phase and --minus of tme score).",
        )
    image = _read(phases, phase or 0, folder.name)
    if minus is not None:
        image = subtract(image, _read(phases, minus, folder.name))
    if notes:
        image.SetMetaData(SERIES_NOTE, "; ".join(notes))
    return image


def series_headers(folder: Path, series: str | None = None) -> list[Tags]:
    """Return the tags of each image of one series; errors as in ``read_dicom_series``."""
    return [one.tags for one in _one_series(folder, series)[0]]


def series_files(folder: Path, series: str | None = None) -> list[Path]:
    """Return the files of one series, each once; errors as in ``read_dicom_series``."""
    return list(dict.fromkeys(one.path for one in _one_series(folder, series)[0]))


def uid_digest(uid: str) -> str:
    """Return a short hash that identifies a series without disclosing its UID, which can be traced to a person."""
    return f"uid-{hashlib.sha256(uid.strip().encode()).hexdigest()[:16]}"


def _read(phases: list[list[Frame]], number: int, folder: str) -> sitk.Image:
    check_phase(number, len(phases), folder)
    return read_phase(phases[number], phases[0], folder)


def _one_series(folder: Path, series: str | None) -> tuple[list[Frame], list[Damaged]]:
    """Return the images of the series, and the damaged files that may belong to it."""
    found = find_images(folder)
    by_series: dict[str, list[Frame]] = defaultdict(list)
    for one in found.frames:
        by_series[str(one.tags["SeriesInstanceUID"])].append(one)
    if not by_series:
        check_readable(found.damaged, 0, folder.name)
        raise ImagingError("image_missing", f"{folder.name} contains no DICOM image; correct the path in imaging.csv.")
    named = _names(by_series)
    if series is not None:
        for name, uid in named.items():
            if series in (name, uid, uid_digest(uid)):
                return by_series[uid], _damaged_of(uid, by_series, found)
        raise ImagingError(
            "series_missing",
            f"{folder.name} has no series {series!r}, only {_listed(named, by_series)}; {_CHOOSE}.",
        )
    if len(by_series) > 1:
        raise ImagingError(
            "series_ambiguous",
            f"{folder.name} contains {len(by_series)} series: {_listed(named, by_series)}; {_CHOOSE}.",
        )
    ((uid, frames),) = by_series.items()
    return frames, found.damaged + [one for one in found.others if one.series == uid]


def _damaged_of(uid: str, by_series: dict[str, list[Frame]], found: Found) -> list[Damaged]:
    """Return damaged files of a series: those that say so, and those of no series unless others lie in their folder."""
    folders = {other: {one.path.parent for one in frames} for other, frames in by_series.items()}
    elsewhere = set().union(*(where for other, where in folders.items() if other != uid)) - folders[uid]
    own = [one for one in (*found.damaged, *found.others) if one.series == uid]
    return own + [one for one in found.damaged if not one.series and one.path.parent not in elsewhere]


def _names(found: dict[str, list[Frame]]) -> dict[str, str]:
    """Map a short name of each series (its number, plus a letter if several share it) to its UID."""
    numbers = {uid: str(frames[0].tags.get("SeriesNumber", "0")) for uid, frames in found.items()}
    uses, seen, names = Counter(numbers.values()), Counter[str](), {}
    for uid in sorted(numbers, key=lambda uid: (tag_number(numbers[uid]), uid)):
        number = numbers[uid]
        names[number if uses[number] == 1 else f"{number}{chr(ord('a') + seen[number])}"] = uid
        seen[number] += 1
    return names


def _listed(named: dict[str, str], found: dict[str, list[Frame]]) -> str:
    return ", ".join(
        f"{name} ({found[uid][0].tags['Modality']}, {len(found[uid])} images)" for name, uid in named.items()
    )
