import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import air_threshold, z_score
from tme_platform.radiomics import ExtractionSettings, extract, feature_names
from tme_platform_tests.imaging.conftest import as_image
from tme_platform_tests.radiomics.conftest import plain_ring, plain_tumour


def relative_difference(ours, theirs):
    """Largest relative difference; for values below 0.001 (such as a skewness of 1e-16), relative to 0.001."""
    return ((ours[theirs.index] - theirs).abs() / theirs.abs().clip(lower=1e-3)).max()


def test_study_settings_give_958_features(features):
    assert len(features) == 958
    assert list(features.index) == feature_names()
    assert {"tumour_original_firstorder_Mean", "ring_exponential_glcm_Contrast"} <= set(features.index)
    for region in ("tumour", "ring"):
        names = features.filter(regex=f"^{region}_").index
        assert len(names) == 479
        assert names.str.contains("_shape_").sum() == 14
        assert names.str.contains("_firstorder_").sum() == 18 * 5
    assert np.isfinite(features).all()


def test_tumour_values_equal_pyradiomics(tumour, features, settings):
    theirs = plain_tumour(*tumour, settings)
    assert len(theirs) == 479
    assert relative_difference(features, theirs) < 1e-9


def test_ring_values_equal_pyradiomics_on_the_preprocessed_image(tumour, features, settings):
    theirs = plain_ring(*tumour, settings)
    assert len(theirs) == 479
    assert relative_difference(features, theirs) < 1e-9


@pytest.mark.parametrize(
    "settings",
    [
        ExtractionSettings(normalise="image", image_types=("LoG",), log_sigma_mm=(2.0, 3.5)),
        ExtractionSettings(normalise="image", image_types=("Wavelet",)),
        ExtractionSettings(
            normalise="image", bin_width=25, normalize_scale=50, voxel_array_shift=0, spacing_mm=2, pad_voxels=3
        ),
        ExtractionSettings(normalise="image", image_types=("Original", "Gradient")),
    ],
    ids=["log", "wavelet", "coarse", "gradient"],
)
def test_other_settings_equal_pyradiomics(small, settings):
    ours = extract(*small, settings)
    assert list(ours.index) == feature_names(settings)
    for theirs in (plain_tumour(*small, settings), plain_ring(*small, settings)):
        assert relative_difference(ours, theirs) < 1e-9


def test_a_study_equals_pyradiomics_on_the_image_normalised_over_the_body(tumour):
    image, mask = tumour
    study = ExtractionSettings()
    scaled, outline = z_score(image, mask, over="body"), mask
    unscaled = study.model_copy(update={"normalise": "none"})
    ours = extract(image, mask, study)
    theirs = plain_tumour(scaled, outline, unscaled)
    assert len(theirs) == 479
    assert relative_difference(ours, theirs) < 1e-9
    assert relative_difference(ours, plain_ring(scaled, outline, unscaled)) < 1e-9
    values = sitk.GetArrayFromImage(image)
    body = values[values >= air_threshold(values, np.median(values[sitk.GetArrayFromImage(mask) != 0]))]
    by_hand = (values - body.mean(dtype=float)) / body.std(dtype=float, ddof=1) * 100
    assert np.allclose(sitk.GetArrayFromImage(scaled), by_hand, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("air", ["flat", "noisy"])
def test_air_around_the_patient_changes_a_study_little(tumour, features, air):
    """The share of features that 15 % more voxels of air change by more than a tenth."""
    image, mask = tumour
    more = round(0.15 * image.GetSize()[0])
    wider, outline = (sitk.ConstantPad(volume, [0, 0, 0], [more, 0, 0], 0) for volume in tumour)
    if air == "noisy":
        values = sitk.GetArrayFromImage(image)
        dark = values[values < air_threshold(values, np.median(values[sitk.GetArrayFromImage(mask) != 0]))]
        padded = sitk.GetArrayFromImage(wider)
        padded[..., -more:] = np.random.default_rng(0).choice(dark, padded[..., -more:].shape)
        geometry, wider = wider, sitk.GetImageFromArray(padded)
        wider.CopyInformation(geometry)

    def share_changed(before, after):
        return ((after - before).abs() > 0.1 * before.abs()).mean()

    study = ExtractionSettings()
    assert share_changed(extract(image, mask, study), extract(wider, outline, study)) < 0.05
    assert share_changed(features, extract(wider, outline)) > 0.5


def test_extraction_is_reproducible(small):
    assert extract(*small).equals(extract(*small))


def _odd_shapes():
    random = np.random.default_rng(11)
    noise = random.normal(300, 40, (16, 22, 24))
    holes = np.zeros(noise.shape, bool)
    holes[3:12, 4:18, 4:20] = random.random((9, 14, 16)) < 0.55
    slice_only = np.zeros(noise.shape, bool)
    slice_only[8, 4:17, 5:19] = True
    thin = np.zeros(noise.shape, bool)
    thin[7:9, 5:7, 3:21] = True
    border = np.zeros(noise.shape, bool)
    border[:6, :9, 10:] = True
    block = np.zeros(noise.shape, bool)
    block[5:9, 8:13, 9:14] = True
    flat = np.where(block, 300.0, noise)
    two_levels = np.where(block, np.where(np.indices(noise.shape).sum(axis=0) % 2, 300.0, 360.0), noise)
    return {
        "holes": (noise, holes),
        "slice": (noise, slice_only),
        "thin": (noise, thin),
        "border": (noise, border),
        "flat": (flat, block),
        "checkerboard": (two_levels, block),
    }


@pytest.mark.parametrize("case", list(_odd_shapes()))
def test_odd_shapes_equal_pyradiomics(case):
    """Ambiguous mesh cubes, directions without neighbours, a single grey level, runs along the border."""
    values, inside = _odd_shapes()[case]
    image, mask = as_image(values.astype("float32")), as_image(inside.astype("uint8"))
    settings = ExtractionSettings(normalise="image", bin_width=25)
    ours = extract(image, mask, settings)
    for theirs in (plain_tumour(image, mask, settings), plain_ring(image, mask, settings)):
        missing = theirs.isna()
        assert ours[theirs.index].isna().eq(missing).all()
        assert relative_difference(ours, theirs[~missing]) < 1e-9


def test_empty_ring_has_missing_features(small):
    image, mask = small
    found = extract(image, mask, exclude=mask * 0 + 1)
    assert found.filter(regex="^ring_").isna().all()
    assert found.filter(regex="^tumour_").equals(extract(image, mask).filter(regex="^tumour_"))


def test_body_and_bias_settings_change_values(tumour, features):
    few = {"image_types": ("Original",)}
    plain = extract(*tumour, ExtractionSettings(normalise="image", **few))
    assert plain.equals(features[plain.index])
    for changed in ({"normalise": "body"}, {"normalise": "image", "bias_correction": True}):
        found = extract(*tumour, ExtractionSettings(**few, **changed))
        assert np.isfinite(found).all()
        assert found["tumour_original_firstorder_Mean"] != plain["tumour_original_firstorder_Mean"]
        assert found["tumour_original_shape_VoxelVolume"] == plain["tumour_original_shape_VoxelVolume"]


def test_any_nonzero_mask_value_is_inside(small):
    image, mask = small
    few = ExtractionSettings(image_types=("Original",))
    assert extract(image, mask * 255, few).equals(extract(image, mask, few))
    noisy = sitk.Image(mask)
    noisy.SetOrigin((1e-5, 0.0, 0.0))
    assert extract(image, noisy, few).equals(extract(image, mask, few))
