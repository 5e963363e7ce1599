"""Split patients at a cut-point chosen from the data, and correct the p value for that choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import Vector, benjamini_hochberg, youden_threshold
from tme_platform.survival.cox import cox_univariate
from tme_platform.survival.log_rank import log_rank
from tme_platform.survival.observations import check_numeric_columns, usable_observations, usable_rows


@dataclass(frozen=True)
class MaximallySelected:
    """The cut with the largest log-rank statistic.

    Attributes
    ----------
    cut
        Patients with at most this value are low.
    statistic
        Absolute standardised log-rank statistic at the cut.
    p
        P value, corrected for the search over cuts.
    n, n_dropped
        Number of patients used, and of rows left out.
    reason
        Why there is no cut; empty if there is one.
    """

    cut: float
    statistic: float
    p: float
    n: int
    n_dropped: int
    reason: str


def maximally_selected_log_rank(
    time: Vector, event: Vector, values: Vector, *, min_share: float = 0.1, max_share: float = 0.9
) -> MaximallySelected:
    """Find the cut that best separates survival (Lausen & Schumacher 1992), R's ``maxstat`` with ``pmethod = "Lau92"``.

    Log-rank scores are standardised by their permutation variance. Every cut at which between `min_share` and
    `max_share` of the patients are low is tried.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    usable = usable_observations(time, event, values)
    numbers = np.asarray(values, dtype=float)[usable.kept]
    n = len(numbers)
    if usable.event.sum() == 0:
        return _no_cut(n, usable.n_dropped, "no event" if n else "no usable row")
    cuts, low, statistics = _standardised_statistics(usable.time, usable.event, numbers)
    allowed = (low >= np.floor(n * min_share)) & (low <= np.floor(n * max_share))
    if not np.isfinite(statistics[allowed]).any():
        return _no_cut(n, usable.n_dropped, "no cut leaves enough patients on each side")
    best = int(np.nanargmax(np.where(allowed, statistics, np.nan)))
    largest = float(statistics[best])
    p = corrected_p(largest, min_share, max_share)
    return MaximallySelected(float(cuts[best]), largest, p, n, usable.n_dropped, "")


def youden_split(frame: pd.DataFrame, time: str, event: str, covariates: Sequence[str]) -> pd.DataFrame:
    """Split each covariate at its Youden cut for the event and compare survival, with naive and corrected p values.

    The cut maximises sensitivity + specificity for the event, ignoring follow-up time (Han et al. 2024); high values
    may carry a higher or a lower risk. Because the cut is chosen on the outcome, the log-rank p is too small.
    ``p_corrected`` is the probability that the best of all cuts does as well by chance (Lausen & Schumacher 1992).

    Parameters
    ----------
    frame
        One row per patient.
    time, event, covariates
        Column names: follow-up in any unit, event (1 observed, 0 censored), numeric covariates.

    Returns
    -------
    pandas.DataFrame
        One row per covariate: ``n``, ``events``, ``n_dropped``, ``threshold`` (high is above it), ``n_low``,
        ``n_high``, ``hr`` of high against low with ``ci_low`` and ``ci_high``, ``p_naive`` (log-rank), ``statistic``
        (absolute standardised), ``p_corrected``, ``fdr_corrected``, and ``reason`` if there is no split or no finite
        hazard ratio.

    Raises
    ------
    ValueError
        If a column is missing from the frame, a covariate is not numeric, or an event is neither 0 nor 1.
    """
    check_numeric_columns(frame, [time, event, *covariates])
    result = pd.DataFrame([_split(frame, time, event, name) for name in covariates], columns=_SPLIT)
    result["fdr_corrected"] = benjamini_hochberg(result["p_corrected"].to_numpy(dtype=float))
    return result


_SPLIT = [
    "covariate", "n", "events", "n_dropped", "threshold", "n_low", "n_high", "hr", "ci_low", "ci_high",
    "p_naive", "statistic", "p_corrected", "fdr_corrected", "reason",
]  # fmt: skip


def corrected_p(statistic: float, min_share: float = 0.1, max_share: float = 0.9) -> float:
    """Probability of a maximum of at least `statistic` over all cuts (Lausen & Schumacher 1992).

    Uses the approximation of Miller & Siegmund 1982 with b = `statistic`,
    4 phi(b) / b + phi(b) (b - 1 / b) log(max_share (1 - min_share) / ((1 - max_share) min_share)), which holds for
    large b. Below 1, where it would fall again, the result is 1: almost every maximum is larger.
    """
    from scipy.stats import norm

    if np.isnan(statistic):
        return np.nan
    if statistic < 1:
        return 1.0
    density = float(norm.pdf(statistic))
    width = np.log(max_share * (1 - min_share) / ((1 - max_share) * min_share))
    return float(np.clip(4 * density / statistic + density * (statistic - 1 / statistic) * width, 0.0, 1.0))


def _no_cut(n: int, n_dropped: int, reason: str) -> MaximallySelected:
    return MaximallySelected(np.nan, np.nan, np.nan, n, n_dropped, reason)


def _split(frame: pd.DataFrame, time: str, event: str, name: str) -> dict[str, object]:
    usable, columns = usable_rows(frame, time, event, [name])
    values = columns[:, 0]
    used = pd.DataFrame({"time": usable.time, "event": usable.event.astype(int)})
    row: dict[str, object] = {
        "covariate": name,
        "n": len(values),
        "events": int(usable.event.sum()),
        "n_dropped": usable.n_dropped,
        "reason": "",
    }
    if not 0 < usable.event.sum() < len(values):
        return row | {"reason": "patients with and without the event are needed to choose a cut"}
    if np.ptp(values) == 0:
        return row | {"reason": "the covariate is constant"}
    above, below = youden_threshold(used["event"], values), youden_threshold(used["event"], -values)
    events_above = above.sensitivity + above.specificity >= below.sensitivity + below.specificity
    threshold = above.threshold if events_above else -below.threshold
    used["high"] = (values > threshold).astype(int)
    n_low = int((used["high"] == 0).sum())
    if n_low in (0, len(used)):
        return row | {"reason": "no cut separates patients with the event from those without"}
    _, low, statistics = _standardised_statistics(usable.time, usable.event, values)
    statistic = float(statistics[np.searchsorted(low, n_low)])
    hazard = cox_univariate(used, "time", "event", ["high"]).iloc[0]
    share = n_low / len(used)
    return row | {
        "threshold": threshold,
        "n_low": n_low,
        "n_high": len(used) - n_low,
        "hr": hazard["hr"],
        "ci_low": hazard["ci_low"],
        "ci_high": hazard["ci_high"],
        "p_naive": log_rank(used["time"], used["event"], used["high"]).p,
        "statistic": statistic,
        "p_corrected": corrected_p(statistic, min(0.1, share), max(0.9, share)),
        "reason": hazard["reason"],
    }


def _standardised_statistics(
    time: NDArray[np.float64], event: NDArray[np.bool_], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """Return for each cut its value, the number of low patients, and their absolute standardised sum of scores."""
    n = len(time)
    scores = _log_rank_scores(time, event)
    order = np.argsort(values, kind="stable")
    last = np.append(np.flatnonzero(np.diff(values[order]) > 0), n - 1)[:-1]
    low = last + 1
    total = scores.sum()
    sums = np.cumsum(scores[order])[last]
    variance = low * (n - low) / (n**2 * (n - 1)) * (n * np.square(scores).sum() - total**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistics = np.abs(sums - low / n * total) / np.sqrt(variance)
    return values[order][last], low, statistics


def _log_rank_scores(time: NDArray[np.float64], event: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Event minus the sum of 1 / (n - rank + 1) over the events up to this time; ties take their largest rank."""
    n = len(time)
    ordered = np.sort(time)
    rank = np.searchsorted(ordered, time, side="right")
    by_time = np.argsort(time, kind="stable")
    hazard = np.cumsum((event / (n - rank + 1))[by_time])
    return np.asarray(event - hazard[rank - 1])
