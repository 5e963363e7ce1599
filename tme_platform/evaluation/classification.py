"""Evaluate classification as positive or negative. Choosing a threshold belongs in `statistics.youden`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics import outcome_and_scores, proportion_interval

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_WILSON = "Wilson"
_LOGIT = "logit scale"


def threshold_metrics(
    y: ArrayLike, score: ArrayLike, threshold: float, *, prevalence: float | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Compute accuracy, sensitivity, specificity, PPV and NPV at a threshold, each with an interval.

    Parameters
    ----------
    y, score
        Outcome (1, 0, missing) and score per patient; positive means score >= threshold.
    threshold
        Taken as fixed. If it was chosen on the same patients, the values are optimistic and the intervals do not
        account for that.
    prevalence, confidence
        As for `call_metrics`, which also describes the result. NaN with a reason if the threshold is NaN.
    """
    positive, (scores,) = outcome_and_scores(y, score)
    if np.isnan(threshold):
        positive, scores = positive[:0], scores[:0]
    return call_metrics(positive, scores >= threshold, prevalence=prevalence, confidence=confidence)


def call_metrics(
    y: ArrayLike, called: ArrayLike, *, prevalence: float | None = None, confidence: float = 0.95
) -> pd.DataFrame:
    """Compute accuracy, sensitivity, specificity, PPV and NPV of calls, each with an interval.

    Parameters
    ----------
    y
        Outcome (1, 0, missing) per patient.
    called
        Whether each patient is called positive; in a repeated cross-validation, the share of repeats that do so.
    prevalence
        Prevalence at which PPV and NPV are also computed (``ppv_at_prevalence``, ``npv_at_prevalence``).
    confidence
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns metric, value, ci_low, ci_high, n (the denominator), method, reason. Intervals are Wilson's; at a given
        prevalence, on the logit scale, with half a patient added to both counts where a proportion is 0 or 1.

    Raises
    ------
    ValueError
        If the prevalence is not strictly between 0 and 1.

    References
    ----------
    Wilson 1927, J Am Stat Assoc 22:209; Mercaldo, Lau & Zhou 2007, Stat Med 26:2170 (PPV and NPV at a prevalence).
    """
    if prevalence is not None and not 0 < prevalence < 1:
        raise ValueError(f"prevalence {prevalence} must be strictly between 0 and 1")
    positive, (share,) = outcome_and_scores(y, called)
    n_cases, n_controls = int(positive.sum()), int((~positive).sum())
    tp, fp = float(share[positive].sum()), float(share[~positive].sum())
    tn, n_all, n_called = n_controls - fp, n_cases + n_controls, tp + fp
    rows = [
        _proportion(name, k, n, confidence)
        for name, k, n in (
            ("accuracy", tp + tn, n_all),
            ("sensitivity", tp, n_cases),
            ("specificity", tn, n_controls),
            ("ppv", tp, n_called),
            ("npv", tn, n_all - n_called),
        )
    ]
    if prevalence is not None:
        rows += _at_prevalence(tp, n_cases, tn, n_controls, prevalence, confidence)
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

_Row = tuple[str, float, float, float, float, str, str]


def _proportion(name: str, k: float, n: float, confidence: float) -> _Row:
    if n <= 0:
        return _missing(name, 0.0)
    low, high = proportion_interval(min(max(k, 0.0), n), n, confidence)
    return name, k / n, low, high, n, _WILSON, ""


def _at_prevalence(
    tp: float, n_cases: int, tn: float, n_controls: int, prevalence: float, confidence: float
) -> list[_Row]:
    """PPV and NPV by Bayes' rule; each is a logit that adds the logits of prevalence and likelihood ratio."""
    from scipy.special import expit, logit
    from scipy.stats import norm

    n = n_cases + n_controls
    names = ("ppv_at_prevalence", "npv_at_prevalence")
    if not n_cases or not n_controls:
        return [_missing(name, n) for name in names]
    z = float(norm.ppf(0.5 + confidence / 2))
    sensitivity, specificity = tp / n_cases, tn / n_controls
    smoothed = _off_the_border(tp, n_cases), _off_the_border(tn, n_controls)
    rows: list[_Row] = []
    # for NPV, sensitivity and specificity change places, as do the condition and its absence
    for name, order, share in ((names[0], 1, prevalence), (names[1], -1, 1 - prevalence)):
        hit, correct_rejection = (sensitivity, specificity)[::order]
        if hit == 0 and correct_rejection == 1:
            rows.append(_missing(name, n))
            continue
        value = hit * share / (hit * share + (1 - correct_rejection) * (1 - share))
        (a, n_a), (b, n_b) = smoothed[::order]
        centre = logit(share) + np.log(a / (1 - b))
        half = z * np.sqrt((1 - a) / (a * n_a) + b / ((1 - b) * n_b))
        low, high = float(expit(centre - half)), float(expit(centre + half))
        rows.append((name, value, min(low, value), max(high, value), n, _LOGIT, ""))
    return rows


def _off_the_border(k: float, n: int) -> tuple[float, float]:
    """A proportion with its denominator; with half a patient added to both counts if it would be 0 or 1."""
    return (k / n, n) if 0 < k < n else ((k + 0.5) / (n + 1), n + 1)


def _missing(name: str, n: float) -> _Row:
    nan = float("nan")
    return name, nan, nan, nan, n, "", _UNDEFINED[name]
