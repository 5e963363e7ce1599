"""Standardised difference of two means with its interval. Tests belong in `group_tests`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StandardisedDifference:
    """Difference of two means in standard deviations, and its confidence interval; NaN where it is not defined."""

    value: float
    ci_low: float
    ci_high: float


def standardised_difference(
    means: tuple[float, float], sds: tuple[float, float], ns: tuple[int, int], *, level: float = 0.95
) -> StandardisedDifference:
    """Divide a difference of two means by the root of the mean variance; R's ``statpsych::ci.stdmean2``, unweighted.

    Equal variances are not assumed. The interval is approximate, and more so for skewed values and small groups.

    Parameters
    ----------
    means, sds, ns
        Mean, standard deviation (n - 1) and size of the first and of the second group.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    StandardisedDifference
        First minus second, corrected for the bias of small samples; the interval is that of the uncorrected
        difference. NaN if a group has fewer than two values or both are constant.

    Raises
    ------
    ValueError
        If a standard deviation is negative, or `level` is not between 0 and 1.

    References
    ----------
    Bonett 2008, Psychological Methods 13:99.
    """
    from scipy.stats import norm

    if not 0 < level < 1:
        raise ValueError(f"the confidence level {level} is not between 0 and 1")
    if min(sds) < 0:
        raise ValueError(f"a standard deviation is negative: {min(sds)}")
    variances, df = np.square(sds), np.asarray(ns) - 1
    mean_variance = float(variances.mean())
    if min(ns) < 2 or not mean_variance > 0 or not np.isfinite([*means, mean_variance]).all():
        return StandardisedDifference(*[float("nan")] * 3)
    difference = (means[0] - means[1]) / np.sqrt(mean_variance)
    square_error = difference**2 * (variances**2 / df).sum() / (8 * mean_variance**2)
    square_error += (variances / df).sum() / mean_variance
    half = float(norm.ppf((1 + level) / 2)) * np.sqrt(square_error)
    corrected = difference * (1 - 3 / (4 * df.sum() - 1))
    return StandardisedDifference(float(corrected), float(difference - half), float(difference + half))
