"""Compute confidence intervals of a proportion and of a mean. Intervals of an AUC belong in `evaluation`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def proportion_interval(k: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Compute Wilson's score interval of a proportion.

    Parameters
    ----------
    k, n
        Number of successes and number of trials. Means over repeats of a cross-validation may be fractions.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple[float, float]
        Lower and upper limit, within 0 to 1; NaN if `n` is 0.

    Raises
    ------
    ValueError
        If `k` is not between 0 and `n`, or `level` is not between 0 and 1.

    References
    ----------
    Wilson 1927, J Am Stat Assoc 22:209.
    """
    from scipy.stats import norm

    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a proportion: k must be between 0 and n")
    _check_level(level)
    if n == 0:
        return float("nan"), float("nan")
    z2 = float(norm.ppf((1 + level) / 2)) ** 2
    if k in (0, n):
        # the general formula would leave rounding errors at the limits 0 and 1
        reach = z2 / (n + z2)
        return (0.0, reach) if k == 0 else (1 - reach, 1.0)
    share = k / n
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return float(centre - half), float(centre + half)


def mean_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float, float]:
    """Compute the mean and its interval by Student's t distribution.

    Parameters
    ----------
    values
        Numbers; missing values are ignored.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple[float, float, float]
        Mean, lower and upper limit. The limits of a single value are NaN, as is everything without values.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.
    """
    from scipy.stats import t

    _check_level(level)
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if known.size == 0:
        return float("nan"), float("nan"), float("nan")
    mean = float(known.mean())
    if known.size == 1:
        return mean, float("nan"), float("nan")
    half = float(t.ppf((1 + level) / 2, known.size - 1)) * float(known.std(ddof=1)) / float(np.sqrt(known.size))
    return mean, mean - half, mean + half


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"the confidence level {level} is not between 0 and 1")
