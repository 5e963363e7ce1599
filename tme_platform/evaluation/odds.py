"""Relate a binary outcome to two groups and to scores by odds ratios. Interactions belong in `interaction`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.evaluation.auc_logit import auc_logit
from tme_platform.statistics import (
    CONSTANT,
    benjamini_hochberg,
    fit_logistic,
    outcome_and_scores,
    proportion_interval,
    single_class_reason,
    unscalable_reason,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

PER_SD_COLUMNS = (
    "score", "n", "n_positive", "odds_ratio", "ci_low", "ci_high", "p", "fdr", "auc", "auc_low", "auc_high", "reason",
)  # fmt: skip


@dataclass(frozen=True)
class GroupShare:
    """A group of patients: how many there are, how many have the outcome, and their share with Wilson's interval."""

    n: int
    n_positive: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class OddsRatio:
    """Odds of an outcome in a first group against a second.

    Attributes
    ----------
    first, second
        The two groups.
    value, ci_low, ci_high
        Conditional maximum-likelihood estimate and exact interval; 0 or infinite if a cell of the table is empty.
    p
        Fisher's exact test, two-sided.
    reason
        Why there is no (finite) odds ratio; empty otherwise.
    """

    first: GroupShare
    second: GroupShare
    value: float
    ci_low: float
    ci_high: float
    p: float
    reason: str


def odds_ratio(outcome: ArrayLike, in_first: ArrayLike, *, confidence: float = 0.95) -> OddsRatio:
    """Compare how often an outcome occurs in two groups, as R's ``fisher.test`` does.

    Parameters
    ----------
    outcome, in_first
        By patient: outcome, and membership of the first rather than the second group; each 1, 0 or missing. Patients
        with either missing are left out.
    confidence
        Confidence level of the interval of the odds ratio. The intervals of the shares are always 95 %.

    Returns
    -------
    OddsRatio
        NaN with a reason if a group is empty or all patients have the same outcome.

    References
    ----------
    Fisher 1935, J R Stat Soc 98:39; R: ``fisher.test(table(group, outcome))``.
    """
    positive, (first,) = outcome_and_scores(outcome, in_first)
    groups = _share(positive[first == 1]), _share(positive[first == 0])
    nan = float("nan")
    one_empty = min(group.n for group in groups) == 0
    reason = "one of the two groups has no patient with a known outcome" if one_empty else single_class_reason(positive)
    if reason:
        return OddsRatio(*groups, nan, nan, nan, nan, reason)
    from scipy.stats import fisher_exact
    from scipy.stats.contingency import odds_ratio as conditional

    table = np.array([[group.n_positive, group.n - group.n_positive] for group in groups])
    estimate = conditional(table, kind="conditional")
    interval = estimate.confidence_interval(confidence)
    empty_cell = "in one group all, or none, have the outcome: the interval has one finite limit"
    return OddsRatio(
        *groups,
        float(estimate.statistic),
        float(interval.low),
        float(interval.high),
        float(fisher_exact(table).pvalue),
        empty_cell if table.min() == 0 else "",
    )


def odds_per_sd(outcome: pd.Series, scores: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Fit a logistic regression of an outcome on each score alone, as R's ``glm(outcome ~ scale(score), binomial)``.

    Parameters
    ----------
    outcome
        By patient: 1, 0 or missing.
    scores
        Patients x scores. Each is scaled to standard deviation 1 (n - 1) over the patients with outcome and score.
    confidence
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row per score, columns `PER_SD_COLUMNS`: odds ratio per standard deviation with its Wald interval, p of the
        likelihood-ratio test, `fdr` (Benjamini-Hochberg over the scores), AUC with its interval (`auc_logit`). NaN with
        a reason if there is one outcome only, the score is constant, or it separates the outcomes; then the AUC stands
        where it is defined.
    """
    patients = outcome.index.intersection(scores.index, sort=True)
    known = outcome.loc[patients]
    rows = [_per_sd(known, scores.loc[patients, name], confidence) for name in scores.columns]
    table = pd.DataFrame(rows, columns=[name for name in PER_SD_COLUMNS if name != "fdr"])
    return table.assign(fdr=benjamini_hochberg(table["p"].to_numpy(dtype=float)))[list(PER_SD_COLUMNS)]


def _share(positive: np.ndarray) -> GroupShare:
    k, n = int(positive.sum()), positive.size
    return GroupShare(n, k, k / n if n else float("nan"), *proportion_interval(k, n))


def _per_sd(outcome: pd.Series, score: pd.Series, confidence: float) -> dict[str, object]:
    from scipy.stats import chi2, norm

    positive, (values,) = outcome_and_scores(outcome, score)
    area = auc_logit(positive, values)
    row: dict[str, object] = {
        "score": score.name,
        "n": positive.size,
        "n_positive": int(positive.sum()),
        "auc": area.auc,
        "auc_low": area.ci_low,
        "auc_high": area.ci_high,
    }
    if reason := single_class_reason(positive):
        return row | {"reason": reason}
    if unscalable := unscalable_reason(values):
        return row | {"reason": "the score is the same in all patients" if unscalable == CONSTANT else unscalable}
    standardised = (values - values.mean()) / values.std(ddof=1)
    ones = np.ones((values.size, 1))
    fit = fit_logistic(positive, np.column_stack([ones, standardised]))
    if fit.reason:
        return row | {"reason": fit.reason}
    slope, half = fit.coefficients[1], norm.ppf(0.5 + confidence / 2) * fit.standard_errors[1]
    with np.errstate(over="ignore"):
        ratio, low, high = np.exp([slope, slope - half, slope + half])
    if not np.isfinite(high) or low == 0:
        return row | {"reason": "nearly all patients have the same score: the odds ratio has no usable interval"}
    gain = 2 * (fit.log_likelihood - fit_logistic(positive, ones).log_likelihood)
    return row | {
        "odds_ratio": float(ratio),
        "ci_low": float(low),
        "ci_high": float(high),
        "p": float(chi2.sf(max(gain, 0.0), 1)),
        "reason": "",
    }
