"""Features of tumour and ring from one image and one outline. Many outlines at a time belong in ``batch``."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tme_platform.imaging import (
    Delineation,
    air_of,
    correct_bias,
    delineate,
    onto_grid,
    resample_to_grid,
    scaling_of,
)
from tme_platform.imaging.geometry import index_box, spans_a_plane
from tme_platform.radiomics._filters import filtered
from tme_platform.radiomics._reference import reference_features
from tme_platform.radiomics._shape import shape
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.settings import WHOLE_IMAGE, ExtractionSettings


def extract(
    image: sitk.Image,
    mask: sitk.Image,
    settings: ExtractionSettings | None = None,
    exclude: sitk.Image | None = None,
) -> pd.Series:
    """Compute the radiomic features of a tumour and of the ring round its border.

    Tumour values equal those of pyradiomics for ``image`` and ``mask`` with the same settings (with ``normalise: body``
    for the image normalised in that way), and ring values those of pyradiomics for the ring mask on the same
    preprocessed image, both within a relative difference of 1e-9. Images of ``LoG``, ``Wavelet`` and ``Gradient``
    and the mesh are computed by pyradiomics' own code, first-order and texture features by compiled functions that
    visit only the voxels of the region. Normalisation, resampling, filtering and binning are done once for both
    regions and all families.

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry.
    settings
        ``WHOLE_IMAGE`` if None: a study's settings, but normalised over the whole image as pyradiomics does. A study
        normalises over the body.
    exclude
        Mask of tissue to leave out of the ring.

    Returns
    -------
    Series of float
        958 features with the study's settings, named as in ``feature_names``. Features of the ring are NaN if what is
        left of it spans less than two voxels along two axes.

    Raises
    ------
    ImagingError
        As in ``regions``.

    References
    ----------
    van Griethuysen et al. 2017, Cancer Res. 77(21):e104-e107 (pyradiomics; its definitions of the features).
    """
    settings = settings or WHOLE_IMAGE
    # The matrices are small: several BLAS threads make this up to a hundred times slower.
    with threadpool_limits(1, user_api="blas"):
        found = prepare(image, mask, settings, exclude)
        values = region_features(found.image, found.tumour, found.masks(), settings)
    return pd.Series(values, dtype=float).reindex(feature_names(settings))


def region_features(
    image: sitk.Image, tumour: sitk.Image, regions: Mapping[str, sitk.Image], settings: ExtractionSettings
) -> dict[str, float]:
    """Compute the features of several regions of one preprocessed image, applying each filter once.

    Names of features start with the region's name. A region less than two voxels wide along two axes has no features.
    The filters need ``tumour`` to locate the tumour.
    """
    if settings.engine == "pyradiomics":
        return reference_features(image, regions, settings)
    # numba takes a second to import, which only those who compute features should wait for.
    from tme_platform.radiomics._intensities import Region, intensity_features

    inside_of = {name: sitk.GetArrayFromImage(region) > 0 for name, region in regions.items()}
    inside_of = {name: inside for name, inside in inside_of.items() if _has_features(inside)}
    spacing = image.GetSpacing()[::-1]
    boxes = {name: _bounding_box(inside) for name, inside in inside_of.items()}
    geometry = {name: Region(inside[boxes[name]]) for name, inside in inside_of.items()}
    values: dict[str, float] = {}
    for name, region in geometry.items():
        values |= _named(f"{name}_original_shape", shape(region.inside, spacing))
    for image_type, voxels in filtered(image, tumour, inside_of, settings.filters()):
        for name, region in geometry.items():
            families = intensity_features(
                voxels[name], region, float(np.prod(spacing)), settings.bin_width, settings.voxel_array_shift
            )
            for family, features in families.items():
                values |= _named(f"{name}_{image_type}_{family}", features)
    return values


def prepare(
    image: sitk.Image, mask: sitk.Image, settings: ExtractionSettings, exclude: sitk.Image | None = None
) -> Delineation:
    """Normalise, resample and delineate: return the image and the two regions from which features are computed."""
    mask = onto_grid(mask, image)
    if settings.bias_correction:
        image = correct_bias(image)
    air = air_of(image, mask) if settings.leave_out_air or settings.normalise == "body" else None
    scaling = scaling_of(image, mask, over=settings.normalise, scale=settings.normalize_scale, air=air)
    resampled = resample_to_grid(
        image, mask, spacing_mm=settings.spacing_mm, pad_voxels=settings.pad_voxels, scaling=scaling
    )
    return delineate(image, mask, settings.region_settings(), exclude=exclude, resampled=resampled, air=air)


def _named(prefix: str, features: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": float(value) for name, value in features.items()}


def _bounding_box(inside: NDArray[np.bool_]) -> tuple[slice, ...]:
    low, high = index_box(inside)
    return tuple(slice(int(first), int(last) + 1) for first, last in zip(low, high, strict=True))


def _has_features(inside: NDArray[np.bool_]) -> bool:
    return bool(inside.any()) and spans_a_plane(*index_box(inside))
