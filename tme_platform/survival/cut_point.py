"""Splitting patients into high and low where the data say so, and what that does to the p value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import benjamini_hochberg, youden_threshold
from tme_platform.survival.cox import check_columns, cox_univariate
from tme_platform.survival.log_rank import log_rank
from tme_platform.survival.observations import Vector, usable_observations


@dataclass(frozen=True)
class MaximallySelected:
    """The cut with the largest log-rank statistic.

    Attributes
    ----------
    cut
        Low is at most this value.
    statistic
        Absolute standardised log-rank statistic at the cut.
    p
        Corrected for the search over cuts.
    n, n_dropped
        Patients used, rows left out.
    reason
        Why there is no cut; empty otherwise.
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
    """Find the cut that separates survival best (Lausen & Schumacher 1992), R's ``maxstat`` with ``pmethod = "Lau92"``.

    Log-rank scores are standardised by their permutation variance. Every value that leaves between `min_share` and
    `max_share` of the patients low is tried.

    Raises
    ------
    ValueError
        If the inputs differ in length or rows, or an event is neither 0 nor 1.
    """
    seen = usable_observations(time, event, values)
    numbers = np.asarray(values, dtype=float)[seen.kept]
    n = len(numbers)
    if seen.event.sum() == 0:
        return MaximallySelected(np.nan, np.nan, np.nan, n, seen.n_dropped, "no event" if n else "no usable row")
    cuts, low, statistics = _process(seen.time, seen.event, numbers)
    allowed = (low >= np.floor(n * min_share)) & (low <= np.floor(n * max_share))
    if not np.isfinite(statistics[allowed]).any():
        return MaximallySelected(
            np.nan, np.nan, np.nan, n, seen.n_dropped, "no cut leaves enough patients on each side"
        )
    best = int(np.nanargmax(np.where(allowed, statistics, np.nan)))
    found = float(statistics[best])
    p = corrected_p(found, min_share, max_share)
    return MaximallySelected(float(cuts[best]), found, p, n, seen.n_dropped, "")


def youden_split(frame: pd.DataFrame, time: str, event: str, covariates: Sequence[str]) -> pd.DataFrame:
    """Split each covariate at its Youden cut for the event and compare survival, naively and honestly.

    The cut maximises sensitivity + specificity for having had the event, follow-up time apart (Han et al. 2024); high
    may be the risk or the protection. As the cut was chosen on the outcome, the log-rank p is too small.
    ``p_corrected`` is the chance that the best of all cuts would do as well (Lausen & Schumacher 1992).

    Parameters
    ----------
    frame
        One row per patient.
    time, event, covariates
        Column names: follow-up in any unit, event (1 seen, 0 censored), numeric covariates.

    Returns
    -------
    pandas.DataFrame
        By covariate: ``n``, ``events``, ``n_dropped``, ``threshold`` (high is above it), ``n_low``, ``n_high``, ``hr``
        of high against low with ``ci_low`` and ``ci_high``, ``p_naive`` (log-rank), ``statistic`` (absolute
        standardised), ``p_corrected``, ``fdr_corrected``, and ``reason`` where there is no split.

    Raises
    ------
    ValueError
        If a column is missing from the frame, a covariate is not numeric, or an event is neither 0 nor 1.
    """
    check_columns(frame, [time, event, *covariates])
    result = pd.DataFrame([_split(frame, time, event, name) for name in covariates], columns=_SPLIT)
    result["fdr_corrected"] = benjamini_hochberg(result["p_corrected"].to_numpy(dtype=float))
    return result


_SPLIT = [
    "covariate", "n", "events", "n_dropped", "threshold", "n_low", "n_high", "hr", "ci_low", "ci_high",
    "p_naive", "statistic", "p_corrected", "fdr_corrected", "reason",
]  # fmt: skip


def corrected_p(statistic: float, min_share: float = 0.1, max_share: float = 0.9) -> float:
    """Chance of a maximum of at least `statistic` over the cuts (Lausen & Schumacher 1992, Miller & Siegmund 1982).

    4 phi(b) / b + phi(b) (b - 1 / b) log(max_share (1 - min_share) / ((1 - max_share) min_share)). The approximation is
    for large b and falls again below 1, where almost every maximum lies above: 1 is given there.
    """
    from scipy.stats import norm

    if np.isnan(statistic):
        return np.nan
    if statistic < 1:
        return 1.0
    density = float(norm.pdf(statistic))
    width = np.log(max_share * (1 - min_share) / ((1 - max_share) * min_share))
    return float(np.clip(4 * density / statistic + density * (statistic - 1 / statistic) * width, 0.0, 1.0))


def _split(frame: pd.DataFrame, time: str, event: str, name: str) -> dict[str, object]:
    seen = usable_observations(frame[time], frame[event], frame[name])
    used = pd.DataFrame({"time": seen.time, "event": seen.event.astype(int)})
    values = frame.loc[seen.kept, name].to_numpy(dtype=float)
    row: dict[str, object] = {
        "covariate": name,
        "n": len(values),
        "events": int(seen.event.sum()),
        "n_dropped": seen.n_dropped,
        "reason": "",
    }
    if not 0 < seen.event.sum() < len(values):
        return row | {"reason": "patients with and without the event are needed to choose a cut"}
    if np.ptp(values) == 0:
        return row | {"reason": "the covariate is constant"}
    above, below = youden_threshold(used["event"], values), youden_threshold(used["event"], -values)
    risen = above.sensitivity + above.specificity >= below.sensitivity + below.specificity
    threshold = above.threshold if risen else -below.threshold
    used["high"] = (values > threshold).astype(int)
    n_low = int((used["high"] == 0).sum())
    if n_low in (0, len(used)):
        return row | {"reason": "no cut separates patients with the event from those without"}
    _, low, statistics = _process(seen.time, seen.event, values)
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
    }


def _process(
    time: NDArray[np.float64], event: NDArray[np.bool_], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """By cut: its value, how many are low, and the absolute standardised sum of their log-rank scores."""
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
    """Event minus the sum over events no later of 1 / (n - rank + 1), ranks of ties the largest."""
    n = len(time)
    ordered = np.sort(time)
    rank = np.searchsorted(ordered, time, side="right")
    by_time = np.argsort(time, kind="stable")
    hazard = np.cumsum((event / (n - rank + 1))[by_time])
    return np.asarray(event - hazard[rank - 1])
