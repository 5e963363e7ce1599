import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import air_threshold, read_mask, region_quality
from tme_platform_tests.imaging.conftest import as_image, ellipsoid


def test_quality_measures():
    image, mask = ellipsoid((10, 8, 9), (1.0, 1.0, 3.0))
    row = region_quality(image, mask)
    inside = sitk.GetArrayViewFromImage(mask) > 0
    assert row["voxels"] == inside.sum()
    assert row["volume_ml"] == pytest.approx(inside.sum() * 3 / 1000)
    assert row["volume_mm3"] == pytest.approx(4 / 3 * np.pi * 10 * 8 * 9, rel=0.05)
    assert (row["components"], row["cavities"], row["slices"]) == (1, 0, inside.any(axis=(1, 2)).sum())
    assert (row["spacing_x_mm"], row["spacing_z_mm"]) == (1.0, 3.0)
    assert (row["intensity_min"], row["intensity_max"]) == (180.0, 220.0)
    assert row["tumour_intensity_mean"] == 220.0
    assert (row["ring_air_share"], row["touches_border"], row["warnings"]) == (0.0, False, "")
    assert all(isinstance(value, int | float | str | bool) for value in row.values())


def test_warnings(tmp_path):
    image, mask = ellipsoid((10, 10, 10))
    values = sitk.GetArrayFromImage(mask)
    values[18:21, 18:21, 18:21] = 0
    values[0:3, 0:3, 0:3] = 1
    row = region_quality(image, as_image(values))
    assert (row["components"], row["cavities"], row["border_voxels"]) == (2, 1, 27 - 8)
    assert "2 separate parts" in row["warnings"]
    assert "1 closed cavities" in row["warnings"]
    assert "touches the edge" in row["warnings"]
    dark = sitk.GetArrayFromImage(image)
    dark[:, :18] = 0
    assert "of the ring was left out" in region_quality(as_image(dark), mask)["warnings"]
    nothing = region_quality(image, mask, exclude=mask * 0 + 1)
    assert nothing["ring_excluded_share"] == 1
    assert "nothing is left of the ring" in nothing["warnings"]
    fine = sitk.Expand(mask, [2, 2, 2], sitk.sitkNearestNeighbor)
    sitk.WriteImage(fine, str(tmp_path / "a.nii.gz"))
    assert (
        "resampled by nearest neighbour" in region_quality(image, read_mask(tmp_path / "a.nii.gz", image))["warnings"]
    )


def test_air_around_the_body_leaves_the_air_threshold_unchanged():
    """In a flat array, without planes, Otsu's threshold falls as the share of air rises."""
    random = np.random.default_rng(2)
    body = random.normal(300, 60, (12, 30, 30))
    body[:, :9, :9] = random.normal(10, 3, (12, 9, 9))  # beside the body, in any field of view
    body[:, 9:14, :9] = random.uniform(10, 300, (12, 5, 9))  # voxels that are partly air
    thresholds, flat = [], []
    for margin in (2, 6, 15):
        image = random.normal(10, 3, (12, 30 + 2 * margin, 30 + 2 * margin))
        image[:, margin:-margin, margin:-margin] = body
        thresholds.append(air_threshold(image, 300.0))
        flat.append(air_threshold(image.ravel(), 300.0))
    assert thresholds == [thresholds[0]] * 3
    assert flat[0] > flat[1] > flat[2]


def test_air_threshold_lies_between_air_and_tissue():
    random = np.random.default_rng(0)
    air, muscle, fat = random.normal(10, 3, 5000), random.normal(300, 30, 9000), random.normal(900, 50, 9000)
    assert air.max() <= air_threshold(np.concatenate([air, muscle, fat]), 300.0) < 100
    assert air_threshold(np.concatenate([muscle, fat]), 300.0) is None
    assert air_threshold(np.full(100, 5.0), 5.0) is None
    shifted = np.concatenate([air, muscle, fat]) - 500
    assert air.max() - 500 <= air_threshold(shifted, -200.0) < -400
