"""Kaplan-Meier curves. Medians are in `median`, numbers at risk in `at_risk`, tests in `log_rank`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.survival.observations import Vector, usable_observations

COLUMNS = ["group", "time", "at_risk", "events", "censored", "survival", "ci_low", "ci_high"]


def kaplan_meier(time: Vector, event: Vector, group: Vector, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate survival by group (Kaplan & Meier 1958) by lifelines, with the limits of R's ``survfit``.

    Parameters
    ----------
    time, event
        Follow-up in any unit; 1 where the event was seen, 0 where censored.
    group
        Group of each row.
    level
        Of the pointwise confidence interval.

    Returns
    -------
    pandas.DataFrame
        By group and distinct time, each group beginning with time 0: ``at_risk`` just before the time, ``events``
        and ``censored`` at it, ``survival`` after it with ``ci_low`` and ``ci_high`` (NaN once survival is 0). Rows
        that cannot be used are left out and counted in ``attrs["n_dropped"]``.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    seen = usable_observations(time, event, group)
    groups = np.asarray(group)[seen.kept]
    curves = [
        _curve(seen.time[groups == name], seen.event[groups == name], level).assign(group=name)
        for name in pd.Index(groups).unique().sort_values()
    ]
    result = pd.concat(curves, ignore_index=True)[COLUMNS] if curves else pd.DataFrame(columns=COLUMNS)
    result.attrs["n_dropped"] = seen.n_dropped
    return result


def _curve(time: NDArray[np.float64], event: NDArray[np.bool_], level: float) -> pd.DataFrame:
    from lifelines import KaplanMeierFitter
    from scipy.stats import norm

    fitted = KaplanMeierFitter().fit(time, event)
    table = fitted.event_table
    at_risk, events = table["at_risk"].to_numpy(), table["observed"].to_numpy()
    survival = fitted.survival_function_["KM_estimate"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        # lifelines gives limits on the log-log scale only; these are survfit's.
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        reach = norm.ppf((1 + level) / 2) * np.sqrt(greenwood)
        low, high = survival * np.exp(-reach), np.minimum(survival * np.exp(reach), 1.0)
    gone = survival <= 0
    return pd.DataFrame(
        {
            "time": table.index.to_numpy(),
            "at_risk": at_risk,
            "events": events,
            "censored": table["censored"].to_numpy(),
            "survival": survival,
            "ci_low": np.where(gone, np.nan, low),
            "ci_high": np.where(gone, np.nan, high),
        }
    )
