"""Whether all images of a series are there, each once. Gaps between slices belong in ``_dicom_stack``."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from tme_platform.imaging._dicom_files import Damaged, Frame
from tme_platform.imaging._dicom_read import read_dataset
from tme_platform.imaging._dicom_stack import missing_numbers
from tme_platform.imaging._dicom_tags import tag_number
from tme_platform.imaging.errors import ImagingError

_MOST_NAMED = 5
_ADVICE = (
    "copy the series again, or write yes under allow_incomplete in imaging.csv (--allow-incomplete of tme score) to "
    "use it as it is"
)


def check_readable(damaged: Sequence[Damaged], images: int, folder: str) -> None:
    """Raise ``slices_unreadable`` if files of a series cannot be read."""
    if damaged:
        names = sorted(one.path.name for one in damaged)
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        raise ImagingError(
            "slices_unreadable",
            f"{len(names)} files of {folder} cannot be read as DICOM images ({', '.join(names[:_MOST_NAMED])}{more}), "
            f"beside {images} images that can: empty, cut or damaged; {_ADVICE}, or remove them.",
        )


def check_complete(phases: Sequence[Sequence[Frame]], folder: str) -> None:
    """Raise ``series_incomplete`` if tags of the images speak of more images than there are."""
    frames = [one for phase in phases for one in phase]
    found = f"{len(phases[0])} slices" + (f" in {len(phases)} phases" if len(phases) > 1 else "")
    lacking = missing_numbers(frames)
    if lacking:
        _refuse(f"{lacking} instance numbers are missing between the first and the last image", found, folder)
    slices = max(tag_number(one.tags.get("NumberOfSlices")) for one in frames)
    if slices > len(phases[0]):
        _refuse(f"its images speak of {slices:.0f} slices", found, folder)
    times = max(tag_number(one.tags.get("NumberOfTemporalPositions")) for one in frames)
    # A phase in a series of its own also has the number of all phases.
    if len(phases) > 1 and times > len(phases):
        _refuse(f"its images speak of {times:.0f} phases", found, folder)
    acquired = Counter(_acquisition(one) for one in frames)
    for one in frames:
        of_acquisition = tag_number(one.tags.get("ImagesInAcquisition"))
        # GE counts the images of all phases, also where each phase is a series of its own
        complete = of_acquisition in (len(frames), len(frames) * times)
        if of_acquisition > acquired[_acquisition(one)] and not complete:
            _refuse(f"its images speak of {of_acquisition:.0f} images in an acquisition", found, folder)


def without_copies(frames: Sequence[Frame], folder: str) -> list[Frame]:
    """Return each image once; copies are known by their SOPInstanceUID.

    Raises
    ------
    ImagingError
        ``series_duplicated`` if images with the same SOPInstanceUID differ.
    """
    by_uid: dict[tuple[object, int | None], list[Frame]] = defaultdict(list)
    for position, one in enumerate(frames):
        by_uid[(one.tags.get("SOPInstanceUID", position), one.number)].append(one)
    differing = [copies for copies in by_uid.values() if len(copies) > 1 and not _same(copies)]
    if differing:
        raise ImagingError(
            "series_duplicated",
            f"{len(differing)} images of {folder} are there more than once with the same identifier and different "
            f"content ({', '.join(sorted(one.path.name for one in differing[0]))}); keep the right ones.",
        )
    return [copies[0] for copies in by_uid.values()]


def check_phases_differ(phases: Sequence[Sequence[Frame]], folder: str) -> None:
    """Raise ``series_duplicated`` if two phases have the same pixels, as copies with new identifiers have."""
    pixels = {path: _pixels(path) for path in {one.path for phase in phases for one in phase}}
    seen: dict[tuple[object, ...], int] = {}
    for number, phase in enumerate(phases):
        content = tuple((pixels[one.path], one.number) for one in phase)
        if content in seen:
            raise ImagingError(
                "series_duplicated",
                f"phases {seen[content]} and {number} of {folder} have the same pixels in all {len(phase)} slices: "
                "copies with other identifiers; keep each image once.",
            )
        seen[content] = number


def _refuse(what: str, found: str, folder: str) -> None:
    raise ImagingError("series_incomplete", f"{folder} has {found}, but {what}; {_ADVICE}.")


def _acquisition(one: Frame) -> object:
    return one.tags.get("AcquisitionNumber")


def _same(copies: Sequence[Frame]) -> bool:
    if len({_hash(one.path.read_bytes()) for one in copies}) == 1:
        return True
    return all(one.tags == copies[0].tags for one in copies) and len({_pixels(one.path) for one in copies}) == 1


def _pixels(path: Path) -> str:
    try:
        return _hash(bytes(read_dataset(path, force=True, specific_tags=["PixelData"]).PixelData))
    except Exception:  # a damaged file equals no other
        return str(path)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
