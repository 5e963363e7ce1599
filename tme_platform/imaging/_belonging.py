"""Whether a DICOM outline belongs to a DICOM image: patient, frame of reference, referenced images.

Identifiers are compared here and nowhere kept; messages do not quote them. An image that is not from DICOM cannot be
compared.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._dicom_read import read_dataset
from tme_platform.imaging._source import Source, source_of
from tme_platform.imaging.dicom import series_files
from tme_platform.imaging.errors import ImagingError

if TYPE_CHECKING:
    from pydicom import Dataset

_TAGS = ["PatientID", "FrameOfReferenceUID", "SOPInstanceUID"]
_DEEPEST = 8


def check_belonging(outline: "Dataset", frames: set[str], reference: sitk.Image, name: str) -> str:
    """Raise unless a DICOM outline belongs to the series its image was read from.

    Parameters
    ----------
    outline
        The SEG or RTSTRUCT object.
    frames
        The frames of reference it states.
    reference
        The image; nothing is compared unless it comes from DICOM.
    name
        The outline's name in messages.

    Returns
    -------
    str
        A note if the outline refers to images of another series in the same frame of reference, otherwise empty.

    Raises
    ------
    ImagingError
        ``patient_mismatch``, ``frame_of_reference_mismatch``, or ``series_mismatch`` (no frame of reference to compare,
        and none of the images that the outline refers to is in the series).
    """
    source = source_of(reference)
    if source is None:
        return ""
    image = _identity(source)
    patients = image["PatientID"]
    patient = _text(outline.get("PatientID"))
    if patient and patients and patient not in patients:
        raise ImagingError(
            "patient_mismatch",
            f"{name} belongs to another patient than its image (PatientID differs); correct the row in imaging.csv, "
            "or give both the same pseudonym.",
        )
    if frames and image["FrameOfReferenceUID"] and not frames & image["FrameOfReferenceUID"]:
        raise ImagingError(
            "frame_of_reference_mismatch",
            f"{name} was drawn in another frame of reference than its image (FrameOfReferenceUID differs), so their "
            "coordinates cannot be compared; use the outline of this examination, or register it to the image.",
        )
    referenced = _referenced(outline)
    if not referenced or referenced & image["SOPInstanceUID"]:
        return ""
    if frames and image["FrameOfReferenceUID"]:
        return "outline refers to images of another series in the same frame of reference"
    raise ImagingError(
        "series_mismatch",
        f"{name} refers to {len(referenced)} images, none of which is in the series of its image, and no frame of "
        "reference shows that both share coordinates; name the series that was outlined (dicom_series).",
    )


def structure_frames(structures: "Dataset", roi: int) -> set[str]:
    """Return the frames of reference of a structure, or those of the whole object if the structure states none."""
    try:
        own = {
            _text(item.get("ReferencedFrameOfReferenceUID"))
            for item in structures.get("StructureSetROISequence") or []
            if _text(item.get("ROINumber")) == str(roi)
        } - {""}
        named = {
            _text(item.get("FrameOfReferenceUID"))
            for item in structures.get("ReferencedFrameOfReferenceSequence") or []
        }
    except Exception:
        # A sequence that cannot be read states no frame of reference.
        return set()
    return own or (named | {_text(structures.get("FrameOfReferenceUID"))}) - {""}


def segment_frames(segmentation: "Dataset") -> set[str]:
    """Return the frame of reference of a SEG object."""
    return {_text(segmentation.get("FrameOfReferenceUID"))} - {""}


def _identity(source: Source) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {tag: set() for tag in _TAGS}
    for path in series_files(source.folder, source.series):
        own = read_dataset(path, stop_before_pixels=True, specific_tags=_TAGS, force=True)
        for tag in _TAGS:
            found[tag].add(_text(own.get(tag)))
    return {tag: values - {""} for tag, values in found.items()}


def _referenced(outline: "Dataset") -> set[str]:
    """Return the images an outline refers to, in whichever of its sequences."""
    found: set[str] = set()
    waiting: list[tuple[Iterable[Any], int]] = [([outline], 0)]
    while waiting:
        datasets, depth = waiting.pop()
        for dataset in datasets:
            try:
                for element in dataset:
                    if element.keyword == "ReferencedSOPInstanceUID":
                        found.add(_text(element.value))
                    elif element.VR == "SQ" and depth < _DEEPEST:
                        waiting.append((element.value or [], depth + 1))
            except Exception:  # noqa: S112 - an element that cannot be read refers to nothing
                continue
    return found - {""}


def _text(value: object) -> str:
    return "" if value is None else str(value).strip().strip("\0").strip()
