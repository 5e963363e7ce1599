"""Features of the grey-level co-occurrence matrix, as pyradiomics defines them."""

import numpy as np
from numpy.typing import NDArray

from tme_platform.radiomics._cooccurrence import EPSILON, FEATURES, region_features
from tme_platform.radiomics._grey_levels import GreyLevels


def glcm(grey: GreyLevels) -> dict[str, float]:
    """Compute the 24 features, each the mean over the 13 directions that have pairs of voxels.

    References
    ----------
    Haralick et al. 1973, IEEE Trans. Syst. Man Cybern. 3(6):610-621; pyradiomics, ``radiomics.glcm``.
    """
    region = grey.region
    found = region_features(grey.grid, region.voxels, region.steps, grey.present, grey.highest)
    for direction in np.flatnonzero(found[:, -1] < 0):  # the second eigenvalue is too close to another
        p = _joint_probabilities(grey, region.steps[direction])
        found[direction, -1] = _maximal_correlation(p)
    found = found[~np.isnan(found[:, 0])]
    if not len(found):
        return dict.fromkeys(FEATURES, np.nan)
    return dict(zip(FEATURES, np.nanmean(found, axis=0).tolist(), strict=True))


def _joint_probabilities(grey: GreyLevels, step: np.int64) -> NDArray[np.float64]:
    """Levels x levels: the symmetric matrix of one direction."""
    here = grey.region.voxels.astype(np.int64)
    kinds = len(grey.present) + 1
    pairs = np.bincount(grey.grid[here] * np.int64(kinds) + grey.grid[here + step], minlength=kinds * kinds)
    p = pairs.reshape(kinds, kinds)[1:, 1:].astype(float)
    p += p.T.copy()
    return np.asarray(p / p.sum())


def _maximal_correlation(p: NDArray[np.float64]) -> float:
    px = p.sum(axis=1)
    # The sum over k of p[i, k] p[j, k] / (px[i] px[k] + eps) as a matrix product.
    q = (p / (px[:, None] * px + EPSILON)) @ p.T
    with np.errstate(invalid="ignore"):
        return float(np.sqrt(np.sort(np.linalg.eigvals(q).real)[-2]))
