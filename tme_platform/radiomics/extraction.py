"""One image and one outline to the features of tumour and ring. Many of them at a time are ``batch``'s affair."""

import pandas as pd
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import Delineation, delineate, resample_to_grid
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.settings import ExtractionSettings


def extract(
    image: sitk.Image,
    mask: sitk.Image,
    settings: ExtractionSettings | None = None,
    exclude: sitk.Image | None = None,
) -> pd.Series:
    """Compute the radiomic features of a tumour and of the ring round its border.

    Tumour values equal pyradiomics run on ``image`` and ``mask`` with the same settings; ring values equal pyradiomics
    run with the ring mask on the same preprocessed image, both to 1e-9 relative.

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry.
    settings
        The study's if None.
    exclude
        Mask of what to leave out of the ring.

    Returns
    -------
    Series of float
        958 features with the study's settings, named as in ``feature_names``. If nothing (or no surface) is left of
        the ring its features are NaN.

    Raises
    ------
    ImagingError
        As ``regions``.

    References
    ----------
    van Griethuysen et al. 2017, Cancer Res. 77(21):e104-e107 (pyradiomics; its definitions of the features).
    """
    settings = settings or ExtractionSettings()
    found = prepare(image, mask, settings, exclude)
    values = {f"tumour_{name}": value for name, value in _region(found.image, found.tumour, settings).items()}
    values |= {f"ring_{name}": value for name, value in _region(found.image, found.ring, settings).items()}
    return pd.Series(values, dtype=float).reindex(feature_names(settings))


def prepare(
    image: sitk.Image, mask: sitk.Image, settings: ExtractionSettings, exclude: sitk.Image | None = None
) -> Delineation:
    """Normalise, resample and delineate: the image and the two regions that the features are computed from."""
    from radiomics import imageoperations

    scaled = imageoperations.normalizeImage(image, normalizeScale=settings.normalize_scale)
    return delineate(
        image,
        mask,
        exclude=exclude,
        **settings.ring(),
        resampled=resample_to_grid(scaled, mask, spacing_mm=settings.spacing_mm, pad_voxels=settings.pad_voxels),
    )


def _region(image: sitk.Image, mask: sitk.Image, settings: ExtractionSettings) -> dict[str, float]:
    from radiomics.featureextractor import RadiomicsFeatureExtractor

    extractor = RadiomicsFeatureExtractor(
        voxelArrayShift=settings.voxel_array_shift, binWidth=settings.bin_width, additionalInfo=False
    )
    extractor.enabledImagetypes = settings.filters()
    try:
        return {name: float(value) for name, value in extractor.execute(image, mask).items()}
    except ValueError:
        return {}
