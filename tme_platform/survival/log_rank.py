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
    groups
        By group: n, events observed, events expected.
    n_dropped
        Rows left out for a missing or negative time, a missing event or a missing group.
    """

    statistic: float
    p: float
    degrees_of_freedom: int
    groups: pd.DataFrame
    n_dropped: int
    reason: str

    def __iter__(self) -> Iterator[float]:
        yield self.statistic
        yield self.p


def log_rank(time: Vector, event: Vector, group: Vector) -> LogRank:
    """Compare survival between two or more groups (Mantel-Haenszel log-rank, R's ``survdiff`` with rho = 0).

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
    seen = usable_observations(time, event, group)
    codes, names = pd.factorize(np.asarray(group)[seen.kept], sort=True)
    at_risk, died = _tables(seen.time, seen.event, codes, len(names))
    total, deaths = at_risk.sum(axis=1), died.sum(axis=1)
    share = at_risk / total[:, None]
    expected = (share * deaths[:, None]).sum(axis=0)
    observed = died.sum(axis=0)
    groups = pd.DataFrame(
        {"group": names, "n": np.bincount(codes, minlength=len(names)), "observed": observed, "expected": expected}
    )
    comparable = expected > 0
    df = max(int(comparable.sum()) - 1, 0)
    if df == 0:
        reason = "no event" if not deaths.size else "fewer than two groups are at risk when events happen"
        return LogRank(np.nan, np.nan, 0, groups, seen.n_dropped, reason)
    factor = deaths * np.where(total > 1, (total - deaths) / np.maximum(total - 1, 1), 0.0)
    covariance = np.diag(factor @ share) - share.T @ (share * factor[:, None])
    inside = np.flatnonzero(comparable)[1:]
    difference = (observed - expected)[inside]
    spread = covariance[np.ix_(inside, inside)]
    if np.linalg.matrix_rank(spread) < df:
        return LogRank(np.nan, np.nan, df, groups, seen.n_dropped, "no time at which groups could differ")
    statistic = float(difference @ np.linalg.solve(spread, difference))
    from scipy.stats import chi2

    return LogRank(statistic, float(chi2.sf(statistic, df)), df, groups, seen.n_dropped, "")


def _tables(
    time: NDArray[np.float64], event: NDArray[np.bool_], codes: NDArray[np.intp], n_groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """At risk and events, event times x groups."""
    times = np.unique(time[event])
    at_risk = np.zeros((len(times), n_groups))
    died = np.zeros((len(times), n_groups))
    for code in range(n_groups):
        own = np.sort(time[codes == code])
        at_risk[:, code] = len(own) - np.searchsorted(own, times, side="left")
        own_events = np.sort(time[event & (codes == code)])
        died[:, code] = np.diff(
            [np.searchsorted(own_events, times, "left"), np.searchsorted(own_events, times, "right")], axis=0
        )[0]
    return at_risk, died
