"""Compare mean survival times up to a limit, without proportional hazards. Curves belong in `kaplan_meier`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import Vector
from tme_platform.survival.observations import usable_observations

DIFFERENCE = "difference"
_COLUMNS = ["group", "tau", "n", "events", "mean", "se", "ci_low", "ci_high", "p", "reason"]


def restricted_mean(
    time: Vector,
    event: Vector,
    group: Vector,
    first: str,
    second: str,
    *,
    tau: float | None = None,
    min_at_risk: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the area under the Kaplan-Meier curves of two groups up to `tau`, and its difference.

    The variance is Greenwood's, as in R's ``print(survfit(...), rmean = tau)`` and ``survRM2``; intervals and p are
    those of the normal distribution.

    Parameters
    ----------
    time, event
        Follow-up in any unit; 1 if the event was observed, 0 if censored.
    group
        Group of each row; rows of other groups are not used.
    first, second
        The two groups; the difference is first minus second.
    tau
        Limit in the unit of `time`. By default the largest time at which each of the groups still has at least
        `min_at_risk` patients at risk. It depends on follow-up and not on which group does better.
    level
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row for each group and one for ``difference``: ``tau``, ``n``, ``events`` (up to `tau`), ``mean`` in the
        unit of `time`, ``se``, ``ci_low``, ``ci_high``, ``p`` (of the difference only), and ``reason`` for missing
        values.
        ``attrs["n_dropped"]`` is the number of unusable rows.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.

    References
    ----------
    Royston & Parmar 2013, BMC Medical Research Methodology 13:152; Uno et al. 2014, J Clin Oncol 32:2380.
    """
    from scipy.stats import norm

    usable = usable_observations(time, event, group)
    groups = np.asarray(group)[usable.kept]
    parts = {name: (usable.time[groups == name], usable.event[groups == name]) for name in (first, second)}
    small = [name for name, (times, _) in parts.items() if len(times) < min_at_risk]
    if small:
        return _missing(parts, f"{' and '.join(small)}: fewer than {min_at_risk} patients", usable.n_dropped)
    limit = min(_last_time(times, min_at_risk) for times, _ in parts.values()) if tau is None else tau
    if not limit > 0:
        return _missing(parts, f"fewer than {min_at_risk} patients are at risk after time 0", usable.n_dropped)
    rows: list[dict[str, Any]] = [
        {"group": name, "n": len(times), "events": int((events & (times <= limit)).sum())}
        | dict(zip(("mean", "se"), _area(times, events, limit), strict=True))
        for name, (times, events) in parts.items()
    ]
    rows.append(
        {
            "group": DIFFERENCE,
            "n": rows[0]["n"] + rows[1]["n"],
            "events": rows[0]["events"] + rows[1]["events"],
            "mean": rows[0]["mean"] - rows[1]["mean"],
            "se": np.hypot(rows[0]["se"], rows[1]["se"]),
        }
    )
    result = pd.DataFrame(rows).assign(tau=limit, p=np.nan, reason="")
    half_width = norm.ppf((1 + level) / 2) * result["se"]
    result["ci_low"], result["ci_high"] = result["mean"] - half_width, result["mean"] + half_width
    if result["se"].iloc[-1] > 0:
        result.loc[2, "p"] = 2 * norm.sf(abs(result["mean"].iloc[-1]) / result["se"].iloc[-1])
    else:
        result["reason"] = f"no event up to {limit:g} before the last patient at risk"
        result[["ci_low", "ci_high"]] = np.nan
    result.attrs["n_dropped"] = usable.n_dropped
    return result[_COLUMNS]


def _last_time(times: NDArray[np.float64], at_risk: int) -> float:
    """Largest time just before which at least `at_risk` patients are at risk."""
    return float(np.sort(times)[-at_risk])


def _area(time: NDArray[np.float64], event: NDArray[np.bool_], tau: float) -> tuple[float, float]:
    """Area under the Kaplan-Meier curve from 0 to `tau` and its standard error (Greenwood)."""
    times, deaths = np.unique(time[event & (time <= tau)], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    survival = np.concatenate(([1.0], np.cumprod(1 - deaths / at_risk)))
    pieces = np.diff(np.concatenate(([0.0], times, [tau]))) * survival
    after = np.cumsum(pieces[::-1])[::-1][1:]  # area from each event to tau
    alive = at_risk > deaths
    variance = (after[alive] ** 2 * deaths[alive] / (at_risk[alive] * (at_risk[alive] - deaths[alive]))).sum()
    return float(pieces.sum()), float(np.sqrt(variance))


def _missing(
    parts: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]], reason: str, n_dropped: int
) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {"group": name, "n": len(times), "events": int(events.sum())} for name, (times, events) in parts.items()
    ]
    rows.append(
        {"group": DIFFERENCE, "n": rows[0]["n"] + rows[1]["n"], "events": rows[0]["events"] + rows[1]["events"]}
    )
    result = pd.DataFrame(rows).reindex(columns=_COLUMNS).assign(reason=reason)
    result.attrs["n_dropped"] = n_dropped
    return result
