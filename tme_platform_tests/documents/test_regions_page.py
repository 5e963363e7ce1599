"""The script of the page about regions, which uses nothing of the platform, gives the platform's masks and features."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import RegionSettings, delineate, read_mask, read_series
from tme_platform.radiomics import ExtractionSettings, extract
from tme_platform_tests.support.pages import DOCS, blocks

PAGE = DOCS / "regions.md"
SPACINGS = {
    "thick": (0.75, 0.75, 3.0),
    "oblique": (0.9, 1.1, 2.5),
    "plain": (1.0, 1.0, 1.0),
    "one_slice": (0.8, 0.8, 4.0),
}


def script(old: str = "", new: str = "", **constants: Any) -> dict[str, Any]:
    """Run the blocks of the page, with `old` replaced by `new`, and return its names."""
    text = "\n".join(blocks(PAGE, "python"))
    assert "tme_platform" not in text
    assert text.count(old) == 1 or not old
    names: dict[str, Any] = {}
    exec(compile(text.replace(old, new) if old else text, PAGE.name, "exec"), names)  # noqa: S102
    assert set(constants) <= set(names)
    names.update(constants)  # in place: the functions of the script look their constants up here
    return names


def phantom(kind: str) -> tuple[sitk.Image, sitk.Image]:
    """A body in noisy air with fat, a vessel and a bright lesion of about 13 mm, and its outline."""
    spacing = SPACINGS[kind]
    counts = [round(side / step) for side, step in zip((40, 36, 33), spacing, strict=True)]
    x, y, z = (
        np.arange(n).reshape(shape) * step - n * step / 2
        for n, step, shape in zip(counts, spacing, ((1, 1, -1), (1, -1, 1), (-1, 1, 1)), strict=True)
    )
    random = np.random.default_rng(len(kind))
    radius = np.sqrt((x / 1.1) ** 2 + y**2 + (z / 1.2) ** 2)
    values = 150 + 250 * (y < -9) + 300 * (np.hypot(x - 8, z) < 2) + 60 * np.clip(7 - radius, 0, 3)
    values = np.where(y > 5.4, 12.0, values) + random.normal(0, 6, radius.shape)
    inside = radius < 6.5
    if kind == "thick":
        inside &= radius > 2  # a closed cavity
        values = np.round(values)
    if kind == "one_slice":
        inside &= np.arange(counts[2]).reshape(-1, 1, 1) == counts[2] // 2
    if kind == "oblique":
        inside = (radius < 6.5) | (x > 17.5) & (abs(y) < 4) & (abs(z) < 5)  # a second part, at the edge of the image
    image = sitk.GetImageFromArray(values.astype("int16" if kind == "thick" else "float32"))
    mask = sitk.GetImageFromArray(inside.astype("uint8"))
    for volume in (image, mask):
        volume.SetSpacing(spacing)
        if kind == "oblique":
            volume.SetOrigin((-31.7, 12.3, 104.9))
            volume.SetDirection((0.8, 0.6, 0.0, -0.6, 0.8, 0.0, 0.0, 0.0, 1.0))
    return image, mask


def different_voxels(found: tuple[sitk.Image, np.ndarray, np.ndarray], ours: dict[str, sitk.Image]) -> list[int]:
    grid, *masks = found
    for mask in ours.values():
        assert np.allclose(mask.GetOrigin(), grid.GetOrigin())
        assert np.allclose(mask.GetSpacing(), grid.GetSpacing())
    pairs = zip(masks, ours.values(), strict=True)
    return [int((theirs != (sitk.GetArrayFromImage(mask) != 0)).sum()) for theirs, mask in pairs]


def relative_difference(ours: pd.Series, theirs: pd.Series) -> float:
    """As the page says: values below 0.001 are compared relative to 0.001."""
    return float(((ours[theirs.index] - theirs).abs() / theirs.abs().clip(lower=1e-3)).max())


@pytest.mark.parametrize("kind", SPACINGS)
def test_masks_are_the_same_voxel_by_voxel(kind: str) -> None:
    image, mask = phantom(kind)
    ours = delineate(image, mask)
    assert ours.air_voxels > 0
    assert different_voxels(script()["regions"](image, mask), ours.masks()) == [0, 0]


def test_masks_with_vessels_other_widths_and_an_exclusion_mask_are_the_same() -> None:
    image, mask = phantom("oblique")
    exclude = image * 0
    exclude[20:24, 5:28, 4:9] = 1  # from the middle of the lesion to beyond its border
    settings = RegionSettings(inner_mm=1.0, outer_mm=3.5, vessel_sd=1.5, spacing_mm=0.8, pad_voxels=6)
    names = script(INNER_MM=1.0, OUTER_MM=3.5, VESSEL_SD=1.5, SPACING_MM=0.8, PAD_VOXELS=6)
    ours = delineate(image, mask, settings, exclude=exclude)
    assert min(ours.air_voxels, ours.vessel_voxels, ours.excluded_voxels) > 0
    assert different_voxels(names["regions"](image, mask, exclude), ours.masks()) == [0, 0]


def test_masks_of_a_real_tumour_are_the_same(landing: Path) -> None:
    folder = landing / "soft_tissue_mr" / "images"
    image = read_series(folder / "STS_008_MR_T1_image.nii.gz")
    mask = read_mask(folder / "STS_008_MR_T1_mask.nii.gz", image)
    assert different_voxels(script()["regions"](image, mask), delineate(image, mask).masks()) == [0, 0]


def test_all_features_are_the_same_from_the_files_on(tmp_path: Path) -> None:
    files = tmp_path / "image.nii.gz", tmp_path / "outline.nii.gz"
    for volume, file in zip(phantom("thick"), files, strict=True):
        sitk.WriteImage(volume, str(file))
    names = script()
    theirs = names["features"](*names["read"](*map(str, files)))
    image = read_series(files[0])
    ours = extract(image, read_mask(files[1], image), ExtractionSettings())
    assert list(theirs.index) == list(ours.index)
    assert len(theirs) == 958
    assert relative_difference(ours, theirs) < 1e-9


@pytest.mark.parametrize("kind", ["oblique", "plain", "one_slice"])
def test_features_of_the_original_image_are_the_same(kind: str) -> None:
    image, mask = phantom(kind)
    theirs = script(IMAGE_TYPES=("Original",))["features"](image, mask)
    assert relative_difference(extract(image, mask, ExtractionSettings(image_types=("Original",))), theirs) < 1e-9


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.3 * spacing", "0.5 * spacing"),
        ("2 * smooth - ndimage.gaussian_filter(smooth, sigma, truncate=3.0)", "smooth"),
        ("ring &= tumour | ~resample_mask(values < air_below, image, grid)", "pass"),
        ("ndimage.binary_fill_holes(array(mask) != 0)", "array(mask) != 0"),
        ("(tumour_median - floor) / 3", "(tumour_median - floor) / 30"),
    ],
    ids=["offset", "sharpening", "air", "cavities", "a third"],
)
def test_a_step_that_is_described_wrongly_is_seen(old: str, new: str) -> None:
    image, mask = phantom("thick")
    assert different_voxels(script(old, new)["regions"](image, mask), delineate(image, mask).masks())[1] > 0


def test_the_page_names_the_defaults_and_keys_of_a_study() -> None:
    defaults, names, page = ExtractionSettings(), script(), PAGE.read_text()
    keys = ["spacing_mm", "pad_voxels", "inner_mm", "outer_mm", "vessel_sd"]
    keys += ["normalize_scale", "voxel_array_shift", "bin_width", "image_types"]
    constants = ["SPACING_MM", "PAD_VOXELS", "INNER_MM", "OUTER_MM", "VESSEL_SD"]
    constants += ["SCALE", "SHIFT", "BIN_WIDTH", "IMAGE_TYPES"]
    assert [names[constant] for constant in constants] == [getattr(defaults, key) for key in keys]
    assert [key for key in (*keys, "leave_out_air", "bias_correction", "normalise") if key not in page] == []
