"""Preprocessing of a whole image: bias-field correction and z-score. Resampling belongs in ``grid``."""

from typing import Literal

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.air import air_threshold
from tme_platform.imaging.errors import ImagingError

_SHRINK = 4


def correct_bias(image: sitk.Image) -> sitk.Image:
    """Remove the bias field of an MR image by N4, fitted at a quarter of the resolution in each direction.

    Returns
    -------
    SimpleITK.Image
        64-bit floats of the same geometry.

    References
    ----------
    Tustison et al. 2010, IEEE Trans. Med. Imaging 29(6):1310-1320.
    """
    values = sitk.Cast(image, sitk.sitkFloat32)
    factors = [min(_SHRINK, max(1, n // 8)) for n in image.GetSize()]
    small = sitk.Shrink(values, factors)
    n4 = sitk.N4BiasFieldCorrectionImageFilter()
    n4.Execute(small, sitk.OtsuThreshold(small, 0, 1))
    field = sitk.Exp(n4.GetLogBiasFieldAsImage(values))
    return sitk.Cast(values, sitk.sitkFloat64) / sitk.Cast(field, sitk.sitkFloat64)


def z_score(
    image: sitk.Image, mask: sitk.Image, *, over: Literal["image", "body", "none"] = "image", scale: float = 100.0
) -> sitk.Image:
    """Centre intensities at 0 with a standard deviation of ``scale``.

    Parameters
    ----------
    image, mask
        Scalar volume and the outline (needed by ``body`` to separate air from tissue).
    over
        Voxels from which mean and standard deviation are computed: all (``image``, as in pyradiomics) or those that are
        not air (``body``); ``none`` returns the image unchanged.
    scale
        Standard deviation of the result.

    Raises
    ------
    ImagingError
        ``image_constant`` if the standard deviation is 0, ``mask_empty`` if ``body`` has no outline to tell air by.
    """
    if over == "none":
        return image
    if over == "image":
        from radiomics import imageoperations

        return imageoperations.normalizeImage(image, normalizeScale=scale)
    values = sitk.GetArrayViewFromImage(image)
    tumour = values[sitk.GetArrayViewFromImage(mask) != 0]
    if tumour.size == 0:
        raise ImagingError("mask_empty", "the outline is empty; draw it, or remove the row.")
    below = air_threshold(values, float(np.median(tumour)))
    body = values if below is None else values[values >= below]
    sd = float(body.std(dtype=np.float64, ddof=1))
    if sd == 0:
        raise ImagingError(
            "image_constant", "all voxels of the body have the same intensity; the image cannot be scaled."
        )
    return (sitk.Cast(image, sitk.sitkFloat64) - float(body.mean(dtype=np.float64))) * (scale / sd)
