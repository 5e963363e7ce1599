"""Estimate and compare AUCs with DeLong's method, as pROC. Intervals that are shown belong in `auc_logit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tme_platform.statistics import outcome_and_scores, single_class_reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

ONE_PATIENT = "only one case or one control: the variance is undefined"


@dataclass(frozen=True)
class DeLongAuc:
    """An AUC with its confidence limits and the p value against 0.5. Unpacks as ``auc, ci_low, ci_high, p``."""

    auc: float
    ci_low: float
    ci_high: float
    p: float
    se: float
    n: int
    n_positive: int
    reason: str = ""
    """Why a value is NaN, or why the interval is not reliable; empty otherwise."""

    def __iter__(self) -> Iterator[float]:
        return iter((self.auc, self.ci_low, self.ci_high, self.p))


@dataclass(frozen=True)
class AucComparison:
    """Comparison of two AUCs of the same patients. Unpacks as ``z, p``."""

    z: float
    p: float
    auc_a: float
    auc_b: float
    se: float
    """Standard error of `auc_a` - `auc_b`."""
    n: int
    reason: str = ""

    def __iter__(self) -> Iterator[float]:
        return iter((self.z, self.p))


def auc_delong(y: ArrayLike, score: ArrayLike, *, confidence: float = 0.95) -> DeLongAuc:
    """Estimate the AUC with DeLong's confidence interval.

    Parameters
    ----------
    y
        Outcome per patient: 1 or True, 0 or False, or missing.
    score
        Score per patient; higher means more likely 1 (an AUC below 0.5 is not inverted). Patients with either value
        missing are left out and not counted in `n`.
    confidence
        Confidence level of the interval, which is clipped to 0 and 1 as in pROC.

    Returns
    -------
    DeLongAuc
        `p` is two-sided against 0.5, by the normal approximation. With only one outcome, all values are NaN and
        `reason` says why. With perfect separation the variance is zero: the interval has no width (as in pROC), `p`
        is NaN, and `reason` holds a warning.

    References
    ----------
    DeLong et al. 1988, Biometrics 44:837; mid-ranks: Sun & Xu 2014, IEEE Signal Process Lett 21:1389;
    R: ``pROC::ci.auc(pROC::roc(y, score, direction = "<"))``.
    """
    from scipy.stats import norm

    positive, (scores,) = outcome_and_scores(y, score)
    n, n_positive = positive.size, int(positive.sum())
    nan = float("nan")
    if reason := single_class_reason(positive):
        return DeLongAuc(nan, nan, nan, nan, nan, n, n_positive, reason)
    cases, controls = placements(positive, scores)
    auc, se = float(cases.mean()), float(np.sqrt(variance(cases, controls)))
    if np.isnan(se):
        return DeLongAuc(auc, nan, nan, nan, nan, n, n_positive, ONE_PATIENT)
    half = float(norm.ppf(0.5 + confidence / 2)) * se
    low, high = max(0.0, auc - half), min(1.0, auc + half)
    if se == 0:
        state = "all scores are tied" if auc == 0.5 else "cases and controls do not overlap"
        reason = f"{state}: DeLong's interval has no width and understates the uncertainty"
        return DeLongAuc(auc, low, high, nan, se, n, n_positive, reason)
    return DeLongAuc(auc, low, high, float(2 * norm.sf(abs(auc - 0.5) / se)), se, n, n_positive)


def compare_auc_delong(y: ArrayLike, score_a: ArrayLike, score_b: ArrayLike) -> AucComparison:
    """Test whether two scores of the same patients differ in AUC (paired, two-sided).

    Parameters
    ----------
    y, score_a, score_b
        As for `auc_delong`; patients with any of the three values missing are left out.

    Returns
    -------
    AucComparison
        `z` is positive if `score_a` has the larger AUC. Scores with equal rankings give z = 0 and p = 1, as in pROC.

    References
    ----------
    DeLong et al. 1988, Biometrics 44:837; R: ``pROC::roc.test(a, b, method = "delong", paired = TRUE)``.
    """
    positive, (a, b) = outcome_and_scores(y, score_a, score_b)
    nan = float("nan")
    if reason := single_class_reason(positive):
        return AucComparison(nan, nan, nan, nan, nan, positive.size, reason)
    cases_a, controls_a = placements(positive, a)
    cases_b, controls_b = placements(positive, b)
    se = float(np.sqrt(variance(cases_a - cases_b, controls_a - controls_b)))
    return comparison_from_estimates(float(cases_a.mean()), float(cases_b.mean()), se, positive.size)


def comparison_from_estimates(auc_a: float, auc_b: float, se: float, n: int) -> AucComparison:
    """Compute z and p of two AUCs whose difference has a known standard error."""
    from scipy.stats import norm

    difference, nan = auc_a - auc_b, float("nan")
    if np.isnan(se):
        return AucComparison(nan, nan, auc_a, auc_b, se, n, ONE_PATIENT)
    if se == 0 and difference != 0:
        return AucComparison(nan, nan, auc_a, auc_b, se, n, "DeLong's variance of the difference is zero")
    z = 0.0 if se == 0 else difference / se
    return AucComparison(z, float(2 * norm.sf(abs(z))), auc_a, auc_b, se, n)


def placements(
    positive: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compute DeLong's placements (structural components).

    For each case this is the share of controls with a lower score, for each control the share of cases with a higher
    score. Ties count one half. The mean of either is the AUC.
    """
    from scipy.stats import rankdata

    n_cases = int(positive.sum())
    n_controls = positive.size - n_cases
    overall = rankdata(scores)
    cases = (overall[positive] - rankdata(scores[positive])) / n_controls
    controls = 1.0 - (overall[~positive] - rankdata(scores[~positive])) / n_cases
    return cases, controls


def variance(cases: NDArray[np.float64], controls: NDArray[np.float64]) -> float:
    """Compute DeLong's variance of an AUC or AUC difference from placements; NaN if a class has one patient."""
    if min(cases.size, controls.size) < 2:
        return float("nan")
    return float(cases.var(ddof=1) / cases.size + controls.var(ddof=1) / controls.size)
