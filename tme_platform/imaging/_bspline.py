"""Cubic B-spline interpolation along the axes of an image, as ITK computes it, for a part of the image only.

A grid with the axes of the image is interpolated by one matrix per axis, which holds both the prefilter and the
weights. What a voxel contributes decays by 0.268 per voxel of distance; voxels farther away than `REACH` do not count.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

REACH = 30
"""Voxels on either side from which a value is computed: 0.268 to the power of 30 is less than 1e-17."""

_POLE = np.sqrt(3.0) - 2.0
_GAIN = 6.0
# ITK starts its recursion at the first voxel from this many voxels, where the sum of the others is below 1e-10.
_HORIZON = 18


def axis_weights(length: int, positions: Array) -> tuple[slice, Array]:
    """Return the voxels along an axis that count, and the weights with which they add to values at positions.

    Parameters
    ----------
    length
        Voxels of the image along the axis.
    positions
        Where values are wanted, ascending, in voxels from the centre of the first one; from -0.5 to ``length`` - 0.5.

    Returns
    -------
    slice, array (positions x voxels)

    References
    ----------
    Unser 1999, IEEE Signal Process. Mag. 16(6):22-38; ``itk::BSplineDecompositionImageFilter``,
    ``itk::BSplineInterpolationWeightFunction`` and ``itk::BSplineInterpolateImageFunction`` (mirrored at the edges).
    """
    first = np.floor(positions).astype(int) - 1
    start = max(int(first[0]) - REACH, 0)
    stop = min(int(first[-1]) + 4 + REACH, length)
    count = stop - start
    if length == 1:
        return slice(0, 1), np.ones((len(positions), 1))
    w = positions - (first + 1)
    last = w**3 / 6
    zeroth = 1 / 6 + w * (w - 1) / 2 - last
    second = w + zeroth - 2 * last
    weights = np.zeros((len(positions), count))
    rows = np.arange(len(positions))
    for offset, weight in enumerate((zeroth, 1 - zeroth - second - last, second, last)):
        index = length - 1 - np.abs(length - 1 - np.abs(first + offset))  # mirrored at the last and at the first voxel
        np.add.at(weights, (rows, np.abs(index) - start), weight)
    return slice(start, stop), weights @ _prefilter(count)


def _prefilter(length: int) -> Array:
    """Return the matrix that takes values to the coefficients of the spline through them."""
    found = _GAIN * np.eye(length)
    powers = _POLE ** np.arange(length)
    if length > _HORIZON:
        found[0] = powers[:_HORIZON] @ found[:_HORIZON]
    else:
        mirrored = powers + _POLE ** (2 * (length - 1) - np.arange(length))
        mirrored[[0, -1]] = powers[[0, -1]]
        found[0] = mirrored @ found / (1 - _POLE ** (2 * (length - 1)))
    for n in range(1, length):
        found[n] += _POLE * found[n - 1]
    found[-1] = _POLE / (_POLE**2 - 1) * (_POLE * found[-2] + found[-1])
    for n in range(length - 2, -1, -1):
        found[n] = _POLE * (found[n + 1] - found[n])
    return found
