"""Evaluate classification at a given threshold. Choosing the threshold belongs in `statistics.youden`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics import outcome_and_scores, proportion_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def threshold_metrics(
    y: ArrayLike,
    score: ArrayLike,
    threshold: float,
    *,
    prevalence: float | None = None,
    n_bootstrap: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute accuracy, sensitivity, specificity, PPV and NPV at a threshold, each with an interval.

    Parameters
    ----------
    y, score
        Outcome (1, 0, missing) and score per patient; positive means score >= threshold.
    threshold
        Taken as fixed. If it was chosen on the same patients, the values are optimistic and the intervals do not
        account for that.
    prevalence
        Prevalence at which PPV and NPV are also computed (``ppv_at_prevalence``, ``npv_at_prevalence``).
    n_bootstrap, seed
        Number of bootstrap resamples, drawn within each outcome, and their seed.
    confidence
        Confidence level of the percentile intervals.

    Returns
    -------
    pandas.DataFrame
        Columns metric, value, ci_low, ci_high, n (the denominator), method, reason. A proportion of exactly 0 or 1 has
        no bootstrap spread: its interval is Wilson's, named in `method`, or missing if a prevalence was set.

    Raises
    ------
    ValueError
        If the prevalence is not strictly between 0 and 1.
    """
    if prevalence is not None and not 0 < prevalence < 1:
        raise ValueError(f"prevalence {prevalence} must be strictly between 0 and 1")
    positive, (scores,) = outcome_and_scores(y, score)
    called = scores >= threshold
    n_cases, n_controls = int(positive.sum()), int((~positive).sum())
    tp, tn = int((called & positive).sum()), int((~called & ~positive).sum())
    if np.isnan(threshold):
        n_cases = n_controls = tp = tn = 0
    observed = _metrics(np.array([tp]), np.array([tn]), n_cases, n_controls, prevalence)
    # resampling patients within an outcome is the same as drawing the number of correct calls from a binomial
    rng = np.random.default_rng(seed)
    drawn_tp = rng.binomial(n_cases, tp / max(n_cases, 1), n_bootstrap)
    drawn_tn = rng.binomial(n_controls, tn / max(n_controls, 1), n_bootstrap)
    resampled = _metrics(drawn_tp, drawn_tn, n_cases, n_controls, prevalence)
    called_positive = tp + n_controls - tn
    n_all = n_cases + n_controls
    denominators = {
        "accuracy": n_all,
        "sensitivity": n_cases,
        "specificity": n_controls,
        "ppv": called_positive,
        "npv": n_all - called_positive,
    }
    rows = []
    for name, values in observed.items():
        value, n = float(values[0]), denominators.get(name, n_all)
        low, high, method = _interval(value, resampled[name], n, confidence, wilson=name in denominators)
        rows.append((name, value, low, high, n, method, "" if not np.isnan(value) else _UNDEFINED[name]))
    return pd.DataFrame(rows, columns=["metric", "value", "ci_low", "ci_high", "n", "method", "reason"])


_UNDEFINED = {
    "accuracy": "no patient has both an outcome and a score",
    "sensitivity": "no patient has the condition",
    "specificity": "every patient has the condition",
    "ppv": "nobody is called positive",
    "npv": "nobody is called negative",
    "ppv_at_prevalence": "sensitivity or specificity is missing, or nobody is called positive",
    "npv_at_prevalence": "sensitivity or specificity is missing, or nobody is called negative",
}


def _metrics(
    tp: NDArray[np.int64], tn: NDArray[np.int64], n_cases: int, n_controls: int, prevalence: float | None
) -> dict[str, NDArray[np.float64]]:
    with np.errstate(invalid="ignore", divide="ignore"):
        sensitivity, specificity = tp / np.float64(n_cases), tn / np.float64(n_controls)
        metrics = {
            "accuracy": (tp + tn) / np.float64(n_cases + n_controls),
            "sensitivity": sensitivity,
            "specificity": specificity,
            "ppv": tp / (tp + n_controls - tn),
            "npv": tn / (tn + n_cases - tp),
        }
        if prevalence is not None:
            true_positive, false_positive = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
            true_negative, false_negative = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
            metrics["ppv_at_prevalence"] = true_positive / (true_positive + false_positive)
            metrics["npv_at_prevalence"] = true_negative / (true_negative + false_negative)
    return metrics


def _interval(
    value: float, resampled: NDArray[np.float64], n: int, confidence: float, *, wilson: bool
) -> tuple[float, float, str]:
    if np.isnan(value):
        return float("nan"), float("nan"), ""
    if value in (0.0, 1.0) and not wilson:
        return float("nan"), float("nan"), "no interval: every resample gives the same"
    if value in (0.0, 1.0):
        return (*proportion_interval(int(value) * n, n, confidence), "Wilson")
    low, high = np.nanquantile(resampled, [0.5 - confidence / 2, 0.5 + confidence / 2])
    return float(low), float(high), f"stratified bootstrap, {resampled.size} resamples"
