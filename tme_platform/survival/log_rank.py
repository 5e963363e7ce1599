"""Log-rank test between groups. Survival curves belong in `kaplan_meier`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import Vector
from tme_platform.survival.observations import usable_observations


@dataclass(frozen=True)
class LogRank:
    """Result of a log-rank test. Unpacks as ``statistic, p``.

    Attributes
    ----------
    statistic, p, degrees_of_freedom
        Chi-squared statistic, p value and degrees of freedom; NaN with a `reason` if the groups cannot be compared.
    n_dropped
        Number of rows with a missing or negative time, a missing event or a missing group.
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
    """Compare survival between groups by the log-rank test (Mantel-Haenszel, lifelines; R's ``survdiff``, rho = 0).

    Parameters
    ----------
    time, event
        Follow-up in any unit; 1 if the event was observed, 0 if censored.
    group
        Group of each row.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    from lifelines.statistics import multivariate_logrank_test

    usable = usable_observations(time, event, group)
    codes, names = pd.factorize(np.asarray(group)[usable.kept], sort=True)
    compared = _at_risk_at_an_event(usable.time, usable.event, codes, len(names))
    df = max(int(compared.sum()) - 1, 0)
    if df == 0:
        reason = "fewer than two groups are at risk when events happen" if usable.event.any() else "no event"
        return LogRank(np.nan, np.nan, 0, usable.n_dropped, reason)
    rows = compared[codes]
    try:
        test = multivariate_logrank_test(usable.time[rows], codes[rows], usable.event[rows])
        statistic, p = float(test.test_statistic), float(test.p_value)
    except np.linalg.LinAlgError:
        statistic = p = np.nan
    if np.isnan(statistic):
        return LogRank(np.nan, np.nan, df, usable.n_dropped, "no time at which groups could differ")
    return LogRank(statistic, p, df, usable.n_dropped, "")


def _at_risk_at_an_event(
    time: NDArray[np.float64], event: NDArray[np.bool_], codes: NDArray[np.intp], n_groups: int
) -> NDArray[np.bool_]:
    """Return which groups have patients at risk at the first event; the others contribute nothing to the test."""
    if not event.any():
        return np.zeros(n_groups, dtype=bool)
    last = np.array([time[codes == code].max() for code in range(n_groups)])
    return np.asarray(last >= time[event].min())
