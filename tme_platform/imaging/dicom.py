"""Read DICOM image series: select the series and phase, and order the slices. Outlines belong in ``mask``.

Only the tags listed in this file are read. None of them identifies a person, and messages quote no tags except series
number and modality.
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

from tme_platform.imaging._files import files_within
from tme_platform.imaging._phases import check_phase, subtract
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
# Smaller gaps and tilts come from rounding in the files.
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
        """Sort key of the phases at one slice position: temporal position, then time, then instance number."""
        names = ("TemporalPositionIdentifier", "TriggerTime", "AcquisitionTime", "ContentTime", "InstanceNumber")
        return tuple(tag_number(self.header.get(name)) for name in names)


def read_dicom_series(
    folder: Path, series: str | None = None, phase: int | None = None, minus: int | None = None
) -> sitk.Image:
    """Read one phase, or the difference of two phases, of one series in a folder.

    Parameters
    ----------
    folder
        Searched with its subfolders; files that are not DICOM images are ignored.
    series
        Series number, SeriesInstanceUID or its ``uid_digest``, if there are several series.
    phase
        Number of the phase, from 0 in order of time, if there are several images per slice position.
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
    _check_consistent(slices, folder)
    phases = _phases(slices, folder)
    if phase is None:
        if len(phases) > 1:
            raise ImagingError(
                "phase_ambiguous",
                f"{folder.name} has {len(phases)} phases of {len(phases[0])} slices; set phase (0 to "
                f"{len(phases) - 1}) in imaging.csv, and minus to subtract another.",
            )
        phase = 0
    image = _read_phase(phases, phase, folder)
    if minus is None:
        return image
    return subtract(image, _read_phase(phases, minus, folder))


def series_headers(folder: Path, series: str | None = None) -> "list[Dataset]":
    """Return the headers (listed tags only) of one series; errors as in ``read_dicom_series``."""
    return [one.header for one in _one_series(folder, series)]


def uid_digest(uid: str) -> str:
    """Return a short hash that identifies a series without disclosing its UID, which can be traced to a person."""
    return f"uid-{hashlib.sha256(uid.strip().encode()).hexdigest()[:16]}"


def _one_series(folder: Path, series: str | None) -> list[_Slice]:
    found: dict[str, list[_Slice]] = defaultdict(list)
    for one in _headers(files_within(folder, "**/*")):
        found[str(one.header.SeriesInstanceUID)].append(one)
    if not found:
        raise ImagingError("image_missing", f"{folder.name} contains no DICOM image; correct the path in imaging.csv.")
    named = _names(found)
    if series is not None:
        for name, uid in named.items():
            if series in (name, uid, uid_digest(uid)):
                return found[uid]
        raise ImagingError(
            "series_missing",
            f"{folder.name} has no series {series!r}, only {_listed(named, found)}; "
            "correct dicom_series in imaging.csv.",
        )
    if len(found) > 1:
        raise ImagingError(
            "series_ambiguous",
            f"{folder.name} contains {len(found)} series: {_listed(named, found)}; set dicom_series in imaging.csv.",
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
    """Map a short name of each series (its number, plus a letter if several share it) to its UID."""
    numbers = {uid: str(slices[0].header.get("SeriesNumber") or 0) for uid, slices in found.items()}
    uses, seen, names = Counter(numbers.values()), Counter[str](), {}
    for uid in sorted(numbers, key=lambda uid: (tag_number(numbers[uid]), uid)):
        number = numbers[uid]
        names[number if uses[number] == 1 else f"{number}{chr(ord('a') + seen[number])}"] = uid
        seen[number] += 1
    return names


def _listed(named: dict[str, str], found: dict[str, list[_Slice]]) -> str:
    return ", ".join(
        f"{name} ({found[uid][0].header.Modality}, {len(found[uid])} images)" for name, uid in named.items()
    )


def _check_consistent(slices: list[_Slice], folder: Path) -> None:
    first = slices[0]
    if len(slices) == 1 and int(tag_number(first.header.get("NumberOfFrames"), 1)) > 1:
        raise ImagingError(
            "image_multiframe", f"{folder.name} is a multi-frame image; convert it to single-frame DICOM or NIfTI."
        )
    if any(int(tag_number(one.header.get("SamplesPerPixel"), 1)) > 1 for one in slices):
        raise ImagingError("multi_component_colour", f"{folder.name} is a colour image; export grey values instead.")
    lacking = [
        one
        for one in slices
        if not {"ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"}
        <= {element.keyword for element in one.header}
    ]
    if lacking:
        raise ImagingError(
            "image_unreadable",
            f"{len(lacking)} of {len(slices)} images of {folder.name} lack position, orientation or pixel spacing; "
            "export the series again.",
        )
    spacing = np.array([one.header.PixelSpacing for one in slices], dtype=float)
    if not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise ImagingError("zero_spacing", f"{folder.name} has a pixel spacing that is not positive; export it again.")
    sizes = {(int(one.header.Rows), int(one.header.Columns)) for one in slices}
    turned = max(float(np.abs(one.orientation - first.orientation).max()) for one in slices)
    if len(sizes) > 1 or turned > _PARALLEL or np.ptp(spacing, axis=0).max() > _PARALLEL:
        raise ImagingError(
            "series_mixed",
            f"images of one series in {folder.name} differ in size, spacing or orientation; "
            "remove localisers and reformatted images.",
        )


def _phases(slices: list[_Slice], folder: Path) -> list[list[_Slice]]:
    """Group slices by position and order them by time; return the slices of each phase along the normal."""
    row, column = slices[0].orientation[:3], slices[0].orientation[3:]
    normal = np.cross(row, column)
    along = np.array([one.position @ normal for one in slices])
    by_position: dict[float, list[_Slice]] = defaultdict(list)
    for position, one in zip(np.round(along, 3), slices, strict=True):
        by_position[float(position)].append(one)
    counts = {len(images) for images in by_position.values()}
    if len(counts) > 1:
        raise ImagingError(
            "phases_incomplete",
            f"{folder.name} has {min(counts)} to {max(counts)} images per slice position: some are missing or "
            "duplicated; copy the series again.",
        )
    if len(by_position) < 2:
        raise ImagingError("image_not_3d", f"{folder.name} has one slice; at least two are required.")
    gaps = np.diff(sorted(by_position))
    usual = float(np.median(gaps))
    wide = int(np.rint(gaps / usual - 1)[gaps > _GAP_SHARE * usual].sum())
    if wide:
        raise ImagingError(
            "slices_missing",
            f"{folder.name} lacks {wide} slices between its {len(by_position)} slices of {usual:.2f} mm; "
            "copy the series again.",
        )
    if np.abs(gaps - usual).max() > _UNEVEN_SHARE * usual:
        raise ImagingError(
            "slices_uneven",
            f"slices of {folder.name} are {gaps.min():.2f} to {gaps.max():.2f} mm apart; resample it to equal spacing.",
        )
    ordered = [sorted(by_position[position], key=_Slice.order) for position in sorted(by_position)]
    return [list(phase) for phase in zip(*ordered, strict=True)]


def _read_phase(phases: list[list[_Slice]], number: int, folder: Path) -> sitk.Image:
    check_phase(number, len(phases), folder.name)
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
    # Positions have few decimals, so their differences are accurate to a micrometre at best.
    image.SetSpacing((across, down, round(float(np.linalg.norm(step)), 6)))
    image.SetDirection(np.column_stack([row, column, normal]).ravel().tolist())
    return image


def _undecodable(one: _Slice, folder: Path) -> ImagingError:
    syntax = one.header.file_meta.get("TransferSyntaxUID")
    if syntax is not None and syntax.is_compressed:
        return ImagingError(
            "image_compressed",
            f"{folder.name} is compressed ({syntax.name}) and cannot be decoded; export it uncompressed.",
        )
    return ImagingError("image_unreadable", f"pixel data of {folder.name} cannot be read; copy the series again.")


def tag_number(value: object, missing: float = -1.0) -> float:
    """Return the number a tag holds; ``missing`` if the tag is absent, empty, text or has several values."""
    try:
        return float(str(value))
    except ValueError:
        return missing
