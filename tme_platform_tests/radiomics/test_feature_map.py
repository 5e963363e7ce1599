import logging

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from radiomics.featureextractor import RadiomicsFeatureExtractor

from tme_platform.radiomics import ExtractionSettings, extract, feature_map, prepare
from tme_platform_tests.imaging.conftest import as_image
from tme_platform_tests.radiomics.conftest import preprocessing

SETTINGS = ExtractionSettings(normalise="image", image_types=("Original", "Square"), bin_width=25)
OUTSIDE = -7.0


@pytest.fixture(scope="module")
def lesion():
    z, y, x = np.mgrid[-9:9, -10:10, -10:10]
    values = 300 + np.random.default_rng(3).normal(0, 40, z.shape)
    return as_image(values.astype("float32")), as_image((z**2 + y**2 + x**2 < 20).astype("uint8"))


def by_pyradiomics(image, mask, radius, masked, features=None, image_types=None, **options):
    extractor = RadiomicsFeatureExtractor(
        binWidth=25,
        voxelArrayShift=300,
        additionalInfo=False,
        kernelRadius=radius,
        maskedKernel=masked,
        initValue=OUTSIDE,
        **options,
    )
    extractor.enabledImagetypes = image_types or SETTINGS.filters()
    extractor.disableAllFeatures()
    extractor.enableFeaturesByName(**(features or {"firstorder": [], "glcm": []}))
    return extractor.execute(image, mask, voxelBased=True)


def assert_equal(mine, theirs, name):
    first = mine.TransformPhysicalPointToIndex(theirs.GetOrigin())
    found = sitk.GetArrayFromImage(sitk.RegionOfInterest(mine, theirs.GetSize(), first))
    expected = sitk.GetArrayFromImage(theirs)
    assert (expected != OUTSIDE).any(), name
    # The eigenvalues of co-occurrence whose levels are independent are rounding errors, and MCC is their square root.
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-7 if name.endswith("MCC") else 1e-11, equal_nan=True), name
    assert (sitk.GetArrayFromImage(mine) != OUTSIDE).sum() == (found != OUTSIDE).sum(), name


@pytest.mark.parametrize(
    ("radius", "masked", "image_type"), [(1, True, "Original"), (2, True, "Square"), (1, False, "Original")]
)
def test_maps_of_every_feature_equal_pyradiomics(lesion, radius, masked, image_type):
    theirs = by_pyradiomics(*lesion, radius, masked, image_types={image_type: {}}, **preprocessing(SETTINGS))
    assert len(theirs) == 18 + 24
    for name, expected in theirs.items():
        assert_equal(feature_map(*lesion, name, radius, SETTINGS, masked=masked, outside=OUTSIDE), expected, name)


def test_maps_of_the_ring_equal_pyradiomics_on_the_preprocessed_image(lesion):
    found = prepare(*lesion, SETTINGS)
    theirs = by_pyradiomics(found.image, found.ring, 1, True, {"firstorder": ["Entropy"], "glcm": ["Contrast"]})
    assert len(theirs) == 4
    for name, expected in theirs.items():
        assert_equal(feature_map(*lesion, f"ring_{name}", 1, SETTINGS, outside=OUTSIDE), expected, name)


def test_a_cube_that_holds_the_region_has_the_regions_features(lesion):
    features = extract(*lesion, SETTINGS)
    for name in ("tumour_original_glcm_MCC", "tumour_square_firstorder_RootMeanSquared"):
        values = sitk.GetArrayFromImage(feature_map(*lesion, name, 9, SETTINGS))
        assert np.allclose(values[~np.isnan(values)], features[name], rtol=1e-9)


def test_mcc_is_the_mean_over_directions_that_have_pairs(lesion):
    """A slice, in which pyradiomics gives no map of MCC at all."""
    image, mask = lesion
    values = sitk.GetArrayFromImage(mask)
    values[:9] = values[10:] = 0
    flat = as_image(values)
    found = sitk.GetArrayFromImage(feature_map(image, flat, "original_glcm_MCC", 1, SETTINGS))
    inside = sitk.GetArrayFromImage(prepare(image, flat, SETTINGS).tumour) > 0
    assert np.isfinite(found[inside]).all()
    assert ((found[inside] >= 0) & (found[inside] <= 1 + 1e-9)).all()


def test_an_isolated_voxel_has_first_order_features_only(lesion):
    image, mask = lesion
    values = sitk.GetArrayFromImage(mask)
    values[1, 1, 1] = 1
    outline = as_image(values)
    mean = sitk.GetArrayFromImage(feature_map(image, outline, "original_firstorder_Mean", 1, SETTINGS))
    contrast = sitk.GetArrayFromImage(feature_map(image, outline, "original_glcm_Contrast", 1, SETTINGS))
    assert (np.isnan(contrast) & ~np.isnan(mean)).sum() == 1


def test_a_map_lies_on_the_grid_of_the_preprocessed_image(small):
    found = prepare(*small, SETTINGS)
    mine = feature_map(*small, "tumour_original_firstorder_Median", settings=SETTINGS)
    assert (mine.GetSize(), mine.GetOrigin()) == (found.image.GetSize(), found.image.GetOrigin())
    inside = sitk.GetArrayFromImage(found.tumour) > 0
    assert (np.isnan(sitk.GetArrayFromImage(mine)) == ~inside).all()


def test_no_ring_is_a_map_without_values(small):
    image, mask = small
    found = feature_map(image, mask, "ring_original_glcm_Id", settings=SETTINGS, exclude=mask * 0 + 1)
    assert np.isnan(sitk.GetArrayFromImage(found)).all()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("original_glcm_Contrst", "tumour_original_glcm_Contrast"),
        ("ring_original_firstorder_mean", "ring_original_firstorder_Mean"),
        ("original_glszm_ZoneEntropy", "first-order and glcm"),
        ("wavelet-LLH_glcm_Contrast", "settings' images"),
    ],
)
def test_unknown_features_name_near_ones(small, name, near):
    with pytest.raises(ValueError, match=near):
        feature_map(*small, name, settings=SETTINGS)


def test_a_radius_below_one_is_refused(small):
    with pytest.raises(ValueError, match="radius is 0"):
        feature_map(*small, "original_glcm_Id", 0)


logging.getLogger("radiomics").setLevel(logging.CRITICAL)
