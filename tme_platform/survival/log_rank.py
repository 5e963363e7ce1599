"""The log-rank test. The curves it compares are in `kaplan_meier`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.survival.observations import Vector, usable_observations


@dataclass(frozen=True)
class LogRank:
    """A log-rank test; unpacks as ``statistic, p``.

    Attributes
    ----------
    statistic, p, degrees_of_freedom
        Chi-squared; NaN where the groups cannot be compared, and `reason` says why.
    n_dropped
        Rows left out for a missing or negative time, a missing event or a missing group.
    """

    statistic: float
    p: float
    degrees_of_freedom: int
    n_dropped: int
    reason: str

    def __iter__(self) -> Iterator[float]:
        yield self.statistic
        yield self.p


def log_rank(time: Vector, event: Vector, group: Vector) -> LogRank:
    """Compare survival between two or more groups (Mantel-Haenszel log-rank by lifelines; R's ``survdiff``, rho = 0).

    Parameters
    ----------
    time, event
        Follow-up in any unit; 1 where the event was seen, 0 where censored.
    group
        Group of each row.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    from lifelines.statistics import multivariate_logrank_test

    seen = usable_observations(time, event, group)
    codes, names = pd.factorize(np.asarray(group)[seen.kept], sort=True)
    compared = _at_risk_at_an_event(seen.time, seen.event, codes, len(names))
    df = max(int(compared.sum()) - 1, 0)
    if df == 0:
        reason = "fewer than two groups are at risk when events happen" if seen.event.any() else "no event"
        return LogRank(np.nan, np.nan, 0, seen.n_dropped, reason)
    inside = compared[codes]
    try:
        test = multivariate_logrank_test(seen.time[inside], codes[inside], seen.event[inside])
    except np.linalg.LinAlgError:
        return LogRank(np.nan, np.nan, df, seen.n_dropped, "no time at which groups could differ")
    if np.isnan(test.test_statistic):
        return LogRank(np.nan, np.nan, df, seen.n_dropped, "no time at which groups could differ")
    return LogRank(float(test.test_statistic), float(test.p_value), df, seen.n_dropped, "")


def _at_risk_at_an_event(
    time: NDArray[np.float64], event: NDArray[np.bool_], codes: NDArray[np.intp], n_groups: int
) -> NDArray[np.bool_]:
    """Which groups still have somebody at risk when the first event happens; the others say nothing."""
    if not event.any():
        return np.zeros(n_groups, dtype=bool)
    last = np.array([time[codes == code].max() for code in range(n_groups)])
    return np.asarray(last >= time[event].min())
