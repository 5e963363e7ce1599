"""Two real tumours and what plain pyradiomics says of them."""

import logging

import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813
from radiomics.featureextractor import RadiomicsFeatureExtractor

from tme_platform.imaging import delineate, read_mask, read_series
from tme_platform.radiomics import ExtractionSettings, extract

logging.getLogger("radiomics").setLevel(logging.CRITICAL)


def plain(image, mask, settings, **given):
    """Features of one region from pyradiomics as published, with none of our code but the list of image types."""
    extractor = RadiomicsFeatureExtractor(
        binWidth=settings.bin_width, voxelArrayShift=settings.voxel_array_shift, additionalInfo=False, **given
    )
    extractor.enabledImagetypes = settings.filters()
    return pd.Series({name: float(value) for name, value in extractor.execute(image, mask).items()})


def preprocessing(settings):
    return {
        "normalize": True,
        "normalizeScale": settings.normalize_scale,
        "resampledPixelSpacing": [settings.spacing_mm] * 3,
        "interpolator": "sitkBSpline",
        "padDistance": settings.pad_voxels,
    }


def plain_tumour(image, mask, settings):
    return plain(image, mask, settings, **preprocessing(settings)).add_prefix("tumour_")


def plain_ring(image, mask, settings):
    """Our ring, but on the image as pyradiomics preprocesses it."""
    preprocessed, _ = RadiomicsFeatureExtractor.loadImage(image, mask, **preprocessing(settings))
    ring = delineate(image, mask, settings.region_settings()).ring
    return plain(preprocessed, ring, settings).add_prefix("ring_")


@pytest.fixture(scope="session")
def tumour(landing):
    """The smallest tumour of the bundled cohort: image and mask."""
    folder = landing / "soft_tissue_mr" / "images"
    image = read_series(folder / "STS_008_MR_T1_image.nii.gz")
    return image, read_mask(folder / "STS_008_MR_T1_mask.nii.gz", image)


@pytest.fixture(scope="session")
def features(tumour):
    return extract(*tumour)


@pytest.fixture(scope="session")
def small():
    """A made lesion of 12 mm with 3 mm slices in noise: quick to compute, no file."""
    import numpy as np

    random = np.random.default_rng(7)
    z, y, x = np.mgrid[-6:6, -14:14, -14:14] * np.array([3.0, 1.0, 1.0]).reshape(3, 1, 1, 1)
    radius = np.sqrt(z**2 + y**2 + x**2)
    values = 300 + 150 * (y > 8) - 100 * (x > 9) + 60 * (radius < 6) + random.normal(0, 8, radius.shape)
    image, mask = sitk.GetImageFromArray(values.astype("float32")), sitk.GetImageFromArray((radius < 6).astype("uint8"))
    for volume in (image, mask):
        volume.SetSpacing((1.0, 1.0, 3.0))
    return image, mask


@pytest.fixture(scope="session")
def settings():
    return ExtractionSettings()
