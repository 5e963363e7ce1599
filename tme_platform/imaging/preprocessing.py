"""Preprocessing of a whole image: bias-field correction and z-score. Resampling belongs in ``grid``."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.air import Air, air_of
from tme_platform.imaging.errors import ImagingError

_SHRINK = 4
_CHUNK = 1 << 16  # voxels that are converted to double precision at a time

Normalisation = Literal["image", "body", "none"]


@dataclass(frozen=True)
class Scaling:
    """Linear scaling of intensities; the default changes none.

    Attributes
    ----------
    centre
        Intensity that becomes 0.
    factor, scale
        Factors by which the difference from it is multiplied, one after the other as in pyradiomics: constant regions
        then have the same values to the last bit.
    """

    centre: float = 0.0
    factor: float = 1.0
    scale: float = 1.0

    def apply(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return scaled values in double precision."""
        scaled = values.astype(np.float64)
        scaled -= self.centre
        scaled *= self.factor
        scaled *= self.scale
        return scaled

    def of_image(self, image: sitk.Image) -> sitk.Image:
        """Return an image scaled, as 64-bit floats."""
        scaled = sitk.GetImageFromArray(self.apply(sitk.GetArrayViewFromImage(image)))
        scaled.CopyInformation(image)
        return scaled


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


def z_score(image: sitk.Image, mask: sitk.Image, *, over: Normalisation = "image", scale: float = 100.0) -> sitk.Image:
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
    scaling = scaling_of(image, mask, over=over, scale=scale)
    return image if scaling is None else scaling.of_image(image)


def scaling_of(
    image: sitk.Image,
    mask: sitk.Image,
    *,
    over: Normalisation = "image",
    scale: float = 100.0,
    air: Air | None = None,
) -> Scaling | None:
    """Return the scaling that ``z_score`` applies, without a copy of the image; None if ``over`` is none.

    Parameters
    ----------
    image, mask, over, scale
        As in ``z_score``.
    air
        The image's air, if the caller has searched it already (``air_of``).

    Raises
    ------
    ImagingError
        As in ``z_score``.
    """
    if over == "none":
        return None
    if over == "image":
        of_all = sitk.StatisticsImageFilter()  # that of pyradiomics' normalizeImage
        of_all.Execute(image)
        mean, sd = of_all.GetMean(), of_all.GetSigma()
    else:
        values = sitk.GetArrayViewFromImage(image).reshape(-1)
        mean, sd = _moments(values, (air or air_of(image, mask)).below)
    if sd == 0:
        raise ImagingError(
            "image_constant", f"all voxels of the {over} have the same intensity; the image cannot be scaled."
        )
    return Scaling(mean, 1 / sd, scale)


def _moments(values: NDArray[np.floating], below: float | None) -> tuple[float, float]:
    """Return mean and standard deviation (n - 1) of the values that are not below a threshold, in one pass.

    Deviations are taken from the mean of the first values that count, which loses no digits that matter.
    """
    count, total, squares, centre = 0, 0.0, 0.0, None
    for start in range(0, values.size, _CHUNK):
        chunk = values[start : start + _CHUNK]
        chosen = (chunk if below is None else chunk[chunk >= below]).astype(np.float64)
        if chosen.size == 0:
            continue
        if centre is None:
            centre = float(chosen.mean())
        chosen -= centre
        count += chosen.size
        total += float(chosen.sum())
        squares += float(chosen @ chosen)
    if centre is None or count < 2:
        return float(centre or 0.0), 0.0
    return centre + total / count, float(np.sqrt(max(squares - total**2 / count, 0.0) / (count - 1)))
