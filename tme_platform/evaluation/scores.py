"""Collect all metrics of one score and one outcome in a table. Each metric is computed in its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tme_platform.evaluation.auc_logit import auc_logit
from tme_platform.evaluation.calibration import calibration
from tme_platform.evaluation.classification import call_metrics, threshold_metrics
from tme_platform.statistics import outcome_and_scores, youden_threshold

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from tme_platform.evaluation.delong import DeLongAuc

Analysis = Literal["paper", "honest"]

AUC_METHOD = "DeLong's standard error, logit scale"
IN_TRAINING_FOLDS = "chosen in the training folds, for held-out patients"

METRIC_COLUMNS = (
    "cohort", "model", "endpoint", "subgroup", "analysis", "metric", "value", "ci_low", "ci_high", "p", "n",
    "n_positive", "method", "reason",
)  # fmt: skip


def evaluate_scores(
    y: ArrayLike,
    score: ArrayLike,
    *,
    endpoint: str,
    analysis: Analysis,
    threshold: float | None = None,
    called: ArrayLike | None = None,
    probability: ArrayLike | None = None,
    auc: DeLongAuc | None = None,
    auc_method: str = AUC_METHOD,
    fit: pd.DataFrame | None = None,
    cohort: str = "",
    model: str = "signature",
    subgroup: str = "all",
    prevalence: float | None = None,
    n_bootstrap: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Evaluate a score against an outcome.

    Parameters
    ----------
    y, score
        Outcome (1, 0, missing) and score per patient.
    endpoint, cohort, model, subgroup, analysis
        Identify what is predicted, where, by which model and in which patients, and whether the analysis follows the
        published study ("paper") or avoids its optimism ("honest"). Repeated in every row.
    threshold
        The locked threshold. None chooses Youden's on these patients, as the paper does in each cohort; `method` says
        which.
    called
        How often each patient was called positive by cross-validation, with thresholds chosen in the training folds.
        The metrics at a threshold then rest on these calls, and `threshold` is only listed.
    probability
        Recalibrated probability per patient, for the calibration and the Brier score; None takes the score as it is.
    auc, auc_method
        An AUC computed in another way, such as `within_fold_auc` for cross-validated scores, and its method.
    fit
        The result of `calibration`, computed in another way.
    prevalence
        Prevalence for additional PPV and NPV.
    n_bootstrap, seed
        Number of bootstrap resamples for the Brier score, and their seed.

    Returns
    -------
    pandas.DataFrame
        Columns `METRIC_COLUMNS`, with the metrics auc, threshold, and those of `call_metrics` and `calibration`. `n` is
        the number of patients with outcome and score. `method` names the denominator of each proportion.
    """
    columns = [score, *(values for values in (called, probability) if values is not None)]
    positive, (scores, *others) = outcome_and_scores(y, *columns)
    area = auc_logit(positive, scores) if auc is None else auc
    cut = float(threshold) if threshold is not None else youden_threshold(positive, scores).threshold
    if called is not None:
        choice, at_cut = IN_TRAINING_FOLDS, call_metrics(positive, others[0], prevalence=prevalence)
    else:
        choice = "locked beforehand" if threshold is not None else "Youden, chosen on these patients"
        at_cut = threshold_metrics(positive, scores, cut, prevalence=prevalence)
    at_cut["method"] = [
        _at_threshold(method, n, choice) for method, n in zip(at_cut["method"], at_cut["n"], strict=True)
    ]
    if fit is None:
        fit = calibration(positive, scores if probability is None else others[-1], n_bootstrap=n_bootstrap, seed=seed)
    if probability is not None:
        fit = fit.assign(method="recalibrated probability; " + fit["method"])
    nan = float("nan")
    first = pd.DataFrame(
        {
            "metric": ["auc", "threshold"],
            "value": [area.auc, cut if np.isfinite(cut) else nan],
            "ci_low": [area.ci_low, nan],
            "ci_high": [area.ci_high, nan],
            "p": [area.p, nan],
            "method": [auc_method, choice],
            "reason": [area.reason, _no_threshold(cut)],
        }
    )
    rows = pd.concat([first, at_cut.assign(p=nan), fit.assign(p=nan)], ignore_index=True)
    rows = rows.assign(
        cohort=cohort,
        model=model,
        endpoint=endpoint,
        subgroup=subgroup,
        analysis=analysis,
        n=positive.size,
        n_positive=int(positive.sum()),
    )
    return rows[list(METRIC_COLUMNS)]


def _no_threshold(cut: float) -> str:
    """Why there is no threshold; empty if there is one."""
    if np.isnan(cut):
        return "there is no threshold without both outcomes"
    if np.isinf(cut):
        return f"no threshold is better than calling every patient {'positive' if cut < 0 else 'negative'}"
    return ""


def _at_threshold(method: str, denominator: float, choice: str) -> str:
    return f"{method}; of {denominator:.4g}; threshold {choice}" if method else f"threshold {choice}"
