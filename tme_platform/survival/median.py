"""Median survival. The curve it is read from is in `kaplan_meier`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.survival.kaplan_meier import kaplan_meier
from tme_platform.survival.observations import Vector


def median_survival(time: Vector, event: Vector, group: Vector, *, level: float = 0.95) -> pd.DataFrame:
    """Median survival by group, with the confidence interval of Brookmeyer & Crowley 1982, as R's ``survfit`` prints.

    The median is the first time at which survival falls to 0.5, and where it rests at 0.5, the middle of that rest.
    Its limits are where the limits of the curve do so.

    Returns
    -------
    pandas.DataFrame
        By group: ``n``, ``events``, ``median``, ``ci_low``, ``ci_high`` in the unit of `time`; NaN where it was not
        reached. Rows that cannot be used are counted in ``attrs["n_dropped"]``.

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
            "median": _half(curve["survival"], curve["time"]),
            "ci_low": _half(curve["ci_low"], curve["time"]),
            "ci_high": _half(curve["ci_high"], curve["time"]),
        }
        for name, curve in curves.groupby("group", sort=True)
    ]
    result = pd.DataFrame(rows, columns=["group", "n", "events", "median", "ci_low", "ci_high"])
    result.attrs["n_dropped"] = curves.attrs["n_dropped"]
    return result


def _half(curve: pd.Series[float], time: pd.Series[float]) -> float:
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
