"""Maximise Cox's partial likelihood. Hazard ratios belong in `cox`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MAX_ITERATIONS = 50
_TOLERANCE = 1e-10


@dataclass(frozen=True)
class RiskSets:
    """Rows by decreasing time, and for each event its risk set and its position among tied events (Efron 1977).

    Attributes
    ----------
    order
        Rows by decreasing time.
    last
        For each event, the position of the last ordered row in its risk set.
    deaths
        For each event, the position of its row.
    tie
        For each event, the number of its distinct event time.
    fraction
        For each event, the share of the tied deaths that Efron's method subtracts from the risk set.
    """

    order: NDArray[np.intp]
    last: NDArray[np.intp]
    deaths: NDArray[np.intp]
    tie: NDArray[np.intp]
    fraction: NDArray[np.float64]


@dataclass(frozen=True)
class Maximum:
    """Maximum of the partial likelihood: coefficients, information matrix, and whether the iteration converged."""

    coefficients: NDArray[np.float64]
    information: NDArray[np.float64]
    log_likelihood: float
    converged: bool


@dataclass(frozen=True)
class EventMoments:
    """Log-likelihood, and per event the mean and covariance of the covariates over its risk set.

    `mean` is events x p, `covariance` is events x p x p.
    """

    log_likelihood: float
    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def risk_sets(time: NDArray[np.float64], event: NDArray[np.bool_]) -> RiskSets:
    """Sort the follow-up and find the risk set of each event. At least one event is needed."""
    order = np.lexsort((~event, -time))
    ordered = time[order]
    deaths = np.flatnonzero(event[order])
    _, tie, size = np.unique(-ordered[deaths], return_inverse=True, return_counts=True)
    rank_in_tie = np.arange(len(deaths)) - np.concatenate(([0], np.cumsum(size)[:-1]))[tie]
    last = np.searchsorted(-ordered, -ordered[deaths], side="right") - 1
    return RiskSets(order, last, deaths, tie, rank_in_tie / size[tie])


def moments(covariates: NDArray[np.float64], sets: RiskSets, coefficients: NDArray[np.float64]) -> EventMoments:
    """Evaluate Efron's partial likelihood for `covariates` of rows (ordered by `sets.order`) x p."""
    linear = covariates @ coefficients
    weight = np.exp(linear - linear.max())
    first = weight[:, None] * covariates
    second = first[:, :, None] * covariates[:, None, :]
    zeroth_sum = event_totals(weight, sets)
    mean = event_totals(first, sets) / zeroth_sum[:, None]
    covariance = event_totals(second, sets) / zeroth_sum[:, None, None] - mean[:, :, None] * mean[:, None, :]
    log_likelihood = float((linear[sets.deaths] - linear.max() - np.log(zeroth_sum)).sum())
    return EventMoments(log_likelihood, mean, covariance)


def maximise(covariates: NDArray[np.float64], sets: RiskSets) -> Maximum:
    """Find the maximum by Newton's method with step halving.

    An iteration that runs away does not always end as not converged: `monotone.fit_or_reason` tells.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # numbers that are not finite end the iteration
        return _iterate(covariates, sets)


def _iterate(covariates: NDArray[np.float64], sets: RiskSets) -> Maximum:
    coefficients = np.zeros(covariates.shape[1])
    current = moments(covariates, sets, coefficients)
    for _ in range(_MAX_ITERATIONS):
        information = current.covariance.sum(axis=0)
        gradient = (covariates[sets.deaths] - current.mean).sum(axis=0)
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all():
            break
        if np.abs(step).max() < _TOLERANCE:
            return Maximum(coefficients, information, current.log_likelihood, converged=True)
        for _ in range(20):
            proposed = moments(covariates, sets, coefficients + step)
            if proposed.log_likelihood >= current.log_likelihood - 1e-9 * (1 + abs(current.log_likelihood)):
                break
            step = step / 2
        coefficients, current = coefficients + step, proposed
    return Maximum(coefficients, current.covariance.sum(axis=0), current.log_likelihood, converged=False)


def event_totals(values: NDArray[np.float64], sets: RiskSets) -> NDArray[np.float64]:
    """Sum over each event's risk set, minus Efron's share of the tied deaths; `values` are of ordered rows."""
    shape = (-1, *[1] * (values.ndim - 1))
    tied = np.zeros((sets.tie[-1] + 1, *values.shape[1:]))
    np.add.at(tied, sets.tie, values[sets.deaths])
    at_risk: NDArray[np.float64] = np.cumsum(values, axis=0)[sets.last]
    return at_risk - sets.fraction.reshape(shape) * tied[sets.tie]
