"""Measure the calibration of predicted probabilities. Discrimination (AUC) belongs in `delong`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics import fit_logistic, outcome_and_scores, proportion_interval, single_class_reason
from tme_platform.statistics.logistic import COLLINEAR, SEPARATED

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_CLIP = 0.005
"""Probabilities 0 and 1 have no logit and are clipped to half a vote in a forest of 100 trees."""


def calibration(
    y: ArrayLike, probability: ArrayLike, *, n_bootstrap: int = 2000, confidence: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Measure calibration: slope, intercept, calibration in the large, Brier score.

    Parameters
    ----------
    y, probability
        Outcome (1, 0, missing) and predicted probability per patient.
    n_bootstrap, seed
        Number of bootstrap resamples of patients for the Brier score, and their seed.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns metric, value, ci_low, ci_high, n, method, reason, with the rows

        - ``calibration_slope`` and ``calibration_intercept``: slope and intercept of the logistic regression of the
          outcome on the logit of the probability, with Wald intervals; 1 and 0 if calibrated (Cox 1958, Biometrika
          45:562);
        - ``calibration_in_the_large``: its intercept with the slope fixed at 1; below 0 if predictions are too high;
        - ``brier`` and ``brier_scaled``: mean squared error, and its reduction relative to predicting the prevalence.

        Probabilities are clipped to 0.005 and 0.995 before taking logits. NaN with a reason if there is only one
        outcome, if the probabilities separate the outcomes or are constant, or if they are not probabilities.
    """
    from scipy.stats import norm

    positive, (p,) = outcome_and_scores(y, probability)
    names = ["calibration_slope", "calibration_intercept", "calibration_in_the_large", "brier", "brier_scaled"]
    reason = single_class_reason(positive) or ("the score is not a probability" if ((p < 0) | (p > 1)).any() else "")
    columns = ["metric", "value", "ci_low", "ci_high", "n", "method", "reason"]
    nan = float("nan")
    if reason:
        return pd.DataFrame([(name, nan, nan, nan, p.size, "", reason) for name in names], columns=columns)
    z = float(norm.ppf(0.5 + confidence / 2))
    x = clipped_logit(p)
    rows = []
    both, undefined = _recalibrate(positive, np.column_stack([np.ones_like(x), x]), np.zeros_like(x))
    shift, _ = _recalibrate(positive, np.ones((x.size, 1)), x)
    for name, (value, se), why in (
        ("calibration_slope", both[1], undefined),
        ("calibration_intercept", both[0], undefined),
        ("calibration_in_the_large", shift[0], ""),
    ):
        rows.append((name, value, value - z * se, value + z * se, p.size, "logistic recalibration, Wald", why))
    rows += _brier(positive, p, n_bootstrap, confidence, seed)
    return pd.DataFrame(rows, columns=columns)


def clipped_logit(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return logits; 0 and 1, which have none, are clipped to 0.005 and 0.995. NaN stays NaN."""
    from scipy.special import logit

    return np.asarray(logit(np.clip(p, _CLIP, 1 - _CLIP)), dtype=np.float64)


def reliability_curve(y: ArrayLike, probability: ArrayLike, *, bins: int = 5) -> pd.DataFrame:
    """Compare predicted probabilities with observed proportions in groups of about equal size.

    Returns
    -------
    pandas.DataFrame
        One row per group: n, n_positive, predicted (mean probability), observed (proportion), ci_low, ci_high (Wilson
        95 %). Equal probabilities stay in one group, so there may be fewer groups than `bins`.
    """
    positive, (p,) = outcome_and_scores(y, probability)
    columns = ["n", "n_positive", "predicted", "observed", "ci_low", "ci_high"]
    if p.size == 0:
        return pd.DataFrame(columns=columns, dtype=np.float64)
    group = pd.qcut(p, min(bins, p.size), labels=False, duplicates="drop")
    grouped = pd.DataFrame({"group": np.nan_to_num(group), "hot": positive, "p": p}).groupby("group", sort=True)
    table = pd.DataFrame({"n": grouped.size(), "n_positive": grouped["hot"].sum(), "predicted": grouped["p"].mean()})
    table["observed"] = table["n_positive"] / table["n"]
    limits = [proportion_interval(int(k), int(n)) for k, n in zip(table["n_positive"], table["n"], strict=True)]
    table["ci_low"], table["ci_high"] = zip(*limits, strict=True)
    return table.reset_index(drop=True)[columns]


def _recalibrate(
    positive: NDArray[np.bool_], design: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[list[tuple[float, float]], str]:
    """Fit a small logistic regression: coefficients with standard errors, or NaN and the reason."""
    fit = fit_logistic(positive, design, offset)
    reasons = {
        COLLINEAR: "all probabilities are the same",
        SEPARATED: "the probabilities separate the outcomes: the slope is not finite",
    }
    pairs = zip(fit.coefficients, fit.standard_errors, strict=True)
    return [(float(value), float(error)) for value, error in pairs], reasons.get(fit.reason, "")


def _brier(
    positive: NDArray[np.bool_], p: NDArray[np.float64], n_bootstrap: int, confidence: float, seed: int
) -> list[tuple[str, float, float, float, int, str, str]]:
    rng = np.random.default_rng(seed)
    errors = (p - positive) ** 2
    rows = rng.integers(0, p.size, (n_bootstrap, p.size))
    # the number of cases varies between samples of patients, and with it the score of a perfectly calibrated model
    resampled, shares = errors[rows].mean(axis=1), positive[rows].mean(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = np.where((shares > 0) & (shares < 1), 1 - resampled / (shares * (1 - shares)), np.nan)
    limits = [0.5 - confidence / 2, 0.5 + confidence / 2]
    brier, reference = float(errors.mean()), float(positive.mean() * (1 - positive.mean()))
    method = f"bootstrap of patients, {n_bootstrap} resamples"
    return [
        (name, value, float(low), float(high), p.size, method, "")
        for name, value, (low, high) in (
            ("brier", brier, np.quantile(resampled, limits)),
            ("brier_scaled", 1 - brier / reference, np.nanquantile(scaled, limits)),
        )
    ]
