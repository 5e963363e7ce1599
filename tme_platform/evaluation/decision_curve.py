"""Compute decision curves: the net benefit of acting on a score rather than treating all patients or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics import outcome_and_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray


def decision_curve(
    y: ArrayLike,
    probability: ArrayLike,
    *,
    thresholds: Sequence[float] | None = None,
    prevalence: float | None = None,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute net benefit over threshold probabilities.

    Parameters
    ----------
    y
        Outcome (1, 0, missing) per patient.
    probability
        Predicted probability per patient; of a repeated cross-validation, patients x repeats. Scores of a forest with
        balanced classes are not probabilities: recalibrate them first.
    thresholds
        Threshold probabilities, strictly between 0 and 1; 0.01 to 0.99 in steps of 0.01 if None.
    prevalence
        Prevalence where the score will be used; that of the data if None.
    n_bootstrap, confidence, seed
        Number of bootstrap resamples of patients for the interval, its confidence level, and the seed.

    Returns
    -------
    pandas.DataFrame
        One row per threshold: threshold, net_benefit (mean over repeats), ci_low, ci_high (percentiles of the
        resamples, pointwise), treat_all, treat_none (0), n, n_positive. The unit is true positives per patient.

    Raises
    ------
    ValueError
        If a threshold or the prevalence is not strictly between 0 and 1.

    References
    ----------
    Vickers & Elkin 2006, Med Decis Making 26:565; Vickers et al. 2008, BMC Med Inform Decis Mak 8:53 (intervals).
    """
    if prevalence is not None and not 0 < prevalence < 1:
        raise ValueError(f"prevalence {prevalence} must be strictly between 0 and 1")
    at = _thresholds(thresholds)
    table = np.asarray(probability)
    positive, repeats = outcome_and_scores(y, *np.atleast_2d(table.T))
    n, odds = positive.size, at / (1 - at)
    if n == 0:
        value = low = high = np.full(at.size, np.nan)
        share = float("nan")
    else:
        share = float(positive.mean()) if prevalence is None else prevalence
        acts = _acts(repeats, at)
        value = _net_benefit(np.ones((1, n)), acts, positive, odds, prevalence)[0]
        resampled = _net_benefit(_resamples(n, n_bootstrap, seed), acts, positive, odds, prevalence)
        low, high = np.nanquantile(resampled, [0.5 - confidence / 2, 0.5 + confidence / 2], axis=0)
    return pd.DataFrame(
        {
            "threshold": at,
            "net_benefit": value,
            "ci_low": low,
            "ci_high": high,
            "treat_all": share - (1 - share) * odds,
            "treat_none": 0.0,
            "n": n,
            "n_positive": int(positive.sum()),
        }
    )


def net_benefit_difference(
    y: ArrayLike,
    probability: ArrayLike,
    reference: ArrayLike,
    *,
    thresholds: Sequence[float] | None = None,
    n_bootstrap: int = 1000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute by how much the net benefit of one model exceeds that of another on the same patients.

    Parameters
    ----------
    y, probability, thresholds, n_bootstrap, confidence, seed
        As for `decision_curve`.
    reference
        Probabilities by the model that it is compared with, in the same form.

    Returns
    -------
    pandas.DataFrame
        One row per threshold: threshold, gain (net benefit minus that of the reference), gain_low, gain_high
        (percentiles, pointwise; each resample of patients enters both net benefits), n. Only patients with both
        probabilities count.

    Raises
    ------
    ValueError
        If a threshold is not strictly between 0 and 1.
    """
    at = _thresholds(thresholds)
    first, second = (np.atleast_2d(np.asarray(values).T) for values in (probability, reference))
    positive, repeats = outcome_and_scores(y, *first, *second)
    n, odds = positive.size, at / (1 - at)
    gain = low = high = np.full(at.size, np.nan)
    if n:
        # net benefit is linear in who acts, so the difference of the two is that of the differences
        acts = _acts(repeats[: len(first)], at) - _acts(repeats[len(first) :], at)
        gain = _net_benefit(np.ones((1, n)), acts, positive, odds, None)[0]
        resampled = _net_benefit(_resamples(n, n_bootstrap, seed), acts, positive, odds, None)
        low, high = np.quantile(resampled, [0.5 - confidence / 2, 0.5 + confidence / 2], axis=0)
    return pd.DataFrame({"threshold": at, "gain": gain, "gain_low": low, "gain_high": high, "n": n})


def _thresholds(given: Sequence[float] | None) -> NDArray[np.float64]:
    at = np.arange(1, 100) / 100 if given is None else np.asarray(given, dtype=np.float64)
    if ((at <= 0) | (at >= 1)).any():
        raise ValueError("decision thresholds must be strictly between 0 and 1")
    return at


def _acts(repeats: Sequence[NDArray[np.float64]], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of repeats in which each patient (row) is treated at each threshold."""
    return np.asarray(np.mean([values[:, None] >= at for values in repeats], axis=0), dtype=np.float64)


def _resamples(n: int, n_bootstrap: int, seed: int) -> NDArray[np.int64]:
    """How often each patient (column) occurs in each resample."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), n_bootstrap)


def _net_benefit(
    weights: NDArray[np.float64] | NDArray[np.int64],
    acts: NDArray[np.float64],
    positive: NDArray[np.bool_],
    odds: NDArray[np.float64],
    prevalence: float | None,
) -> NDArray[np.float64]:
    """Net benefit of each sample (rows of `weights`: how often each patient occurs) at each threshold.

    An outcome without patients contributes nothing to a sample's own net benefit; at a given prevalence it is needed.
    """
    cases, controls = weights * positive, weights * ~positive
    n_cases, n_controls = cases.sum(axis=1, keepdims=True), controls.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        true_rate, false_rate = cases @ acts / n_cases, controls @ acts / n_controls
        if prevalence is None:
            share = n_cases / (n_cases + n_controls)
            gain, harm = np.nan_to_num(true_rate) * share, np.nan_to_num(false_rate) * (1 - share)
        else:
            gain, harm = true_rate * prevalence, false_rate * (1 - prevalence)
    return np.asarray(gain - harm * odds, dtype=np.float64)
