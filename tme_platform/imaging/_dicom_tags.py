"""The DICOM tags that are read, as plain text by keyword. Finding files belongs in ``_dicom_files``.

Dates, times and UIDs are read to order and to compare images; they are never put into messages or tables.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.tag import BaseTag

Tags = dict[str, str | tuple[str, ...]]
"""Text of each tag by keyword, several values as a tuple; tags without a value are absent."""

_KEYWORDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "ImageType",
    "ComplexImageComponent",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "NumberOfFrames",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    "InstanceNumber",
    "AcquisitionNumber",
    "ImagesInAcquisition",
    "NumberOfSlices",
    "NumberOfTemporalPositions",
    "TemporalPositionIdentifier",
    "AcquisitionDateTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "ContentDate",
    "ContentTime",
    "TriggerTime",
    "DiffusionBValue",
    "Manufacturer",
    "ManufacturerModelName",
    "MagneticFieldStrength",
    "RepetitionTime",
    "EchoTime",
    "FlipAngle",
    "SliceThickness",
)
_PRIVATE = {
    "SiemensBValue": ("SIEMENS", 0x0019100C),
    "PhilipsBValue": ("PHILIPS", 0x20011003),
    "GEBValue": ("GE", 0x00431039),
    "GEComponent": ("GE", 0x0043102F),
}
SHARED, PER_FRAME = "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"
"""Where enhanced images keep the tags of their frames."""
# Names of the same thing in the functional groups of enhanced images.
_ENHANCED = {
    "TemporalPositionIdentifier": "TemporalPositionIndex",
    "AcquisitionDateTime": "FrameAcquisitionDateTime",
    "ImageType": "FrameType",
    "EchoTime": "EffectiveEchoTime",
    "TriggerTime": "TemporalPositionTimeOffset",
}


def wanted_tags() -> "list[BaseTag | int | str]":
    """Return what ``pydicom.dcmread`` should read of a file."""
    return [*_KEYWORDS, SHARED, PER_FRAME, *(number for _, number in _PRIVATE.values())]


def tags_of(dataset: "Dataset") -> Tags:
    """Return the tags of a single-frame image, or those that all frames of a file share."""
    tags = {keyword: text for keyword in _KEYWORDS if (text := _text(dataset, keyword))}
    maker = str(tags.get("Manufacturer", "")).upper()
    for name, (prefix, number) in _PRIVATE.items():
        if maker.startswith(prefix) and (text := _text(dataset, number)):
            tags[name] = text
    return tags


def frame_tags(dataset: "Dataset") -> list[Tags]:
    """Return the tags of each frame of an enhanced image: its own functional groups, the shared ones, the file's."""
    common = tags_of(dataset) | _grouped(dataset.get(SHARED))
    return [common | _grouped([groups]) for groups in dataset.get(PER_FRAME) or []]


def tag_number(value: object, missing: float = -1.0) -> float:
    """Return the number a tag holds; ``missing`` if the tag is absent, empty, text or has several values."""
    try:
        return float(str(value))
    except ValueError:
        return missing


def tag_numbers(value: object) -> tuple[float, ...]:
    """Return the numbers that a tag holds, NaN for what is none."""
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    return tuple(tag_number(one, float("nan")) for one in values)


def tag_words(value: object) -> tuple[str, ...]:
    """Return the values of a tag in upper case."""
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    return tuple(str(one).strip().upper() for one in values)


def _grouped(groups: object) -> Tags:
    """Return the tags in the items of functional groups."""
    tags: Tags = {}
    for item in _items(groups):
        for keyword in _KEYWORDS:
            for name in (keyword, _ENHANCED.get(keyword, keyword)):
                if name in item and (text := _text(item, name)):
                    tags[keyword] = text
    return tags


def _items(groups: object) -> "Iterator[Dataset]":
    for group in groups or ():  # type: ignore[attr-defined]
        for element in group:
            if element.VR == "SQ":
                yield from element.value


def _text(dataset: "Dataset", tag: int | str) -> str | tuple[str, ...] | None:
    if tag not in dataset:
        return None
    value = dataset[tag].value
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value).strip("\0 ")
    return tuple(str(one).strip("\0 ") for one in value)
