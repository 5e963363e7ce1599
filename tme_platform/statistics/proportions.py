"""Intervals of a proportion and of a mean. Intervals of an AUC belong in `evaluation`."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, t


def proportion_interval(k: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion.

    Parameters
    ----------
    k, n
        Number of successes and of trials.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple[float, float]
        Lower and upper limit, within 0 to 1; NaN where `n` is 0.

    Raises
    ------
    ValueError
        If `k` is not between 0 and `n`, or `level` not between 0 and 1.

    References
    ----------
    Wilson 1927, J Am Stat Assoc 22:209.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is not a proportion: k lies between 0 and n")
    if not 0 < level < 1:
        raise ValueError(f"the confidence level {level} does not lie between 0 and 1")
    if n == 0:
        return float("nan"), float("nan")
    z2 = float(norm.ppf((1 + level) / 2)) ** 2
    share = k / n
    centre = (k + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    # at the ends rounding would leave 1e-17 beside the share itself
    return (0.0 if k == 0 else float(centre - half)), (1.0 if k == n else float(centre + half))


def mean_interval(values: ArrayLike) -> tuple[float, float, float]:
    """Mean and Student's interval; NaN limits for a single value."""
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    if known.size == 0:
        return float("nan"), float("nan"), float("nan")
    mean = float(known.mean())
    if known.size == 1:
        return mean, float("nan"), float("nan")
    half = float(t.ppf(0.975, known.size - 1)) * float(known.std(ddof=1)) / float(np.sqrt(known.size))
    return mean, mean - half, mean + half
