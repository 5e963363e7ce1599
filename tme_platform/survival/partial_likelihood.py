"""Cox's partial likelihood and its maximum. Tables of hazard ratios are made in `cox`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ITERATIONS = 50
_SMALL_STEP = 1e-10


@dataclass(frozen=True)
class RiskSets:
    """Rows by decreasing time, and for each event its risk set and its place among tied events (Efron 1977).

    Attributes
    ----------
    order
        Rows by decreasing time.
    last
        For each event, how many of the ordered rows are in its risk set, minus one.
    deaths
        For each event, its ordered row.
    tie
        For each event, the number of its distinct event time.
    fraction
        For each event, the share of the tied deaths that Efron takes out of the risk set.
    """

    order: NDArray[np.intp]
    last: NDArray[np.intp]
    deaths: NDArray[np.intp]
    tie: NDArray[np.intp]
    fraction: NDArray[np.float64]


@dataclass(frozen=True)
class Maximum:
    """Where the partial likelihood is largest: coefficients, information there, and whether it was reached."""

    coefficients: NDArray[np.float64]
    information: NDArray[np.float64]
    log_likelihood: float
    reached: bool


@dataclass(frozen=True)
class EventMoments:
    """By event: mean (events x p) and covariance (events x p x p) of the covariates over its risk set."""

    log_likelihood: float
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def risk_sets(time: NDArray[np.float64], event: NDArray[np.bool_]) -> RiskSets:
    """Sort the follow-up for `moments`; at least one event is needed."""
    order = np.lexsort((~event, -time))
    ordered, seen = time[order], event[order]
    deaths = np.flatnonzero(seen)
    _, tie, size = np.unique(-ordered[deaths], return_inverse=True, return_counts=True)
    place = np.arange(len(deaths)) - np.concatenate(([0], np.cumsum(size)[:-1]))[tie]
    last = np.searchsorted(-ordered, -ordered[deaths], side="right") - 1
    return RiskSets(order, last, deaths, tie, place / size[tie])


def moments(covariates: NDArray[np.float64], sets: RiskSets, coefficients: NDArray[np.float64]) -> EventMoments:
    """Evaluate Efron's partial likelihood. `covariates` are rows (in the order of `sets.order`) x p."""
    linear = covariates @ coefficients
    weight = np.exp(linear - linear.max())
    first = weight[:, None] * covariates
    second = first[:, :, None] * covariates[:, None, :]
    zeroth_sum = _efron(weight, sets)
    mean = _efron(first, sets) / zeroth_sum[:, None]
    covariance = _efron(second, sets) / zeroth_sum[:, None, None] - mean[:, :, None] * mean[:, None, :]
    log_likelihood = float((linear[sets.deaths] - linear.max() - np.log(zeroth_sum)).sum())
    return EventMoments(log_likelihood, mean, covariance)


def maximise(covariates: NDArray[np.float64], sets: RiskSets) -> Maximum:
    """Find the maximum by Newton's method with step halving; not reached where a coefficient runs to infinity."""
    coefficients = np.zeros(covariates.shape[1])
    now = moments(covariates, sets, coefficients)
    for _ in range(_ITERATIONS):
        information = now.covariance.sum(axis=0)
        gradient = (covariates[sets.deaths] - now.mean).sum(axis=0)
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all():
            break
        if np.abs(step).max() < _SMALL_STEP:
            return Maximum(coefficients, information, now.log_likelihood, reached=True)
        for _ in range(20):
            then = moments(covariates, sets, coefficients + step)
            if then.log_likelihood >= now.log_likelihood - 1e-9 * (1 + abs(now.log_likelihood)):
                break
            step = step / 2
        coefficients, now = coefficients + step, then
    return Maximum(coefficients, now.covariance.sum(axis=0), now.log_likelihood, reached=False)


def _efron(values: NDArray[np.float64], sets: RiskSets) -> NDArray[np.float64]:
    """Sum over each event's risk set, less Efron's share of the tied deaths."""
    shape = (-1, *[1] * (values.ndim - 1))
    tied = np.zeros((sets.tie[-1] + 1, *values.shape[1:]))
    np.add.at(tied, sets.tie, values[sets.deaths])
    at_risk: NDArray[np.float64] = np.cumsum(values, axis=0)[sets.last]
    return at_risk - sets.fraction.reshape(shape) * tied[sets.tie]
