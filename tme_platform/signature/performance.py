"""Performance of a rad-score for one outcome, the paper's way and honestly, in all patients and in subgroups.

For patients who trained the signature the honest way is cross-validation; for all others, the stored signature. The
metrics themselves belong in ``evaluation``, the cross-validated ones in `out_of_fold`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tme_platform.evaluation import METRIC_COLUMNS, auc_logit, decision_curve, evaluate_scores, roc_curve_points
from tme_platform.signature.out_of_fold import cross_validated_calibration, within_fold_auc, within_fold_roc

if TYPE_CHECKING:
    from collections.abc import Mapping

_WITHIN_FOLDS = "within held-out folds of a repeated nested cross-validation; DeLong's standard error, logit scale"


def evaluate_signature(
    outcome: pd.Series,
    scores: pd.DataFrame,
    held_out: pd.DataFrame | None,
    subgroups: Mapping[str, pd.Series],
    *,
    endpoint: str,
    threshold: float,
    linear: bool = False,
    prevalence: float | None = None,
) -> pd.DataFrame:
    """Evaluate a rad-score against one outcome.

    Parameters
    ----------
    outcome
        1 or 0 by patient.
    scores
        ``rad_score`` and ``probability`` by the stored signature, by patient.
    held_out
        Of patients who trained the signature: one row per patient and repeat with patient_id, repeat, fold, score,
        probability and called_hot by what was learned without the patient. None for others.
    subgroups
        Which patients belong to it, by subgroup; the row ``all`` is added.
    endpoint
        Name of the outcome.
    threshold
        The locked threshold.
    linear
        Whether the signature is a linear model, see `within_fold_auc`.
    prevalence
        Prevalence for additional PPV and NPV.

    Returns
    -------
    pandas.DataFrame
        Columns ``evaluation.METRIC_COLUMNS``. ``paper``: stored signature, threshold chosen on these patients.
        ``honest``: locked threshold and recalibrated probability, or held-out patients with the thresholds of their
        training folds. A subgroup without patients has no rows, one with a single outcome has NaN with a reason.
    """
    patients = outcome.dropna().index.intersection(scores.index, sort=True)
    parts = []
    for name, members in {"all": pd.Series(True, index=patients), **subgroups}.items():
        chosen = patients[members.reindex(patients, fill_value=False).to_numpy(dtype=bool)]
        if len(chosen):
            known, own = outcome[chosen], scores.loc[chosen]
            paper = evaluate_scores(known, own["rad_score"], endpoint=endpoint, analysis="paper", prevalence=prevalence)
            if held_out is None:
                honest = evaluate_scores(
                    known,
                    own["rad_score"],
                    endpoint=endpoint,
                    analysis="honest",
                    threshold=threshold,
                    probability=own["probability"],
                    prevalence=prevalence,
                )
            else:
                honest = _cross_validated(with_outcome(held_out, known), endpoint, threshold, linear, prevalence)
            parts.append(pd.concat([paper, honest]).assign(subgroup=name))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(METRIC_COLUMNS))


def signature_roc(
    outcome: pd.Series, scores: pd.DataFrame, held_out: pd.DataFrame | None, *, linear: bool = False
) -> pd.DataFrame:
    """Compute the honest ROC curve with its area.

    Parameters
    ----------
    outcome, scores, held_out, linear
        As for `evaluate_signature`.

    Returns
    -------
    pandas.DataFrame
        threshold, sensitivity, specificity (``statistics.roc_curve_points``, or `within_fold_roc` of held-out
        patients), with auc, auc_low, auc_high, n and n_positive in every row.
    """
    if held_out is None:
        known = scores.loc[outcome.index, "rad_score"]
        points, area = roc_curve_points(outcome, known), auc_logit(outcome, known)
    else:
        rows = with_outcome(held_out, outcome)
        points, area = within_fold_roc(rows), within_fold_auc(rows, linear=linear)
    return points.assign(auc=area.auc, auc_low=area.ci_low, auc_high=area.ci_high, n=area.n, n_positive=area.n_positive)


def signature_decision_curve(outcome: pd.Series, scores: pd.DataFrame, held_out: pd.DataFrame | None) -> pd.DataFrame:
    """Compute ``evaluation.decision_curve`` of the recalibrated probability; arguments as for `signature_roc`."""
    if held_out is None:
        return decision_curve(outcome, scores.loc[outcome.index, "probability"])
    by_repeat = with_outcome(held_out, outcome).pivot(index="patient_id", columns="repeat", values="probability")
    return decision_curve(outcome[by_repeat.index], by_repeat)


def with_outcome(held_out: pd.DataFrame, outcome: pd.Series) -> pd.DataFrame:
    """Return the held-out rows of patients with a known outcome, which takes the place of ``hot``."""
    rows = held_out[held_out["patient_id"].isin(outcome.index)]
    return rows.assign(hot=rows["patient_id"].map(outcome).astype(bool))


def _cross_validated(
    rows: pd.DataFrame, endpoint: str, threshold: float, linear: bool, prevalence: float | None
) -> pd.DataFrame:
    by_patient = rows.groupby("patient_id").agg(
        hot=("hot", "first"),
        score=("score", "mean"),
        called=("called_hot", "mean"),
        probability=("probability", "mean"),
    )
    return evaluate_scores(
        by_patient["hot"],
        by_patient["score"],
        endpoint=endpoint,
        analysis="honest",
        threshold=threshold,
        called=by_patient["called"],
        probability=by_patient["probability"],
        auc=within_fold_auc(rows, linear=linear),
        auc_method=_WITHIN_FOLDS,
        fit=cross_validated_calibration(rows),
        prevalence=prevalence,
    )
