"""What is done to a whole image before regions and features: bias correction and z-score. Resampling is ``grid``'s."""

from typing import Literal

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.air import air_threshold
from tme_platform.imaging.errors import ImagingError

_SHRINK = 4


def correct_bias(image: sitk.Image) -> sitk.Image:
    """Remove the slow shading of an MR image (N4, fitted on a copy of a quarter of the resolution in each direction).

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
        Scalar volume and the outline (which ``body`` needs to tell air from tissue).
    over
        What mean and standard deviation are taken over: the whole image (as pyradiomics does), what is not air, or
        ``none`` to leave the image as it is.
    scale
        The standard deviation afterwards.

    Raises
    ------
    ImagingError
        ``image_constant`` if there is nothing to scale by.
    """
    if over == "none":
        return image
    if over == "image":
        from radiomics import imageoperations

        return imageoperations.normalizeImage(image, normalizeScale=scale)
    values = sitk.GetArrayViewFromImage(image)
    tumour = values[sitk.GetArrayViewFromImage(mask) != 0]
    below = air_threshold(values, float(np.median(tumour)))
    body = values if below is None else values[values >= below]
    sd = float(body.std(dtype=np.float64, ddof=1))
    if sd == 0:
        raise ImagingError("image_constant", "the body has one intensity everywhere; it cannot be scaled.")
    return (sitk.Cast(image, sitk.sitkFloat64) - float(body.mean(dtype=np.float64))) * (scale / sd)
