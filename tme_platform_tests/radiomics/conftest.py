"""A real and a synthetic tumour, and their features as computed by pyradiomics itself."""

import logging

import numpy as np
import pandas as pd
import pytest
import SimpleITK as sitk  # noqa: N813
from radiomics.featureextractor import RadiomicsFeatureExtractor

from tme_platform.imaging import delineate, read_mask, read_series
from tme_platform.radiomics import WHOLE_IMAGE, ExtractionJob, ExtractionSettings, extract

logging.getLogger("radiomics").setLevel(logging.CRITICAL)

FEW = ExtractionSettings(image_types=("Original",), bin_width=25)
"""Settings with a single image type, quick to compute."""


def plain(image, mask, settings, **options):
    """Features of one region as computed by pyradiomics, with nothing of ours except the list of image types."""
    extractor = RadiomicsFeatureExtractor(
        binWidth=settings.bin_width, voxelArrayShift=settings.voxel_array_shift, additionalInfo=False, **options
    )
    extractor.enabledImagetypes = settings.filters()
    return pd.Series({name: float(value) for name, value in extractor.execute(image, mask).items()})


def preprocessing(settings):
    return {
        "normalize": settings.normalise == "image",
        "normalizeScale": settings.normalize_scale,
        "resampledPixelSpacing": [settings.spacing_mm] * 3,
        "interpolator": "sitkBSpline",
        "padDistance": settings.pad_voxels,
    }


def plain_tumour(image, mask, settings):
    return plain(image, mask, settings, **preprocessing(settings)).add_prefix("tumour_")


def plain_ring(image, mask, settings):
    """Features of our ring on the image as preprocessed by pyradiomics."""
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
    """A synthetic lesion of 12 mm with 3 mm slices in noise, quick to compute."""
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
    return WHOLE_IMAGE


def write_job(folder, patient, image, mask, **fields):
    """Write an image and its mask, and return the job that reads them."""
    paths = folder / f"{patient}_image.nii.gz", folder / f"{patient}_mask.nii.gz"
    for volume, path in zip((image, mask), paths, strict=True):
        sitk.WriteImage(volume, str(path))
    return ExtractionJob(patient, *paths, **fields)
