"""Compute the confidence interval of a difference of two means from their summaries. Tests belong in `group_tests`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Summary(NamedTuple):
    """Mean, standard deviation (n - 1) and number of values of a group."""

    mean: float
    sd: float
    n: int


def mean_difference(first: Summary, second: Summary, level: float = 0.95) -> tuple[float, float, float]:
    """Compute the difference of two means with its interval for unequal variances.

    Returns
    -------
    tuple[float, float, float]
        First mean minus second mean, lower and upper limit. The limits are NaN if a group has fewer than two values or
        neither varies.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    References
    ----------
    Welch 1947, Biometrika 34:28.
    """
    from scipy.stats import t

    if not 0 < level < 1:
        raise ValueError(f"the confidence level {level} is not between 0 and 1")
    difference = first.mean - second.mean
    if min(first.n, second.n) < 2 or not np.isfinite([first.sd, second.sd]).all() or first.sd == second.sd == 0:
        return difference, float("nan"), float("nan")
    parts = [group.sd**2 / group.n for group in (first, second)]
    freedom = sum(parts) ** 2 / sum(part**2 / (group.n - 1) for part, group in zip(parts, (first, second), strict=True))
    reach = float(t.ppf((1 + level) / 2, freedom)) * sum(parts) ** 0.5
    return difference, difference - reach, difference + reach
