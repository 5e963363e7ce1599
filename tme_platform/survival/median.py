"""Compute median survival from Kaplan-Meier curves, which belong in `kaplan_meier`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.statistics import Vector
from tme_platform.survival.kaplan_meier import kaplan_meier


def median_survival(time: Vector, event: Vector, group: Vector, *, level: float = 0.95) -> pd.DataFrame:
    """Compute median survival by group with the interval of Brookmeyer & Crowley 1982, as R's ``survfit`` prints it.

    The median is the first time at which survival falls below 0.5, or the midpoint of the time during which it equals
    0.5. Its limits are the same points of the curve's confidence limits.

    Returns
    -------
    pandas.DataFrame
        One row per group: ``n``, ``events``, ``median``, ``ci_low``, ``ci_high`` in the unit of `time`; NaN if not
        reached. ``attrs["n_dropped"]`` is the number of unusable rows.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    curves = kaplan_meier(time, event, group, level=level)
    rows = [
        {
            "group": name,
            "n": int(curve["at_risk"].iloc[0]),
            "events": int(curve["events"].sum()),
            "median": _time_at_half(curve["survival"], curve["time"]),
            "ci_low": _time_at_half(curve["ci_low"], curve["time"]),
            "ci_high": _time_at_half(curve["ci_high"], curve["time"]),
        }
        for name, curve in curves.groupby("group", sort=True)
    ]
    result = pd.DataFrame(rows, columns=["group", "n", "events", "median", "ci_low", "ci_high"])
    result.attrs["n_dropped"] = curves.attrs["n_dropped"]
    return result


def _time_at_half(curve: pd.Series[float], time: pd.Series[float]) -> float:
    """Time at which a curve falls below 0.5, or the midpoint of a step at 0.5; NaN if it stays above."""
    tolerance = np.sqrt(np.finfo(float).eps)
    values, times = curve.to_numpy(dtype=float), time.to_numpy(dtype=float)
    below = np.flatnonzero(values < 0.5 + tolerance)
    if not below.size:
        return np.nan
    first = below[0]
    later = np.flatnonzero(values < values[first])
    if abs(values[first] - 0.5) < tolerance and later.size:
        return float((times[first] + times[later[0]]) / 2)
    return float(times[first])
