"""One image and one outline to the features of tumour and ring. Many of them at a time are ``batch``'s affair."""

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tme_platform.imaging import Delineation, correct_bias, delineate, onto_grid, resample_to_grid, z_score
from tme_platform.radiomics._firstorder import first_order
from tme_platform.radiomics._glcm import glcm
from tme_platform.radiomics._grey_levels import discretise
from tme_platform.radiomics._ngtdm import ngtdm
from tme_platform.radiomics._shape import shape
from tme_platform.radiomics._size_matrices import gldm, glrlm, glszm
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.settings import ExtractionSettings

_TEXTURES = {"glcm": glcm, "gldm": gldm, "glrlm": glrlm, "glszm": glszm, "ngtdm": ngtdm}


def extract(
    image: sitk.Image,
    mask: sitk.Image,
    settings: ExtractionSettings | None = None,
    exclude: sitk.Image | None = None,
) -> pd.Series:
    """Compute the radiomic features of a tumour and of the ring round its border.

    Tumour values equal pyradiomics run on ``image`` and ``mask`` with the same settings; ring values equal pyradiomics
    run with the ring mask on the same preprocessed image, both to 1e-9 relative. Image types, texture matrices and
    mesh come from pyradiomics' own code; normalising, resampling, filtering and binning are done once for both regions
    and all families, and no feature loops over voxels, levels or pairs of surface points in Python.

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
        958 features with the study's settings, named as in ``feature_names``. If no surface is left of the ring its
        features are NaN.

    Raises
    ------
    ImagingError
        As ``regions``.

    References
    ----------
    van Griethuysen et al. 2017, Cancer Res. 77(21):e104-e107 (pyradiomics; its definitions of the features).
    """
    settings = settings or ExtractionSettings()
    # The matrices here are small: more BLAS threads make it up to a hundred times slower, not faster.
    with threadpool_limits(1, user_api="blas"):
        found = prepare(image, mask, settings, exclude)
        regions = {"tumour": found.tumour, "ring": found.ring}
        values = region_features(found.image, found.tumour, regions, settings)
    return pd.Series(values, dtype=float).reindex(feature_names(settings))


def region_features(
    image: sitk.Image, tumour: sitk.Image, regions: Mapping[str, sitk.Image], settings: ExtractionSettings
) -> dict[str, float]:
    """Compute the features of several regions of one preprocessed image, each image type filtered once.

    Features are named after the regions; a region without a surface has none. ``tumour`` only says to the filters
    where the tumour lies.
    """
    inside_of = {name: sitk.GetArrayFromImage(region) > 0 for name, region in regions.items()}
    inside_of = {name: inside for name, inside in inside_of.items() if _spans_a_surface(inside)}
    spacing = image.GetSpacing()[::-1]
    boxes = {name: _bounding_box(inside) for name, inside in inside_of.items()}
    values: dict[str, float] = {}
    for name, inside in inside_of.items():
        values |= _named(f"{name}_original_shape", shape(inside[boxes[name]], spacing))
    for image_type, filtered in _filtered(image, tumour, settings):
        for name, inside in inside_of.items():
            box = boxes[name]
            families = _intensity_features(filtered[box], inside[box], float(np.prod(spacing)), settings)
            for family, features in families.items():
                values |= _named(f"{name}_{image_type}_{family}", features)
    return values


def prepare(
    image: sitk.Image, mask: sitk.Image, settings: ExtractionSettings, exclude: sitk.Image | None = None
) -> Delineation:
    """Normalise, resample and delineate: the image and the two regions that the features are computed from."""
    mask = onto_grid(mask, image)
    if settings.bias_correction:
        image = correct_bias(image)
    scaled = z_score(image, mask, over=settings.normalise, scale=settings.normalize_scale)
    return delineate(
        image,
        mask,
        exclude=exclude,
        **settings.ring(),
        resampled=resample_to_grid(scaled, mask, spacing_mm=settings.spacing_mm, pad_voxels=settings.pad_voxels),
    )


def _filtered(
    image: sitk.Image, mask: sitk.Image, settings: ExtractionSettings
) -> list[tuple[str, NDArray[np.floating]]]:
    from radiomics import imageoperations

    # Its remarks on every filtered image are none of a cohort's log; errors are raised, not logged.
    logging.getLogger("radiomics").setLevel(logging.ERROR)
    made = []
    for image_type, arguments in settings.filters().items():
        images = getattr(imageoperations, f"get{image_type}Image")(image, mask, **arguments)
        made += [(name, sitk.GetArrayFromImage(filtered)) for filtered, name, _ in images]
    return made


def _intensity_features(
    values: NDArray[np.floating], inside: NDArray[np.bool_], voxel_mm3: float, settings: ExtractionSettings
) -> dict[str, dict[str, float]]:
    inside_values = values[inside]
    grey = discretise(inside_values, inside, settings.bin_width)
    first = first_order(inside_values, grey, voxel_mm3, settings.voxel_array_shift)
    return {"firstorder": first} | {family: compute(grey) for family, compute in _TEXTURES.items()}


def _named(prefix: str, features: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}_{name}": float(value) for name, value in features.items()}


def _bounding_box(inside: NDArray[np.bool_]) -> tuple[slice, ...]:
    spans = [np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    return tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)


def _spans_a_surface(inside: NDArray[np.bool_]) -> bool:
    """Tell whether a region is at least two voxels wide in two directions, below which pyradiomics refuses it."""
    return bool(inside.any()) and sum(s.stop - s.start > 1 for s in _bounding_box(inside)) >= 2
