"""Whether predicted probabilities mean what they say. Telling hot from cold is `delong`'s matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm

from tme_platform.statistics.inputs import one_class, outcome_and_scores

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_CLIP = 0.005
"""Half a vote of a forest of a hundred trees, whose 0 and 1 mean less than one vote and have no logit themselves."""


def calibration(
    y: ArrayLike, probability: ArrayLike, *, n_bootstrap: int = 2000, confidence: float = 0.95, seed: int = 0
) -> pd.DataFrame:
    """Measure calibration: slope, intercept, calibration in the large, Brier score.

    Parameters
    ----------
    y, probability
        Outcome (1, 0, missing) and predicted probability per patient.
    n_bootstrap, seed
        For the Brier score's interval: resamples, drawn within each outcome, and their seed.
    confidence
        Coverage of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns metric, value, ci_low, ci_high, n, method, reason, with the rows

        - ``calibration_slope`` and ``calibration_intercept``: of the logistic regression of the outcome on the logit of
          the probability; 1 and 0 if calibrated (Cox 1958, Biometrika 45:562); Wald intervals;
        - ``calibration_in_the_large``: its intercept when the slope is held at 1; below 0 the model promises too much;
        - ``brier`` and ``brier_scaled``: mean squared error, and its reduction against predicting the prevalence.

        Probabilities are cut at 0.005 and 0.995 before taking logits. NaN with a reason where there is one outcome,
        where the probabilities separate the outcomes or are constant, or where they are not probabilities.
    """
    positive, (p,) = outcome_and_scores(y, probability)
    names = ["calibration_slope", "calibration_intercept", "calibration_in_the_large", "brier", "brier_scaled"]
    reason = one_class(positive) or ("the score is not a probability" if ((p < 0) | (p > 1)).any() else "")
    columns = ["metric", "value", "ci_low", "ci_high", "n", "method", "reason"]
    nan = float("nan")
    if reason:
        return pd.DataFrame([(name, nan, nan, nan, p.size, "", reason) for name in names], columns=columns)
    z = float(norm.ppf(0.5 + confidence / 2))
    x = logit(np.clip(p, _CLIP, 1 - _CLIP))
    rows = []
    both, wrong = _recalibrate(positive, np.column_stack([np.ones_like(x), x]), np.zeros_like(x))
    shift, _ = _recalibrate(positive, np.ones((x.size, 1)), x)
    for name, (value, se), why in (
        ("calibration_slope", both[1], wrong),
        ("calibration_intercept", both[0], wrong),
        ("calibration_in_the_large", shift[0], ""),
    ):
        rows.append((name, value, value - z * se, value + z * se, p.size, "logistic recalibration, Wald", why))
    rows += _brier(positive, p, n_bootstrap, confidence, seed)
    return pd.DataFrame(rows, columns=columns)


def reliability_curve(y: ArrayLike, probability: ArrayLike, *, bins: int = 5) -> pd.DataFrame:
    """Compare predicted with observed in groups of about equal size.

    Returns
    -------
    pandas.DataFrame
        One row per group: n, n_positive, predicted (mean probability), observed (share), ci_low, ci_high (Wilson 95 %).
        Equal probabilities stay in one group, so there may be fewer groups than `bins`.
    """
    positive, (p,) = outcome_and_scores(y, probability)
    columns = ["n", "n_positive", "predicted", "observed", "ci_low", "ci_high"]
    if p.size == 0:
        return pd.DataFrame(columns=columns, dtype=np.float64)
    group = pd.qcut(p, min(bins, p.size), labels=False, duplicates="drop")
    grouped = pd.DataFrame({"group": np.nan_to_num(group), "hot": positive, "p": p}).groupby("group", sort=True)
    table = pd.DataFrame({"n": grouped.size(), "n_positive": grouped["hot"].sum(), "predicted": grouped["p"].mean()})
    table["observed"] = table["n_positive"] / table["n"]
    z2 = float(norm.ppf(0.975)) ** 2
    centre = (table["n_positive"] + z2 / 2) / (table["n"] + z2)
    half = np.sqrt(z2 * (table["observed"] * (1 - table["observed"]) / table["n"] + z2 / (4 * table["n"] ** 2)))
    half /= 1 + z2 / table["n"]
    return table.assign(ci_low=(centre - half).clip(lower=0), ci_high=(centre + half).clip(upper=1)).reset_index(
        drop=True
    )[columns]


def _recalibrate(
    positive: NDArray[np.bool_], design: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[list[tuple[float, float]], str]:
    """Coefficients with standard errors of a small logistic regression (Newton), or NaN and why."""
    width = design.shape[1]
    missing = [(float("nan"), float("nan"))] * width
    if np.linalg.matrix_rank(design) < width:
        return missing, "all probabilities are the same"
    if width > 1 and _separates(design[:, 1], positive):
        return missing, "the probabilities separate the outcomes: the slope is not finite"
    beta = np.zeros(width)
    for _ in range(100):
        fitted = expit(design @ beta + offset)
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.solve(information, design.T @ (positive - fitted))
        # far from the optimum a full step may overshoot
        beta = beta + step / max(1.0, np.abs(step).max() / 2)
        if np.abs(step).max() < 1e-12:
            break
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    return [(float(value), float(error)) for value, error in zip(beta, errors, strict=True)], ""


def _separates(x: NDArray[np.float64], positive: NDArray[np.bool_]) -> bool:
    cases, controls = x[positive], x[~positive]
    return bool(cases.min() >= controls.max() or cases.max() <= controls.min())


def _brier(
    positive: NDArray[np.bool_], p: NDArray[np.float64], n_bootstrap: int, confidence: float, seed: int
) -> list[tuple[str, float, float, float, int, str, str]]:
    rng = np.random.default_rng(seed)
    errors = (p - positive) ** 2
    means = np.zeros(n_bootstrap)
    for side in (errors[positive], errors[~positive]):
        means += side[rng.integers(0, side.size, (n_bootstrap, side.size))].sum(axis=1)
    means /= p.size
    low, high = np.quantile(means, [0.5 - confidence / 2, 0.5 + confidence / 2])
    brier, reference = float(errors.mean()), float(positive.mean() * (1 - positive.mean()))
    scaled = [float(1 - value / reference) for value in (brier, high, low)]
    method = f"stratified bootstrap, {n_bootstrap} resamples"
    return [
        ("brier", brier, float(low), float(high), p.size, method, ""),
        ("brier_scaled", scaled[0], scaled[1], scaled[2], p.size, method, ""),
    ]
