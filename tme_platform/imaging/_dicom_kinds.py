"""Refuse a series whose images are not all of one kind, which would otherwise pass for phases.

Images of another size or orientation belong in ``_dicom_stack``.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from tme_platform.imaging._dicom_files import Frame
from tme_platform.imaging._dicom_tags import Tags, tag_number, tag_numbers, tag_words
from tme_platform.imaging.errors import ImagingError

_COMPONENTS = {"M": "magnitude", "P": "phase map", "R": "real", "I": "imaginary"}
_GE_COMPONENTS = ("magnitude", "phase map", "real", "imaginary")
_PROJECTIONS = {"PROJECTION IMAGE", "MIP", "MINIP", "MIP_SAG", "MIP_COR", "MIP_TRA", "MAXIP"}
_SUBTRACTIONS = {"SUB", "SUBTRACT", "SUBTRACTION", "SUBTRACTED"}
_B_VALUES = ("DiffusionBValue", "SiemensBValue", "PhilipsBValue", "GEBValue")
# GE adds a flag of 1e9 to b-values.
_GE_FLAG = 1e6
_ECHO_SHARE = 0.02
_MOST_NAMED = 4
_MOST_LETTERS = 16


def check_one_kind(frames: Sequence[Frame], folder: str) -> None:
    """Raise unless all images of a series can be slices of one volume or of its phases.

    Raises
    ------
    ImagingError
        ``image_mosaic``, ``multi_component_colour``, ``image_multiframe``, ``image_kinds_mixed``.
    """
    mosaics = sum("MOSAIC" in tag_words(one.tags.get("ImageType")) for one in frames)
    if mosaics:
        raise ImagingError(
            "image_mosaic",
            f"{folder} has {mosaics} mosaic images (Siemens), each with all slices in one plane; convert the series to "
            "NIfTI (dcm2niix), or export it without mosaics.",
        )
    if any(tag_number(one.tags.get("SamplesPerPixel"), 1) > 1 for one in frames):
        raise ImagingError("multi_component_colour", f"{folder} is a colour image; export grey values instead.")
    if any(one.number is None and tag_number(one.tags.get("NumberOfFrames"), 1) > 1 for one in frames):
        raise ImagingError(
            "image_multiframe",
            f"{folder} has a multi-frame image that does not say where its frames lie; convert it to enhanced or "
            "single-frame DICOM, or to NIfTI.",
        )
    for what, kind_of in (
        ("magnitude images with other parts of the signal", _component),
        ("original with derived images", _derivation),
    ):
        _refuse_several(Counter(filter(None, map(kind_of, frames))), what, folder)
    _refuse_several(Counter(_levels(frames, _echo, _ECHO_SHARE, "echo time {:g} ms")), "several echoes", folder)
    _refuse_several(Counter(_levels(frames, _b_value, 0.0, "b-value {:g}")), "several diffusion weightings", folder)


def check_one_image_type(groups: Sequence[Sequence[Frame]], folder: str) -> None:
    """Raise (``image_kinds_mixed``) if images at one slice position differ in the words of their image type."""
    frames = [one for group in groups for one in group]
    types = [tag_words(one.tags.get("ImageType")) for one in frames]
    common = set.intersection(*map(set, types)) if types else set()
    if any(len({tag_words(one.tags.get("ImageType")) for one in group}) > 1 for group in groups):
        words = [
            " ".join(word[:_MOST_LETTERS] for word in named if word not in common) or "plain image" for named in types
        ]
        _refuse_several(Counter(words), "several image types", folder)


def _refuse_several(kinds: Counter[str], what: str, folder: str) -> None:
    if len(kinds) < 2:
        return
    ordered = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    named = [f"{count} of {kind}" for kind, count in ordered[:_MOST_NAMED]]
    raise ImagingError(
        "image_kinds_mixed",
        f"{folder} mixes {what} in one series ({', '.join(named)}{', ...' if len(kinds) > _MOST_NAMED else ''}); "
        "put the files of one kind into a folder of their own.",
    )


def _component(one: Frame) -> str:
    stated = tag_words(one.tags.get("ComplexImageComponent"))
    if stated and stated[0] in ("MAGNITUDE", "PHASE", "REAL", "IMAGINARY"):
        return _COMPONENTS[stated[0][0]]
    number = tag_number(one.tags.get("GEComponent"))
    if number in range(len(_GE_COMPONENTS)):
        return _GE_COMPONENTS[int(number)]
    for word in tag_words(one.tags.get("ImageType"))[2:]:
        if word in ("MAGNITUDE", "PHASE", "PHASE MAP", "REAL", "IMAGINARY"):
            return _COMPONENTS[word[0]]
        if word in _COMPONENTS or word[:2] in ("M_", "P_", "R_", "I_"):
            return _COMPONENTS[word[0]]
    return ""


def _derivation(one: Frame) -> str:
    words = tag_words(one.tags.get("ImageType"))
    for names, kind in ((_PROJECTIONS, "projections"), (_SUBTRACTIONS, "subtractions")):
        if names & set(words[2:]):
            return kind
    return {"DERIVED": "derived", "ORIGINAL": "original"}.get(words[0], "") if words else ""


def _echo(tags: Tags) -> float:
    return tag_number(tags.get("EchoTime"))


def _b_value(tags: Tags) -> float:
    for name in _B_VALUES:
        numbers = tag_numbers(tags.get(name))
        if numbers:
            return numbers[0] % _GE_FLAG if name == "GEBValue" else numbers[0]
    return -1.0


def _levels(frames: Sequence[Frame], of: Callable[[Tags], float], share: float, text: str) -> list[str]:
    """Name the level of each image that has one; values that differ by less than a share are one level."""
    values = [value for one in frames if (value := of(one.tags)) >= 0]
    levels: list[float] = []
    for value in sorted(set(values)):
        if not levels or value - levels[-1] > share * levels[-1]:
            levels.append(value)
    return [text.format(max(level for level in levels if level <= value)) for value in values]
