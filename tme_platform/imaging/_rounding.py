"""Rounding of an image's geometry, so that the same examination has one geometry whichever file it is read from.

A NIfTI header holds spacing and position in single precision: a spacing of 2 mm may be stored as 1.99999988. Number and
place of resampled voxels change in steps, so such noise can change a feature by a large share.
"""

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

# Spacings (mm). Fields of view are divided by powers of two: 250 mm on 256 pixels is 0.9765625 mm, on the edge between
# two values of six decimals, from which noise could lead either way.
_MICROMETRE = 1e-3
_NEAR_MICROMETRE = 1e-5
_BINARY = 1 / 1024
_NEAR_BINARY = 2e-7
_SPACING_DECIMALS = 6
# Single precision resolves 1.5e-5 mm at 200 mm.
_ORIGIN_DECIMALS = 4
_DIRECTION_DECIMALS = 5


def round_geometry(image: sitk.Image) -> sitk.Image:
    """Return an image with its spacing, origin and directions rounded; voxels and metadata are unchanged.

    A spacing within 1e-5 mm of a multiple of 0.001 mm takes that value, one within 2e-7 mm of a multiple of 1/1024 mm
    that value, and any other is rounded to 6 decimals. The origin is rounded to 4 decimals (mm). Direction cosines are
    rounded to 5 decimals and replaced by the nearest orthonormal matrix.
    """
    rounded = sitk.Image(image)
    rounded.SetSpacing([_round_spacing(side) for side in image.GetSpacing()])
    rounded.SetOrigin([round(value, _ORIGIN_DECIMALS) + 0.0 for value in image.GetOrigin()])
    rounded.SetDirection(_orthonormal(np.array(image.GetDirection()).reshape(3, 3)).ravel().tolist())
    for key in image.GetMetaDataKeys():  # a copy loses them when it is changed
        rounded.SetMetaData(key, image.GetMetaData(key))
    return rounded


def _round_spacing(side: float) -> float:
    for unit, near in ((_MICROMETRE, _NEAR_MICROMETRE), (_BINARY, _NEAR_BINARY)):
        count = round(side / unit)
        if count > 0 and abs(side - count * unit) <= near:
            return round(count * unit, 12)
    return round(side, _SPACING_DECIMALS) or side


def _orthonormal(direction: NDArray[np.float64]) -> NDArray[np.float64]:
    rounded = np.round(direction, _DIRECTION_DECIMALS)
    if np.array_equal(rounded @ rounded.T, np.eye(3)):
        return rounded + 0.0
    left, _, right = np.linalg.svd(rounded)
    return np.asarray(left @ right)
