"""Reading DICOM image series: which series, which phase, in which order. Outlines in DICOM are read elsewhere.

Only the tags named in this file are ever read; what identifies a person is not among them, and no message quotes a tag
beyond series number, modality and counts.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.errors import ImagingError

if TYPE_CHECKING:
    from pydicom import Dataset

_HEADER_TAGS = [
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "NumberOfFrames",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    "InstanceNumber",
    "TemporalPositionIdentifier",
    "AcquisitionTime",
    "ContentTime",
    "TriggerTime",
    "Manufacturer",
    "ManufacturerModelName",
    "MagneticFieldStrength",
    "RepetitionTime",
    "EchoTime",
    "FlipAngle",
    "SliceThickness",
]
_IMAGE_MODALITIES = {"MR", "CT", "PT"}
# Gaps and tilts below these come from rounding in the files.
_UNEVEN_SHARE = 0.05
_GAP_SHARE = 1.5
_PARALLEL = 1e-3


@dataclass(frozen=True)
class _Slice:
    path: Path
    header: "Dataset"

    @property
    def position(self) -> NDArray[np.float64]:
        return np.array(self.header.ImagePositionPatient, dtype=float)

    @property
    def orientation(self) -> NDArray[np.float64]:
        return np.array(self.header.ImageOrientationPatient, dtype=float)

    def order(self) -> tuple[float, ...]:
        """What tells phases apart at one place: position in time, then clock, then number."""
        names = ("TemporalPositionIdentifier", "TriggerTime", "AcquisitionTime", "ContentTime", "InstanceNumber")
        return tuple(_number(self.header.get(name)) for name in names)


def read_dicom_series(
    folder: Path, series: str | None = None, phase: int | None = None, minus: int | None = None
) -> sitk.Image:
    """Read one phase, or the difference of two, of one series in a folder.

    Parameters
    ----------
    folder
        Searched with its subfolders; files that are no DICOM images are passed over.
    series
        Series number (or SeriesInstanceUID, or its ``uid_digest``) if there are several series.
    phase
        Number of the phase, from 0 in the order of time, if slices repeat at each place.
    minus
        Number of the phase to subtract (``phase=1, minus=0`` is the first enhancement).

    Raises
    ------
    ImagingError
        ``series_missing``, ``series_ambiguous``, ``series_mixed``, ``phase_ambiguous``, ``phase_missing``,
        ``phases_incomplete``, ``slices_missing``, ``slices_uneven``, ``image_multiframe``, ``image_not_3d``,
        ``image_compressed``, ``image_unreadable``, ``multi_component_colour``, ``zero_spacing``.
    """
    slices = _one_series(folder, series)
    _check_alike(slices, folder)
    phases = _phases(slices, folder)
    if phase is None:
        if len(phases) > 1:
            raise ImagingError(
                "phase_ambiguous",
                f"{folder.name} has {len(phases)} phases of {len(phases[0])} slices; choose one (phase: 0 to "
                f"{len(phases) - 1}), or two to subtract (phase, minus).",
            )
        phase = 0
    image = _read_phase(phases, phase, folder)
    if minus is None:
        return image
    return sitk.Cast(image, sitk.sitkFloat64) - sitk.Cast(_read_phase(phases, minus, folder), sitk.sitkFloat64)


def series_headers(folder: Path, series: str | None = None) -> "list[Dataset]":
    """Return the headers (named tags only) of one series, first slice first; errors as ``read_dicom_series``."""
    return [one.header for one in _one_series(folder, series)]


def uid_digest(uid: str) -> str:
    """Short hash by which a series can be named where its UID, which leads to a person, must not stand."""
    return f"uid-{hashlib.sha256(uid.strip().encode()).hexdigest()[:16]}"


def _one_series(folder: Path, series: str | None) -> list[_Slice]:
    found: dict[str, list[_Slice]] = defaultdict(list)
    root = folder.resolve()  # links that lead out are no part of what landed
    landed = (path for path in folder.rglob("*") if path.is_file() and path.resolve().is_relative_to(root))
    for one in _headers(sorted(landed)):
        found[str(one.header.SeriesInstanceUID)].append(one)
    if not found:
        raise ImagingError("image_missing", f"{folder.name} holds no DICOM image; correct the path in imaging.csv.")
    named = _names(found)
    if series is not None:
        for name, uid in named.items():
            if series in (name, uid, uid_digest(uid)):
                return found[uid]
        raise ImagingError("series_missing", f"{folder.name} has no series {series!r}, only {_list(named, found)}.")
    if len(found) > 1:
        raise ImagingError(
            "series_ambiguous",
            f"{folder.name} holds {len(found)} series: {_list(named, found)}; name one in imaging.csv (dicom_series).",
        )
    return next(iter(found.values()))


def _headers(paths: Iterable[Path]) -> Iterable[_Slice]:
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    for path in paths:
        try:
            header = dcmread(path, stop_before_pixels=True, specific_tags=_HEADER_TAGS)
        except (InvalidDicomError, OSError, EOFError):
            continue
        if header.get("Modality") in _IMAGE_MODALITIES and "SeriesInstanceUID" in header:
            yield _Slice(path, header)


def _names(found: dict[str, list[_Slice]]) -> dict[str, str]:
    """Map a short name per series (its number, with a letter where two share it) to its UID."""
    numbers = {uid: str(slices[0].header.get("SeriesNumber") or 0) for uid, slices in found.items()}
    often, seen, names = Counter(numbers.values()), Counter[str](), {}
    for uid in sorted(numbers, key=lambda uid: (_number(numbers[uid]), uid)):
        number = numbers[uid]
        names[number if often[number] == 1 else f"{number}{chr(ord('a') + seen[number])}"] = uid
        seen[number] += 1
    return names


def _list(named: dict[str, str], found: dict[str, list[_Slice]]) -> str:
    return ", ".join(
        f"{name} ({found[uid][0].header.Modality}, {len(found[uid])} images)" for name, uid in named.items()
    )


def _check_alike(slices: list[_Slice], folder: Path) -> None:
    first = slices[0]
    if len(slices) == 1 and int(_number(first.header.get("NumberOfFrames"), 1)) > 1:
        raise ImagingError(
            "image_multiframe", f"{folder.name} is an enhanced multi-frame image; convert it to single slices or NIfTI."
        )
    if any(int(_number(one.header.get("SamplesPerPixel"), 1)) > 1 for one in slices):
        raise ImagingError("multi_component_colour", f"{folder.name} is a colour image; export the grey values.")
    lacking = [
        one
        for one in slices
        if not {"ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"}
        <= {element.keyword for element in one.header}
    ]
    if lacking:
        raise ImagingError(
            "image_unreadable", f"{len(lacking)} of {len(slices)} images of {folder.name} do not say where they lie."
        )
    spacing = np.array([one.header.PixelSpacing for one in slices], dtype=float)
    if not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise ImagingError("zero_spacing", f"{folder.name} has a pixel spacing that is not above 0 mm.")
    sizes = {(int(one.header.Rows), int(one.header.Columns)) for one in slices}
    turned = max(float(np.abs(one.orientation - first.orientation).max()) for one in slices)
    if len(sizes) > 1 or turned > _PARALLEL or np.ptp(spacing, axis=0).max() > _PARALLEL:
        raise ImagingError(
            "series_mixed",
            f"images of one series in {folder.name} differ in size, spacing or direction; "
            "remove localisers and reformats.",
        )


def _phases(slices: list[_Slice], folder: Path) -> list[list[_Slice]]:
    """Group by place, order by time: one list of slices, along the normal, per phase."""
    row, column = slices[0].orientation[:3], slices[0].orientation[3:]
    normal = np.cross(row, column)
    along = np.array([one.position @ normal for one in slices])
    places: dict[float, list[_Slice]] = defaultdict(list)
    for place, one in zip(np.round(along, 3), slices, strict=True):
        places[float(place)].append(one)
    counts = {len(there) for there in places.values()}
    if len(counts) > 1:
        raise ImagingError(
            "phases_incomplete",
            f"{folder.name} has {min(counts)} to {max(counts)} images per slice; images are missing or double.",
        )
    if len(places) < 2:
        raise ImagingError("image_not_3d", f"{folder.name} has one slice; a volume of at least two is needed.")
    gaps = np.diff(sorted(places))
    usual = float(np.median(gaps))
    wide = int(np.rint(gaps / usual - 1)[gaps > _GAP_SHARE * usual].sum())
    if wide:
        raise ImagingError(
            "slices_missing", f"{folder.name} lacks {wide} slices among {len(places)} of {usual:.2f} mm; copy it again."
        )
    if np.abs(gaps - usual).max() > _UNEVEN_SHARE * usual:
        raise ImagingError(
            "slices_uneven",
            f"slices of {folder.name} are {gaps.min():.2f} to {gaps.max():.2f} mm apart; resample it to even slices.",
        )
    ordered = [sorted(places[place], key=_Slice.order) for place in sorted(places)]
    return [list(phase) for phase in zip(*ordered, strict=True)]


def _read_phase(phases: list[list[_Slice]], number: int, folder: Path) -> sitk.Image:
    if not 0 <= number < len(phases):
        raise ImagingError(
            "phase_missing", f"{folder.name} has no phase {number}; its phases are 0 to {len(phases) - 1}."
        )
    slices = phases[number]
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(one.path) for one in slices])
    scales = {(one.header.get("RescaleSlope"), one.header.get("RescaleIntercept")) for one in slices}
    if len(scales) > 1:
        reader.SetOutputPixelType(sitk.sitkFloat64)
    try:
        volume = reader.Execute()
    except RuntimeError as error:
        raise _undecodable(slices[0], folder) from error
    row, column = slices[0].orientation[:3], slices[0].orientation[3:]
    step = (slices[-1].position - slices[0].position) / (len(slices) - 1)
    normal = step / np.linalg.norm(step)
    down, across = (float(s) for s in slices[0].header.PixelSpacing)
    image = sitk.GetImageFromArray(sitk.GetArrayFromImage(volume))
    image.SetOrigin(slices[0].position.tolist())
    # Positions have few decimals: their differences are no more exact than a micrometre.
    image.SetSpacing((across, down, round(float(np.linalg.norm(step)), 6)))
    image.SetDirection(np.column_stack([row, column, normal]).ravel().tolist())
    return image


def _undecodable(one: _Slice, folder: Path) -> ImagingError:
    syntax = one.header.file_meta.get("TransferSyntaxUID")
    if syntax is not None and syntax.is_compressed:
        return ImagingError(
            "image_compressed", f"{folder.name} is compressed ({syntax.name}) and cannot be unpacked; export it plain."
        )
    return ImagingError("image_unreadable", f"pixels of {folder.name} cannot be read; copy the series again.")


def _number(value: object, missing: float = -1.0) -> float:
    try:
        return float(str(value))
    except (TypeError, ValueError):
        return missing
