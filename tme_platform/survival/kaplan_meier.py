"""Estimate Kaplan-Meier curves. Medians belong in `median`, numbers at risk in `at_risk`, tests in `log_rank`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import Vector
from tme_platform.survival.observations import usable_observations

COLUMNS = ["group", "time", "at_risk", "events", "censored", "survival", "ci_low", "ci_high"]


def kaplan_meier(time: Vector, event: Vector, group: Vector, *, level: float = 0.95) -> pd.DataFrame:
    """Estimate survival by group (Kaplan & Meier 1958) with lifelines, and the limits of R's ``survfit``.

    Parameters
    ----------
    time, event
        Follow-up in any unit; 1 if the event was observed, 0 if censored.
    group
        Group of each row.
    level
        Confidence level of the pointwise interval.

    Returns
    -------
    pandas.DataFrame
        One row per group and distinct time, starting at time 0: ``at_risk`` just before the time, ``events`` and
        ``censored`` at the time, ``survival`` after it with ``ci_low`` and ``ci_high`` (NaN once survival is 0).
        ``attrs["n_dropped"]`` is the number of unusable rows, which are left out.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    usable = usable_observations(time, event, group)
    groups = np.asarray(group)[usable.kept]
    curves = [
        _curve(usable.time[groups == name], usable.event[groups == name], level).assign(group=name)
        for name in pd.Index(groups).unique().sort_values()
    ]
    result = pd.concat(curves, ignore_index=True)[COLUMNS] if curves else pd.DataFrame(columns=COLUMNS)
    result.attrs["n_dropped"] = usable.n_dropped
    return result


def _curve(time: NDArray[np.float64], event: NDArray[np.bool_], level: float) -> pd.DataFrame:
    from lifelines import KaplanMeierFitter
    from scipy.stats import norm

    fitted = KaplanMeierFitter().fit(time, event)
    table = fitted.event_table
    at_risk, events = table["at_risk"].to_numpy(), table["observed"].to_numpy()
    survival = fitted.survival_function_["KM_estimate"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        # lifelines has limits on the log-log scale only; survfit's are on the log scale.
        greenwood = np.cumsum(events / (at_risk * (at_risk - events)))
        half_width = norm.ppf((1 + level) / 2) * np.sqrt(greenwood)
        low, high = survival * np.exp(-half_width), np.minimum(survival * np.exp(half_width), 1.0)
    no_survivors = survival <= 0
    return pd.DataFrame(
        {
            "time": table.index.to_numpy(),
            "at_risk": at_risk,
            "events": events,
            "censored": table["censored"].to_numpy(),
            "survival": survival,
            "ci_low": np.where(no_survivors, np.nan, low),
            "ci_high": np.where(no_survivors, np.nan, high),
        }
    )
