"""Read the voxels of one phase. Which images belong to it is decided in ``_dicom_stack`` and ``_dicom_order``."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging._dicom_files import Frame
from tme_platform.imaging._dicom_read import DicomFile, may_be_given_to_itk, read_dataset
from tme_platform.imaging._dicom_tags import tag_number, tag_numbers
from tme_platform.imaging._plain_header import refuse_large
from tme_platform.imaging.errors import ImagingError

_MOST_NAMED = 5


def read_phase(frames: Sequence[Frame], placed: Sequence[Frame], folder: str) -> sitk.Image:
    """Return the slices of a phase as a volume, with the geometry of the first phase (``placed``)."""
    _check_size(frames, folder)
    multi_frame = any(one.number is not None for one in frames)
    by_itk = not multi_frame and all(_may_be_given_to_itk(one) for one in frames)
    values = _slice_files(frames, folder) if by_itk else _frames_of_files(frames, folder)
    orientation = np.array(tag_numbers(placed[0].tags["ImageOrientationPatient"]))
    first, last = (np.array(tag_numbers(one.tags["ImagePositionPatient"])) for one in (placed[0], placed[-1]))
    step = (last - first) / (len(placed) - 1)
    normal = step / np.linalg.norm(step)
    down, across = tag_numbers(placed[0].tags["PixelSpacing"])
    image = sitk.GetImageFromArray(values)
    image.SetOrigin(first.tolist())
    # Positions have few decimals, so their differences are accurate to a micrometre at best.
    image.SetSpacing((across, down, round(float(np.linalg.norm(step)), 6)))
    image.SetDirection(np.column_stack([orientation[:3], orientation[3:], normal]).ravel().tolist())
    return image


def _check_size(frames: Sequence[Frame], folder: str) -> None:
    """Raise (``image_too_large``) if a few compressed bytes are to become a large volume."""
    down, across = _size(frames[0])
    voxels = float(down) * across * len(frames)
    declared = voxels * max(tag_number(frames[0].tags.get("BitsAllocated"), 16), 8) / 8
    stored = sum(path.stat().st_size for path in {one.path for one in frames})
    refuse_large(voxels, declared, stored, folder, "image")


def _slice_files(frames: Sequence[Frame], folder: str) -> NDArray[np.generic]:
    reader = sitk.ImageSeriesReader()
    reader.SetImageIO("GDCMImageIO")  # whatever else the files look like
    reader.SetFileNames([str(one.path) for one in frames])
    if len({_scale(one) for one in frames}) > 1:
        reader.SetOutputPixelType(sitk.sitkFloat64)
    try:
        values: NDArray[np.generic] = sitk.GetArrayFromImage(reader.Execute())
    except RuntimeError as error:
        raise _undecodable(frames, folder) from error
    if values.shape != (len(frames), *_size(frames[0])):
        raise _undecodable(frames, folder)
    return values


def _frames_of_files(frames: Sequence[Frame], folder: str) -> NDArray[np.generic]:
    """Decode only the frames of the phase; each has its own rescaling."""
    from pydicom.pixels import iter_pixels
    from pydicom.uid import DeflatedExplicitVRLittleEndian

    inflated = {one.path for one in frames if one.syntax == DeflatedExplicitVRLittleEndian}
    wanted: dict[Path, list[int]] = {}
    for one in frames:
        wanted.setdefault(one.path, []).append(one.number or 0)
    planes: dict[tuple[Path, int], NDArray[np.generic]] = {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # quote values
            for path, numbers in wanted.items():
                with DicomFile(path) as stream:
                    source = read_dataset(path) if path in inflated else stream
                    decoded = iter_pixels(source, indices=numbers, raw=True)
                    planes |= zip(((path, n) for n in numbers), decoded, strict=True)
    except Exception as error:  # decoders raise errors of many types
        raise _undecodable(frames, folder) from error
    stacked: NDArray[np.generic] = np.stack([planes[one.path, one.number or 0] for one in frames])
    scales = [_scale(one) for one in frames]
    if stacked.shape != (len(frames), *_size(frames[0])):
        raise _undecodable(frames, folder)
    if all(scale == (1.0, 0.0) for scale in scales):
        return stacked
    slopes, intercepts = (np.array(values)[:, None, None] for values in zip(*scales, strict=True))
    rescaled: NDArray[np.generic] = stacked * slopes + intercepts
    return rescaled


def _scale(one: Frame) -> tuple[float, float]:
    return tag_number(one.tags.get("RescaleSlope"), 1.0), tag_number(one.tags.get("RescaleIntercept"), 0.0)


def _size(one: Frame) -> tuple[int, int]:
    return int(tag_number(one.tags["Rows"])), int(tag_number(one.tags["Columns"]))


def _may_be_given_to_itk(one: Frame) -> bool:
    down, across = _size(one)
    return may_be_given_to_itk(one.path, down * across if _is_compressed(one) else None)


def _is_compressed(one: Frame) -> bool:
    from pydicom.uid import UID

    syntax = UID(one.syntax or "")
    return bool(syntax.is_valid and syntax.is_transfer_syntax and syntax.is_compressed)


def _undecodable(frames: Sequence[Frame], folder: str) -> ImagingError:
    from pydicom.uid import UID

    bad = sorted({one.path.name for one in frames if not _opens(one)})
    some = 0 < len(bad) < len(frames)
    if _is_compressed(frames[0]) and not some:
        return ImagingError(
            "image_compressed",
            f"{folder} is compressed ({UID(frames[0].syntax or '').name}) and cannot be decoded; export it "
            "uncompressed.",
        )
    named = f" ({', '.join(bad[:_MOST_NAMED])})" if bad else ""
    return ImagingError(
        "slices_unreadable" if some else "image_unreadable",
        f"pixel data of {len(bad) or len(frames)} of {len(frames)} images of {folder} cannot be read{named}; copy the "
        "series again.",
    )


def _opens(one: Frame) -> bool:
    if not _may_be_given_to_itk(one):
        return False
    try:
        width, height = sitk.ReadImage(str(one.path), imageIO="GDCMImageIO").GetSize()[:2]
    except RuntimeError:
        return False
    return bool((height, width) == _size(one))
