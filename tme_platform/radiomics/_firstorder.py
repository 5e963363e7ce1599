"""First-order features of a region, as pyradiomics defines them."""

import numpy as np
from numpy.typing import NDArray

from tme_platform.radiomics._grey_levels import GreyLevels, entropy


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
    x = values.astype(float)
    mean = x.mean()
    p10, p25, median, p75, p90 = np.percentile(x, [10, 25, 50, 75, 90])
    low, high = x.min(), x.max()
    deviation = x - mean
    squared = deviation * deviation
    variance = squared.mean()
    scale = variance if variance != 0 else 1.0
    robust = x[(x >= p10) & (x <= p90)]
    shifted = x + shift
    energy = float(shifted @ shifted)
    share = grey.counts / grey.counts.sum()
    return {
        "10Percentile": p10,
        "90Percentile": p90,
        "Energy": energy,
        "Entropy": float(entropy(share)),
        "InterquartileRange": p75 - p25,
        "Kurtosis": (squared * squared).mean() / scale**2,
        "Maximum": high,
        "MeanAbsoluteDeviation": np.abs(deviation).mean(),
        "Mean": mean,
        "Median": median,
        "Minimum": low,
        "Range": high - low,
        "RobustMeanAbsoluteDeviation": np.abs(robust - robust.mean()).mean(),
        "RootMeanSquared": np.sqrt(energy / x.size),
        "Skewness": (squared * deviation).mean() / scale**1.5,
        "TotalEnergy": energy * voxel_mm3,
        "Uniformity": np.sum(share**2),
        "Variance": variance,
    }
