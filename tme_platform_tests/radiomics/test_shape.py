"""Shape features equal those of pyradiomics, for masks of any form and spacing."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from radiomics.shape import RadiomicsShape

from tme_platform.imaging import delineate, read_mask, read_series
from tme_platform.radiomics._shape import shape
from tme_platform_tests.imaging.conftest import as_image


def masks():
    random = np.random.default_rng(4)
    z, y, x = np.mgrid[-9:10, -12:13, -15:16]
    ball = (z / 8) ** 2 + (y / 11) ** 2 + (x / 14) ** 2 <= 1
    parts = np.zeros((20, 20, 20), bool)
    parts[1:4, 2:9, 3:6] = parts[12:19, 15:18, 11:19] = True
    plane = np.zeros((3, 14, 17), bool)
    plane[1] = random.random((14, 17)) < 0.6
    filled = np.ones((5, 6, 7), bool)
    tiny = np.zeros((4, 4, 4), bool)
    tiny[1, 1:3, 1:3] = True
    return {
        "ball": ball,
        "shell": ball & ((z / 5) ** 2 + (y / 8) ** 2 + (x / 11) ** 2 > 1),
        "noise": random.random((12, 17, 15)) < 0.4,
        "sparse": random.random((15, 11, 18)) < 0.03,
        "parts": parts,
        "plane": plane,
        "filled": filled,
        "tiny": tiny,
        "line of pairs": np.broadcast_to(np.arange(4) < 2, (2, 30, 4)),
    }


def as_pyradiomics(inside, spacing):
    mask = as_image(inside.astype("uint8"), spacing[::-1])
    computed = RadiomicsShape(mask, mask)
    computed.disableAllFeatures()
    computed.enableAllFeatures()
    return {name: float(value) for name, value in computed.execute().items()}


def cropped(inside):
    """The mask in its bounding box: where a mesh is not closed, its volume depends on where the origin is."""
    return inside[tuple(slice(hits.min(), hits.max() + 1) for hits in np.nonzero(inside))]


def assert_equal(ours, theirs):
    assert set(ours) == set(theirs)
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True), name


@pytest.mark.parametrize("name", masks())
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.27, 0.9, 0.7)])
def test_any_form_equals_pyradiomics(name, spacing):
    inside = cropped(masks()[name])
    assert_equal(shape(inside, spacing), as_pyradiomics(inside, spacing))


@pytest.mark.parametrize("tumour", ["STS_008", "STS_042"])
def test_regions_of_real_tumours_equal_pyradiomics(landing, tumour):
    folder = landing / "soft_tissue_mr" / "images"
    image = read_series(folder / f"{tumour}_MR_T1_image.nii.gz")
    found = delineate(image, read_mask(folder / f"{tumour}_MR_T1_mask.nii.gz", image))
    for region in found.masks().values():
        inside = cropped(sitk.GetArrayFromImage(region) > 0)
        assert_equal(shape(inside, region.GetSpacing()[::-1]), as_pyradiomics(inside, region.GetSpacing()[::-1]))
