"""Features of the grey-level co-occurrence matrix, as pyradiomics defines them, from pyradiomics' own matrix."""

import numpy as np
from numpy.typing import NDArray

from tme_platform.radiomics._grey_levels import EPSILON, GreyLevels, entropy

Array = NDArray[np.floating]


def glcm(grey: GreyLevels) -> dict[str, float]:
    """Compute the 24 features, each the mean over the 13 directions that have pairs of voxels.

    References
    ----------
    Haralick et al. 1973, IEEE Trans. Syst. Man Cybern. 3(6):610-621; pyradiomics, ``radiomics.glcm``.
    """
    p = _matrices(grey)
    i = grey.present.astype(float)
    features = {
        **_joint(p, i),
        **_sums_and_differences(p, grey),
        **_information(p),
        "MCC": _maximal_correlation(p),
    }
    return {name: float(np.nanmean(values)) if len(values) else np.nan for name, values in features.items()}


def _matrices(grey: GreyLevels) -> Array:
    """Directions x levels x levels: symmetric joint probabilities."""
    from radiomics import cMatrices

    counts, _ = cMatrices.calculate_glcm(grey.levels, grey.inside, np.array([1]), grey.highest, False, 0)
    index = grey.present - 1
    p = np.ascontiguousarray(counts[0].transpose(2, 0, 1)[:, index[:, None], index[None, :]])
    p += p.transpose(0, 2, 1).copy()
    total = p.sum(axis=(1, 2))
    return np.asarray(p[total > 0] / total[total > 0, None, None])


def _joint(p: Array, i: Array) -> dict[str, Array]:
    row = i[:, None]
    product, difference = row * i, row - i
    px = p.sum(axis=2)
    mean = px @ i
    centred = row + i - 2 * mean[:, None, None]
    spread = i - mean[:, None]
    variance = (px * spread**2).sum(axis=1)
    covariance = np.einsum("aij,ai,aj->a", p, spread, spread, optimize=True)
    squared = p * centred**2
    correlation = np.where(variance == 0, 1.0, covariance / (variance + EPSILON))
    return {
        "Autocorrelation": np.tensordot(p, product, 2),
        "JointAverage": mean,
        "ClusterProminence": (squared * centred**2).sum(axis=(1, 2)),
        "ClusterShade": (squared * centred).sum(axis=(1, 2)),
        "ClusterTendency": squared.sum(axis=(1, 2)),
        "Contrast": np.tensordot(p, difference**2, 2),
        "Correlation": correlation,
        "JointEnergy": (p**2).sum(axis=(1, 2)),
        "MaximumProbability": p.max(axis=(1, 2)),
        "SumSquares": variance,
    }


def _sums_and_differences(p: Array, grey: GreyLevels) -> dict[str, Array]:
    levels, highest = grey.present, grey.highest
    plus = (levels[:, None] + levels).ravel()
    minus = np.abs(levels[:, None] - levels).ravel()
    flat = p.reshape(len(p), -1)
    added = np.array([np.bincount(plus, row, 2 * highest + 1)[2:] for row in flat]).reshape(len(p), -1)
    apart = np.array([np.bincount(minus, row, highest) for row in flat]).reshape(len(p), -1)
    k_sum, k = np.arange(2.0, 2 * highest + 1), np.arange(float(highest))
    average = apart @ k
    return {
        "DifferenceAverage": average,
        "DifferenceEntropy": entropy(apart, 1),
        "DifferenceVariance": (apart * (k - average[:, None]) ** 2).sum(axis=1),
        "Id": apart @ (1 / (1 + k)),
        "Idm": apart @ (1 / (1 + k**2)),
        "Idmn": apart @ (1 / (1 + k**2 / highest**2)),
        "Idn": apart @ (1 / (1 + k / highest)),
        "InverseVariance": apart[:, 1:] @ (1 / k[1:] ** 2),
        "SumAverage": added @ k_sum,
        "SumEntropy": entropy(added, 1),
    }


def _information(p: Array) -> dict[str, Array]:
    px = p.sum(axis=2)
    both = px[:, :, None] * px[:, None, :]
    log_both = np.log2(both + EPSILON)
    joint = entropy(p, (1, 2))
    independent = -(both * log_both).sum(axis=(1, 2))
    mixed = -(p * log_both).sum(axis=(1, 2))
    marginal = entropy(px, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = np.where(marginal == 0, 0.0, (joint - mixed) / marginal)
        second = np.where(independent == joint, 0.0, np.sqrt(1 - np.exp(-2 * (independent - joint))))
    return {"JointEntropy": joint, "Imc1": first, "Imc2": second}


def _maximal_correlation(p: Array) -> Array:
    if p.shape[1] < 2:
        return np.ones(len(p))
    px = p.sum(axis=2)
    # The sum over k of p[i, k] p[j, k] / (px[i] px[k] + eps) as a matrix product. It is nearly similar to the square of
    # a symmetric matrix, whose eigenvalues are cheaper, but for levels of few voxels eps is not negligible.
    q = (p / (px[:, :, None] * px[:, None, :] + EPSILON)) @ p.transpose(0, 2, 1)
    eigenvalues = np.sort(np.linalg.eigvals(q).real, axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(eigenvalues[:, -2]))
