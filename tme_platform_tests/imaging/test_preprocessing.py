import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, correct_bias, z_score
from tme_platform_tests.imaging.conftest import as_image, ellipsoid


def test_z_score_of_the_whole_image_and_of_the_body():
    image, mask = ellipsoid((10, 10, 10))
    values = sitk.GetArrayFromImage(image) + np.random.default_rng(0).normal(0, 5, image.GetSize()[::-1])
    values[:, :6] = np.random.default_rng(1).uniform(0, 3, values[:, :6].shape)
    image = as_image(values)
    whole = sitk.GetArrayFromImage(z_score(image, mask))
    assert (whole.mean(), whole.std(ddof=1)) == pytest.approx((0, 100), abs=1e-6)
    body = sitk.GetArrayFromImage(z_score(image, mask, over="body", scale=1.0))[:, 6:]
    assert (body.mean(), body.std(ddof=1)) == pytest.approx((0, 1), abs=1e-6)
    assert z_score(image, mask, over="none") is image


def test_constant_body_raises():
    image, mask = ellipsoid((8, 8, 8))
    with pytest.raises(ImagingError, match="same intensity"):
        z_score(image * 0 + 5, mask, over="body")


def test_the_body_needs_an_outline_to_tell_air_by():
    image, mask = ellipsoid((8, 8, 8))
    with pytest.raises(ImagingError, match="outline is empty"):
        z_score(image, mask * 0, over="body")


def test_bias_correction_flattens_shading():
    image, mask = ellipsoid((14, 14, 14))
    values = sitk.GetArrayFromImage(image)
    shading = np.linspace(0.6, 1.4, values.shape[2])
    corrected = sitk.GetArrayFromImage(correct_bias(as_image((values * shading).astype("float32"))))
    outside = sitk.GetArrayViewFromImage(mask) == 0

    def spread(a):
        return a[outside].std() / a[outside].mean()

    assert spread(corrected) < 0.6 * spread(values * shading)
