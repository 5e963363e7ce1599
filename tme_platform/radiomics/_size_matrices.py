"""Features of the matrices of grey level by size: run length, size zone, dependence, as pyradiomics defines them.

The three families share their formulas; they differ in what is counted and in the names of the features.
"""

import numpy as np
from numpy.typing import NDArray

from tme_platform.radiomics._grey_levels import GreyLevels
from tme_platform.radiomics._neighbours import SIZE_FEATURES, run_features, zone_features

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

    Directions along which the region's box is one voxel wide (out of a single slice) are left out.

    References
    ----------
    Galloway 1975, Comput. Graph. Image Process. 4:172-179; pyradiomics, ``radiomics.glrlm``.
    """
    region = grey.region
    longest = max(region.inside.shape)
    found = run_features(grey.grid, region.voxels, region.steps_across, grey.present, longest)
    return _named(found.mean(axis=0), _RUN)


def glszm(grey: GreyLevels) -> dict[str, float]:
    """Compute the 16 size-zone features.

    References
    ----------
    Thibault et al. 2009, Pattern Recognition and Information Processing, 140-145; pyradiomics, ``radiomics.glszm``.
    """
    return _named(zone_features(grey.grid, grey.region.voxels, grey.region.steps, grey.present), _ZONE)


def gldm(features: NDArray[np.float64]) -> dict[str, float]:
    """Name the 14 dependence features, given those that ``neighbourhood`` returns.

    References
    ----------
    Sun & Wee 1983, Comput. Vis. Graph. Image Process. 23:341-352; pyradiomics, ``radiomics.gldm``.
    """
    return _named(features, _DEPENDENCE)


def _named(features: NDArray[np.float64], names: dict[str, str]) -> dict[str, float]:
    values = dict(zip(SIZE_FEATURES, features.tolist(), strict=True))
    return {name: values[key] for key, name in names.items()}
