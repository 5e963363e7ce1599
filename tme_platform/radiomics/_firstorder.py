"""First-order features of a region, as pyradiomics defines them."""

import math

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled, inlined
from tme_platform.radiomics._grey_levels import GreyLevels

Array = NDArray[np.float64]
Numbers = NDArray[np.uint32]

FEATURES = (
    "10Percentile",
    "90Percentile",
    "Energy",
    "Entropy",
    "InterquartileRange",
    "Kurtosis",
    "Maximum",
    "MeanAbsoluteDeviation",
    "Mean",
    "Median",
    "Minimum",
    "Range",
    "RobustMeanAbsoluteDeviation",
    "RootMeanSquared",
    "Skewness",
    "TotalEnergy",
    "Uniformity",
    "Variance",
)
"""Order of the values that the compiled functions return."""

_EPSILON = 2.0**-52


def first_order(values: NDArray[np.floating], grey: GreyLevels, voxel_mm3: float, shift: float) -> dict[str, float]:
    """Compute the 18 first-order features of the intensities inside a region.

    Parameters
    ----------
    values
        Intensities inside the region.
    grey
        Grey levels of the region (for entropy and uniformity).
    voxel_mm3
        Volume of a voxel.
    shift
        Value added to an intensity before it is squared.

    References
    ----------
    pyradiomics, ``radiomics.firstorder``; van Griethuysen et al. 2017.
    """
    x = values.astype(np.float64, copy=False)
    # The mean is numpy's: of a constant, whose deviations are nothing but its rounding, other features follow from it.
    found = _region_features(np.sort(x), float(x.mean()), grey.counts, voxel_mm3, shift)
    return dict(zip(FEATURES, found.tolist(), strict=True))


@inlined
def _percentile(x: Array, share: float) -> float:
    """Interpolate linearly between sorted values, rounded as by numpy."""
    at = share * (len(x) - 1)
    below = int(at)
    part = at - below
    low, high = float(x[below]), float(x[min(below + 1, len(x) - 1)])
    return low + (high - low) * part if part < 0.5 else high - (high - low) * (1 - part)


@inlined
def _moments(x: Array, mean: float, voxel_mm3: float, shift: float, out: Array) -> None:
    """Fill all features but entropy and uniformity from sorted intensities and their mean."""
    n = len(x)
    p10, p90 = _percentile(x, 0.1), _percentile(x, 0.9)
    energy = absolute = square = cube = fourth = robust = 0.0
    first, last = n, 0
    for k in range(n):
        shifted = x[k] + shift
        energy += shifted * shifted
        deviation = x[k] - mean
        squared = deviation * deviation
        absolute += abs(deviation)
        square += squared
        cube += squared * deviation
        fourth += squared * squared
        if p10 <= x[k] <= p90:
            first, last = min(first, k), k + 1
            robust += x[k]
    within = float(max(last - first, 0))  # none, if there are two voxels
    robust /= within
    robust_absolute = 0.0
    for k in range(first, last):
        robust_absolute += abs(x[k] - robust)
    variance = square / n
    scale = variance if variance != 0 else 1.0
    out[0], out[1], out[2], out[4] = p10, p90, energy, _percentile(x, 0.75) - _percentile(x, 0.25)
    out[5], out[6], out[7], out[8] = fourth / n / (scale * scale), x[n - 1], absolute / n, mean
    out[9], out[10], out[11], out[12] = _percentile(x, 0.5), x[0], x[n - 1] - x[0], robust_absolute / within
    out[13], out[14], out[15] = math.sqrt(energy / n), cube / n / scale**1.5, energy * voxel_mm3
    out[17] = variance


@inlined
def _histogram(counts: Array, total: float, out: Array) -> None:
    """Fill entropy and uniformity from the numbers of voxels of each level."""
    entropy = uniformity = 0.0
    for count in counts:
        if count > 0:
            share = count / total
            entropy -= share * math.log2(share + _EPSILON)
            uniformity += share * share
    out[3], out[16] = entropy, uniformity


@compiled("float64[::1](float64[::1], float64, float64[::1], float64, float64)")
def _region_features(x: Array, mean: float, counts: Array, voxel_mm3: float, shift: float) -> Array:
    features = np.empty(len(FEATURES))
    _moments(x, mean, voxel_mm3, shift, features)
    _histogram(counts, float(len(x)), features)
    return features


@compiled("float64[::1](float64[::1], uint32[::1], uint32[::1], int64[::1], int64, float64, float64, int64)")
def feature_around(
    values: Array,
    grid: Numbers,
    centres: Numbers,
    cube: NDArray[np.int64],
    kinds: int,
    voxel_mm3: float,
    shift: float,
    feature: int,
) -> Array:
    """Return one feature of the cube round each of ``centres``.

    Parameters
    ----------
    values, grid
        Intensity and number of the grey level (1 to ``kinds``, 0 outside) of each voxel of the padded box, raveled.
    centres
        Positions of voxels of the region in it.
    cube
        Offsets from the cube's centre to all of its voxels.
    voxel_mm3, shift
        As in ``first_order``.
    feature
        Position in ``FEATURES``.
    """
    x, counts, found = np.empty(len(cube)), np.zeros(kinds + 1), np.empty(len(FEATURES))
    result = np.empty(len(centres))
    for k in range(len(centres)):
        n, total = 0, 0.0
        for offset in cube:
            at = centres[k] + offset
            if grid[at] > 0:
                total += values[at]
                counts[grid[at]] += 1
                place = n
                while place > 0 and x[place - 1] > values[at]:
                    x[place] = x[place - 1]
                    place -= 1
                x[place] = values[at]
                n += 1
        _moments(x[:n], total / n, voxel_mm3, shift, found)
        _histogram(counts, float(n), found)
        result[k] = found[feature]
        for kind in range(len(counts)):
            counts[kind] = 0.0
    return result
