"""Acquisition parameters of a series: the few DICOM tags that matter for a signature. No other tags are returned."""

from pathlib import Path

import numpy as np

from tme_platform.imaging._boundary import reads
from tme_platform.imaging._dicom_tags import tag_number, tag_numbers
from tme_platform.imaging._volume import read_spacing
from tme_platform.imaging.dicom import series_headers

_GAUSS_PER_TESLA = 1e4


@reads("image")
def acquisition_tags(path: str | Path, series: str | None = None) -> dict[str, str | float]:
    """Return manufacturer, model, field strength, TR, TE, flip angle, spacing and slice thickness.

    Parameters
    ----------
    path
        A DICOM folder, or an image file, which only holds the spacing.
    series
        Series number or UID, if the folder holds several.

    Returns
    -------
    dict
        ``manufacturer``, ``model`` ("" if unknown), ``field_strength_t``, ``repetition_time_ms``, ``echo_time_ms``,
        ``flip_angle_deg``, ``spacing_x_mm``, ``spacing_y_mm``, ``slice_thickness_mm`` (NaN if unknown).

    Raises
    ------
    ImagingError
        If the series is not found or cannot be read.
    """
    path = Path(path)
    if not path.is_dir():
        return _of_file(read_spacing(path, "image"))
    header = series_headers(path, series)[0]
    down, across = (*tag_numbers(header.get("PixelSpacing")), np.nan, np.nan)[:2]
    field = _number(header.get("MagneticFieldStrength"))
    return {
        "manufacturer": str(header.get("Manufacturer") or ""),
        "model": str(header.get("ManufacturerModelName") or ""),
        # Some older scanners store gauss.
        "field_strength_t": field / _GAUSS_PER_TESLA if field > 100 else field,
        "repetition_time_ms": _number(header.get("RepetitionTime")),
        "echo_time_ms": _number(header.get("EchoTime")),
        "flip_angle_deg": _number(header.get("FlipAngle")),
        "spacing_x_mm": across,
        "spacing_y_mm": down,
        "slice_thickness_mm": _number(header.get("SliceThickness")),
    }


@reads("image")
def image_modality(path: str | Path, series: str | None = None) -> str:
    """Return the DICOM modality of a series (``MR``, ``CT``, ``PT``); "" for an image file, which does not store it.

    Raises
    ------
    ImagingError
        If the series is not found or cannot be read.
    """
    path = Path(path)
    return str(series_headers(path, series)[0].get("Modality") or "") if path.is_dir() else ""


def _of_file(spacing: tuple[float, ...]) -> dict[str, str | float]:
    unknown = dict.fromkeys(("field_strength_t", "repetition_time_ms", "echo_time_ms", "flip_angle_deg"), np.nan)
    x, y, z = spacing
    text: dict[str, str | float] = {"manufacturer": "", "model": ""}
    return text | unknown | {"spacing_x_mm": x, "spacing_y_mm": y, "slice_thickness_mm": z}


def _number(value: object) -> float:
    return tag_number(value, missing=np.nan)
