import numpy as np
import pytest

from tme_platform.radiomics import ExtractionSettings, extract, feature_names
from tme_platform_tests.radiomics.conftest import plain_ring, plain_tumour


def relative_difference(ours, theirs):
    return ((ours[theirs.index] - theirs).abs() / theirs.abs().clip(lower=1e-12)).max()


def test_the_958_features_of_the_study(features):
    assert len(features) == 958
    assert list(features.index) == feature_names()
    assert {"tumour_original_firstorder_Mean", "ring_exponential_glcm_Contrast"} <= set(features.index)
    for region in ("tumour", "ring"):
        names = features.filter(regex=f"^{region}_").index
        assert len(names) == 479
        assert names.str.contains("_shape_").sum() == 14
        assert names.str.contains("_firstorder_").sum() == 18 * 5
    assert np.isfinite(features).all()


def test_tumour_values_are_those_of_pyradiomics(tumour, features, settings):
    theirs = plain_tumour(*tumour, settings)
    assert len(theirs) == 479
    assert relative_difference(features, theirs) < 1e-9


def test_ring_values_are_those_of_pyradiomics_on_the_preprocessed_image(tumour, features, settings):
    theirs = plain_ring(*tumour, settings)
    assert len(theirs) == 479
    assert relative_difference(features, theirs) < 1e-9


@pytest.mark.parametrize(
    "settings",
    [
        ExtractionSettings(image_types=("LoG",), log_sigma_mm=(2.0, 3.5)),
        ExtractionSettings(image_types=("Wavelet",)),
        ExtractionSettings(bin_width=25, normalize_scale=50, voxel_array_shift=0, spacing_mm=2, pad_voxels=3),
        ExtractionSettings(image_types=("Original", "Gradient")),
    ],
    ids=["log", "wavelet", "coarse", "gradient"],
)
def test_other_settings_too(small, settings):
    ours = extract(*small, settings)
    assert list(ours.index) == feature_names(settings)
    for theirs in (plain_tumour(*small, settings), plain_ring(*small, settings)):
        assert relative_difference(ours, theirs) < 1e-9


def test_the_same_twice(small):
    assert extract(*small).equals(extract(*small))
