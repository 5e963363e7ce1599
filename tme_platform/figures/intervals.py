"""The two intervals that figures need and tables do not hold: of a share and of a mean, both 95 %."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, t


def share_interval(count: int, n: int) -> tuple[float, float]:
    """Wilson's interval of `count` out of `n` (Wilson 1927, J Am Stat Assoc 22:209); NaN where n is 0."""
    if n == 0:
        return float("nan"), float("nan")
    z2 = float(norm.ppf(0.975)) ** 2
    share = count / n
    centre = (count + z2 / 2) / (n + z2)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    # at the ends rounding would leave 1e-17 beside the share itself
    return (0.0 if count == 0 else float(centre - half)), (1.0 if count == n else float(centre + half))


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
