"""Find the DICOM images of a folder, and the files that should be images but cannot be read.

A file that is left out without a word makes a shorter volume, so each file is either an image, something else (a
report, an outline, a text beside the images), or damaged.
"""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tme_platform.imaging._dicom_read import DicomFile
from tme_platform.imaging._dicom_tags import PER_FRAME, Tags, frame_tags, tag_number, tags_of, wanted_tags
from tme_platform.imaging._files import files_within

if TYPE_CHECKING:
    from pydicom import FileDataset

IMAGE_MODALITIES = {"MR", "CT", "PT"}
_IMAGE_CLASSES = {
    f"1.2.840.10008.5.1.4.1.1.{number}"
    for number in ("2", "2.1", "2.2", "4", "4.1", "4.3", "4.4", "20", "128", "128.1", "130")
}
"""CT, MR and PET images: plain, enhanced, and legacy converted."""
_MARK_AT, _MARK = 128, b"DICM"
_GROUP_STARTS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
_DICOM_SUFFIXES = {".dcm", ".dicom", ".ima"}
# Tag, type and length before the pixels, where the type is written out and where it is implied.
_EXPLICIT_BYTES, _IMPLICIT_BYTES = 12, 8
_HEAD_BYTES = 512


@dataclass(frozen=True)
class Frame:
    """One slice: its file, its tags, and its number in a multi-frame file (None if the file is one slice)."""

    path: Path
    tags: Tags
    number: int | None = None
    syntax: str | None = None
    """The transfer syntax UID, if the file names it."""


@dataclass(frozen=True)
class Damaged:
    """A file that should be an image but cannot be read, and its series if that much is readable."""

    path: Path
    series: str = ""


@dataclass
class Found:
    """Images and damaged files of a folder."""

    frames: list[Frame] = field(default_factory=list)
    damaged: list[Damaged] = field(default_factory=list)
    others: list[Damaged] = field(default_factory=list)
    """Objects of other modalities: damaged if they belong to a series of images, which has one modality."""


def find_images(folder: Path) -> Found:
    """Read the headers of all files in a folder and its subfolders.

    Links that lead out of the folder are ignored, as is everything that is neither a DICOM image nor named like one.
    """
    found, unknown = Found(), []
    for path in files_within(folder, "**/*"):
        try:
            marked = _read(path, found)
        except Exception:  # pydicom raises errors of many types on damaged files
            marked = _is_marked(path)
            if marked:
                found.damaged.append(Damaged(path))
        if not marked:
            unknown.append(path)
    kinds = {_name_kind(frame.path) for frame in found.frames} or {""}
    found.damaged += [Damaged(path) for path in unknown if _is_named_like_slices(path, kinds)]
    return found


def _read(path: Path, found: Found) -> bool:
    """Add what the file holds; False if it does not look like DICOM."""
    with DicomFile(path) as stream:
        head = stream.read(_MARK_AT + len(_MARK))
        marked = head[_MARK_AT:] == _MARK
        if not marked and head[:2] not in _GROUP_STARTS:
            return False
        stream.seek(0)
        dataset, tags, complete = _header(stream, path.stat().st_size)
        meta = getattr(dataset, "file_meta", {})
        series = str(tags.get("SeriesInstanceUID", ""))
        kind = str(tags.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")
        modality = tags.get("Modality")
        if not marked and not (series and modality):
            return False
        syntax = meta.get("TransferSyntaxUID")
        if not series or not modality:
            if not kind or kind in _IMAGE_CLASSES:
                found.damaged.append(Damaged(path, series))
        elif modality not in IMAGE_MODALITIES:
            found.others.append(Damaged(path, series))
        else:
            lacks_size = not {"Rows", "Columns"} <= set(tags)
            if lacks_size and kind and kind not in _IMAGE_CLASSES:
                return True  # spectra, raw data
            if lacks_size or not complete:
                found.damaged.append(Damaged(path, series))
            else:
                found.frames += _frames(path, dataset, tags, None if syntax is None else str(syntax))
        return True


def _header(stream: DicomFile, size: int) -> "tuple[FileDataset, Tags, bool]":
    """Return the data set, its tags, and whether all its pixels are in the file (if they are not compressed)."""
    from pydicom import dcmread
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # quote values
        dataset = dcmread(stream, stop_before_pixels=True, specific_tags=wanted_tags(), force=True)
        left = size - stream.tell()
        tags = tags_of(dataset)
    syntax = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID")
    if syntax is not None and (syntax.is_compressed or syntax == DeflatedExplicitVRLittleEndian):
        return dataset, tags, left > _EXPLICIT_BYTES or syntax == DeflatedExplicitVRLittleEndian
    frames = tag_number(tags.get("NumberOfFrames"), 1) if PER_FRAME in dataset else 1.0
    voxels = frames * tag_number(tags.get("Rows"), 1) * tag_number(tags.get("Columns"), 1)
    implied, _ = dataset.original_encoding
    bits = max(tag_number(tags.get("BitsAllocated"), 16), 8)
    return dataset, tags, left >= voxels * bits / 8 + (_IMPLICIT_BYTES if implied else _EXPLICIT_BYTES)


def _frames(path: Path, dataset: "FileDataset", tags: Tags, syntax: str | None) -> list[Frame]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames = frame_tags(dataset)
    if not frames:
        return [Frame(path, tags, None, syntax)]
    if len(frames) != int(tag_number(tags.get("NumberOfFrames"), 1)):
        raise ValueError("frames and their descriptions differ in number")
    return [Frame(path, one, number, syntax) for number, one in enumerate(frames)]


def _is_marked(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return stream.read(_MARK_AT + len(_MARK))[_MARK_AT:] == _MARK
    except OSError:
        return False


def _name_kind(path: Path) -> str:
    """Return the suffix of a name; none if it is the end of a number, as in names made of UIDs."""
    return "" if path.suffix[1:].isdigit() else path.suffix.lower()


def _is_named_like_slices(path: Path, kinds: set[str]) -> bool:
    kind = _name_kind(path)
    if path.name.startswith(".") or path.name.upper() in ("DICOMDIR", "THUMBS.DB"):
        return False
    if kind in _DICOM_SUFFIXES:
        return True
    return kind in kinds and not _is_text(path)


def _is_text(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return False
    return bool(head) and all(byte >= ord(" ") or byte in b"\t\n\f\r" for byte in head)
