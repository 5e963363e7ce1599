import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.radiomics import (
    WHOLE_IMAGE,
    BatchOptions,
    ExtractionSettings,
    extract,
    extract_many_shuffled,
    extract_shuffled,
    shuffle_inside,
)
from tme_platform_tests.radiomics.conftest import FEW, write_job


@pytest.fixture(scope="module")
def shuffled(tumour):
    return extract_shuffled(*tumour, WHOLE_IMAGE, seed=1)


def test_voxels_are_permuted_inside_only(small):
    image, mask = small
    before, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0
    after = sitk.GetArrayFromImage(shuffle_inside(image, mask, seed=1))
    assert np.array_equal(before[~inside], after[~inside])
    assert np.array_equal(np.sort(before[inside]), np.sort(after[inside]))
    assert (before[inside] != after[inside]).mean() > 0.95
    assert np.array_equal(after, sitk.GetArrayFromImage(shuffle_inside(image, mask, seed=1)))
    assert not np.array_equal(after, sitk.GetArrayFromImage(shuffle_inside(image, mask, seed=2)))


def test_shape_and_first_order_features_stay(features, shuffled):
    assert list(shuffled.index) == list(features.index)
    same = shuffled.index.str.contains("_shape_|_firstorder_")
    assert same.sum() == 2 * (14 + 5 * 18)
    assert np.allclose(shuffled[same], features[same], rtol=1e-9, atol=1e-9)


def test_texture_is_destroyed(features, shuffled):
    assert np.isfinite(shuffled).all()
    texture = ~shuffled.index.str.contains("_shape_|_firstorder_")
    changed = (shuffled[texture] - features[texture]).abs() > 0.1 * features[texture].abs()
    assert changed.mean() > 0.6
    for region in ("tumour", "ring"):
        assert features[f"{region}_original_glcm_Correlation"] > 0.3
        assert abs(shuffled[f"{region}_original_glcm_Correlation"]) < 0.02, "neighbours are unrelated"


def test_many_outlines_at_a_time(small, tmp_path):
    job = write_job(tmp_path, "p0", *small, reader="A", row_key="k")
    missing = write_job(tmp_path, "p1", *small)
    missing.mask.unlink()
    rows, failures = extract_many_shuffled([job, missing], FEW, seed=3, options=BatchOptions(workers=1))
    assert rows[["patient_id", "reader", "row_key"]].to_numpy().tolist() == [["p0", "A", "k"]]
    assert (
        rows["tumour_original_glcm_Contrast"][0]
        == extract_shuffled(*small, FEW, seed=3)["tumour_original_glcm_Contrast"]
    )
    assert failures["rule"].tolist() == ["mask_missing"]


def test_without_a_ring_its_features_are_missing(small):
    found = extract_shuffled(*small, FEW, small[1] * 0 + 1)
    assert found.filter(regex="^ring_").isna().all()
    assert found.filter(regex="^tumour_").notna().all()


def test_a_filter_over_neighbours_sees_the_shuffled_voxels(small):
    settings = ExtractionSettings(image_types=("LoG",), log_sigma_mm=(2.0,))
    name = "tumour_log-sigma-2-0-mm-3D_firstorder_Variance"
    assert extract_shuffled(*small, settings)[name] != pytest.approx(extract(*small, settings)[name], rel=0.1)
