"""Features of the matrices of grey level by size: run length, size zone, dependence, as pyradiomics defines them.

The three families share their formulas; they differ in what is counted and in the names of the features.
"""

import numpy as np
from numpy.typing import NDArray

from tme_platform.radiomics._grey_levels import GreyLevels, entropy
from tme_platform.radiomics._neighbours import dependences, run_lengths

Array = NDArray[np.floating]

_RUN = {
    "small": "ShortRunEmphasis",
    "large": "LongRunEmphasis",
    "grey": "GrayLevelNonUniformity",
    "grey_normalised": "GrayLevelNonUniformityNormalized",
    "size": "RunLengthNonUniformity",
    "size_normalised": "RunLengthNonUniformityNormalized",
    "percentage": "RunPercentage",
    "grey_variance": "GrayLevelVariance",
    "size_variance": "RunVariance",
    "entropy": "RunEntropy",
    "low": "LowGrayLevelRunEmphasis",
    "high": "HighGrayLevelRunEmphasis",
    "small_low": "ShortRunLowGrayLevelEmphasis",
    "small_high": "ShortRunHighGrayLevelEmphasis",
    "large_low": "LongRunLowGrayLevelEmphasis",
    "large_high": "LongRunHighGrayLevelEmphasis",
}
_ZONE = {
    **{
        key: name.replace("ShortRun", "SmallArea").replace("LongRun", "LargeArea").replace("LevelRun", "LevelZone")
        for key, name in _RUN.items()
    },
    "size": "SizeZoneNonUniformity",
    "size_normalised": "SizeZoneNonUniformityNormalized",
    "percentage": "ZonePercentage",
    "size_variance": "ZoneVariance",
    "entropy": "ZoneEntropy",
}
_DEPENDENCE = {
    **{
        key: name.replace("ShortRun", "SmallDependence")
        .replace("LongRun", "LargeDependence")
        .replace("LevelRun", "Level")
        for key, name in _RUN.items()
    },
    "size": "DependenceNonUniformity",
    "size_normalised": "DependenceNonUniformityNormalized",
    "size_variance": "DependenceVariance",
    "entropy": "DependenceEntropy",
}
del _DEPENDENCE["percentage"], _DEPENDENCE["grey_normalised"]


def glrlm(grey: GreyLevels) -> dict[str, float]:
    """Compute the 16 run-length features, each the mean over the 13 directions.

    References
    ----------
    Galloway 1975, Comput. Graph. Image Process. 4:172-179; pyradiomics, ``radiomics.glrlm``.
    """
    return _features(run_lengths(grey), grey, _RUN)


def glszm(grey: GreyLevels) -> dict[str, float]:
    """Compute the 16 size-zone features.

    References
    ----------
    Thibault et al. 2009, Pattern Recognition and Information Processing, 140-145; pyradiomics, ``radiomics.glszm``.
    """
    from radiomics import cMatrices

    voxels = int(grey.counts.sum())
    counts = cMatrices.calculate_glszm(grey.levels, grey.inside, grey.highest, voxels, False, 0)
    return _features(counts[:, grey.present - 1], grey, _ZONE)


def gldm(grey: GreyLevels) -> dict[str, float]:
    """Compute the 14 dependence features.

    References
    ----------
    Sun & Wee 1983, Comput. Vis. Graph. Image Process. 23:341-352; pyradiomics, ``radiomics.gldm``.
    """
    return _features(dependences(grey), grey, _DEPENDENCE)


def _features(counts: Array, grey: GreyLevels, names: dict[str, str]) -> dict[str, float]:
    """Compute the named features from counts (directions x levels x sizes); sizes that do not occur are skipped."""
    columns = np.flatnonzero(counts.any(axis=(0, 1)))
    counts = counts[:, :, columns]
    total = counts.sum(axis=(1, 2))
    counts, total = counts[total > 0], total[total > 0]
    i2 = grey.present.astype(float) ** 2
    j = columns + 1.0
    j2 = j**2
    by_size, by_level = counts.sum(axis=1), counts.sum(axis=2)
    share = counts / total[:, None, None]
    values = {
        "small": by_size @ (1 / j2),
        "large": by_size @ j2,
        "grey": (by_level**2).sum(axis=1),
        "grey_normalised": (by_level**2).sum(axis=1) / total,
        "size": (by_size**2).sum(axis=1),
        "size_normalised": (by_size**2).sum(axis=1) / total,
        "percentage": total**2 / (by_size @ j),
        "grey_variance": _variance(by_level / total[:, None], grey.present.astype(float)) * total,
        "size_variance": _variance(by_size / total[:, None], j) * total,
        "entropy": entropy(share, (1, 2)) * total,
        "low": by_level @ (1 / i2),
        "high": by_level @ i2,
        "small_low": counts @ (1 / j2) @ (1 / i2),
        "small_high": counts @ (1 / j2) @ i2,
        "large_low": counts @ j2 @ (1 / i2),
        "large_high": counts @ j2 @ i2,
    }
    return {name: float(np.mean(values[key] / total)) if len(total) else np.nan for key, name in names.items()}


def _variance(share: Array, values: Array) -> Array:
    mean = share @ values
    return np.asarray((share * (values - mean[:, None]) ** 2).sum(axis=1))
