"""Quality measures and warnings of one outlined series: a row of the quality table. Nothing is rejected here."""

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.dicom import SERIES_NOTE
from tme_platform.imaging.geometry import foreground_box
from tme_platform.imaging.regions import delineate
from tme_platform.imaging.settings import RegionSettings

_SMALL_ML = 0.1
_SHARE_LOST = 0.2
# Notes on outlines that keep their voxels.
_HARMLESS = ("grid differs by float noise", "voxels of the image's grid")


def region_quality(
    image: sitk.Image,
    mask: sitk.Image,
    settings: RegionSettings | None = None,
    *,
    exclude: sitk.Image | None = None,
) -> dict[str, float | int | str | bool]:
    """Describe an outlined series in one table row.

    Parameters
    ----------
    image, mask, exclude
        As in ``regions``.
    settings
        The study's if None.

    Returns
    -------
    dict
        ``volume_mm3`` and ``volume_ml`` (of the outline's own voxels), ``voxels``, ``components`` (face-connected),
        ``cavities``, ``slices``, ``size_*`` (voxels), ``spacing_*_mm``, ``intensity_min/max/mean/sd``,
        ``tumour_intensity_mean/sd``, ``ring_volume_mm3``, ``ring_air_share``, ``ring_vessel_share``,
        ``ring_excluded_share`` (of the ring before anything was left out), ``air_below``, ``touches_border``,
        ``border_voxels``, ``geometry_note``, ``geometry_mismatch_mm`` and ``warnings`` (sentences, joined by "; ").

    Raises
    ------
    ImagingError
        As in ``regions``.
    """
    found = delineate(image, mask, settings, exclude=exclude)
    inside = sitk.GetArrayViewFromImage(mask) != 0
    values = sitk.GetArrayViewFromImage(image)
    low, high = foreground_box(mask)
    voxel_mm3 = float(np.prod(image.GetSpacing()))
    binary = sitk.Cast(mask != 0, sitk.sitkUInt8)
    ring = max(found.ring_voxels, 1)
    border = _border_voxels(inside)
    row: dict[str, float | int | str | bool] = {
        "voxels": int(inside.sum()),
        "volume_mm3": float(inside.sum()) * voxel_mm3,
        "volume_ml": float(inside.sum()) * voxel_mm3 / 1000,
        "components": _components(binary),
        "cavities": _components(sitk.BinaryFillhole(binary, False, 1.0) - binary),
        "slices": int((high - low + 1)[2]),
        **{f"size_{axis}": int(n) for axis, n in zip("xyz", image.GetSize(), strict=True)},
        **{f"spacing_{axis}_mm": float(s) for axis, s in zip("xyz", image.GetSpacing(), strict=True)},
        "intensity_min": float(values.min()),
        "intensity_max": float(values.max()),
        "intensity_mean": float(values.mean(dtype=np.float64)),
        "intensity_sd": float(values.std(dtype=np.float64)),
        "tumour_intensity_mean": float(values[inside].mean(dtype=np.float64)),
        "tumour_intensity_sd": float(values[inside].std(dtype=np.float64)),
        "ring_volume_mm3": float(sitk.GetArrayViewFromImage(found.ring).sum())
        * float(np.prod(found.ring.GetSpacing())),
        "ring_air_share": found.air_voxels / ring,
        "ring_vessel_share": found.vessel_voxels / ring,
        "ring_excluded_share": found.excluded_voxels / ring,
        "air_below": found.air_below,
        "touches_border": border > 0,
        "border_voxels": border,
        "geometry_note": _metadata(mask, "geometry_note", ""),
        "geometry_mismatch_mm": float(_metadata(mask, "geometry_mismatch_mm", "0")),
    }
    about_series = [f"image: {_metadata(image, SERIES_NOTE, '')}"] if image.HasMetaDataKey(SERIES_NOTE) else []
    return row | {"warnings": "; ".join(_warnings(row, bool((low == high).any())) + about_series)}


def _components(binary: sitk.Image) -> int:
    labelled = sitk.ConnectedComponent(binary, False)
    return int(sitk.GetArrayViewFromImage(labelled).max())


def _border_voxels(inside: np.ndarray) -> int:
    core = inside[1:-1, 1:-1, 1:-1]
    return int(inside.sum()) - int(core.sum())


def _metadata(image: sitk.Image, key: str, default: str) -> str:
    return str(image.GetMetaData(key)) if image.HasMetaDataKey(key) else default


def _tells(note: str) -> bool:
    return note != "" and not note.startswith(_HARMLESS)


def _warnings(row: dict[str, float | int | str | bool], flat: bool) -> list[str]:
    lost = float(row["ring_air_share"]) + float(row["ring_vessel_share"]) + float(row["ring_excluded_share"])
    candidates = [
        (flat, "outline spans one slice: no resampling across it, ring in that slice only"),
        (int(row["components"]) > 1, f"outline has {row['components']} separate parts, each with its own ring"),
        (int(row["cavities"]) > 0, f"outline has {row['cavities']} closed cavities: ring follows the outer border"),
        (bool(row["touches_border"]), "outline touches the edge of the image: ring is open there"),
        (float(row["volume_ml"]) < _SMALL_ML, f"outline is small ({float(row['volume_mm3']):.0f} mm3)"),
        (lost > _SHARE_LOST, f"{lost:.0%} of the ring was left out as air, vessel or excluded tissue"),
        (float(row["ring_volume_mm3"]) == 0, "nothing is left of the ring: its features are missing"),
        (_tells(str(row["geometry_note"])), f"outline: {row['geometry_note']}"),
    ]
    return [text for holds, text in candidates if holds]
