"""Train a signature and estimate its performance on the discovery cohort by cross-validation.

Validation in other cohorts belongs in ``evaluation``; storing and registering in ``tracking``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from tme_platform.evaluation import auc_logit
from tme_platform.signature.crossval import nested_cross_validation, out_of_fold_frame
from tme_platform.signature.out_of_fold import within_fold_auc
from tme_platform.signature.parallel import no_report
from tme_platform.signature.pipeline import build_pipeline
from tme_platform.signature.search import agreed_features, search
from tme_platform.signature.trained import TrainedSignature
from tme_platform.statistics import youden_threshold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from tme_platform.evaluation import DeLongAuc
    from tme_platform.signature.crossval import HeldOutFold
    from tme_platform.signature.settings import SignatureSettings


def cross_validated_auc(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    n_jobs: int = -1,
) -> DeLongAuc:
    """Estimate the AUC of the training procedure by repeated nested cross-validation, without training a final model.

    Parameters, errors and the treatment of patients are those of `train_signature`; the AUC is `within_fold_auc`.
    """
    table, positive = training_table(features, labels)
    _check_class_sizes(positive, settings.n_splits)
    kept = None if kept_features is None else tuple(sorted(kept_features))
    folds = nested_cross_validation(table, positive, settings, kept, n_jobs=n_jobs)
    return within_fold_auc(out_of_fold_frame(folds, table.index, positive), linear=settings.linear)


def train_signature(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    n_jobs: int = -1,
    report: Callable[[int, int], None] = no_report,
) -> TrainedSignature:
    """Train a signature of hot against cold, and score every patient with models that never saw the patient.

    Parameters
    ----------
    features
        Patients x features (numbers; NaN is imputed inside each fold).
    labels
        "hot" or "cold" by patient. Patients with another label, no label or no features are left out.
    settings
        Model, grid, folds and seed.
    kept_features
        Names of the features that passed the agreement filter; None keeps all.
    n_jobs
        Processes for the outer folds, as in joblib; the result does not depend on it.
    report
        Called with the number of outer folds that are done, and of all.

    Returns
    -------
    TrainedSignature

    Raises
    ------
    ValueError
        If values are infinite, names are duplicated, or a phenotype has fewer patients than folds.

    Notes
    -----
    Rows are sorted by patient first, so the result does not depend on their order.
    """
    table, positive = training_table(features, labels)
    _check_class_sizes(positive, settings.n_splits)
    kept = None if kept_features is None else tuple(sorted(kept_features))
    pipeline = build_pipeline(settings, kept)
    with threadpool_limits(limits=1):  # threads slow down matrices this small
        found = search(agreed_features(table, kept).matrix, positive, settings, seed=settings.seed)
        pipeline[-1].set_params(**found.params)
        fitted_scores = pipeline.fit(table, positive).predict_proba(table)[:, 1]
    # after the fit, so that the worker processes find what this one has compiled
    folds = nested_cross_validation(table, positive, settings, kept, n_jobs=n_jobs, report=report)
    out_of_fold = out_of_fold_frame(folds, table.index, positive)
    return TrainedSignature(
        pipeline=pipeline,
        feature_names=tuple(table.columns),
        settings=settings,
        best_params=found.params,
        cv_results=found.results,
        out_of_fold=out_of_fold,
        importances=_importances(pipeline, folds, table.columns, settings.n_top),
        apparent=auc_logit(positive, fitted_scores),
        searched=float(found.results.groupby("candidate")["auc"].mean().max()),
        honest=within_fold_auc(out_of_fold, linear=settings.linear),
        threshold=found.threshold,
        recalibration=found.recalibration,
        paper_threshold=youden_threshold(positive, fitted_scores),
        n=positive.size,
        n_positive=int(positive.sum()),
    )


def training_table(features: pd.DataFrame, labels: pd.Series) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return the features of the patients that are hot or cold, sorted by patient, and which of them are hot."""
    for what, index in (("features", features.index), ("labels", labels.index), ("feature columns", features.columns)):
        if index.has_duplicates:
            raise ValueError(f"{what}: {index[index.duplicated()][0]} occurs more than once; pass each once")
    known = labels[labels.isin(["hot", "cold"])]
    patients = features.index.intersection(known.index).sort_values()
    table = features.loc[patients].astype(np.float64)
    table.index.name = "patient_id"
    infinite = np.isinf(table.to_numpy()).any(axis=0)
    if infinite.any():
        raise ValueError(
            f"feature {table.columns[infinite][0]} contains infinite values: set them to missing or fix the extraction"
        )
    return table, (known.loc[patients] == "hot").to_numpy(dtype=bool)


def _check_class_sizes(positive: NDArray[np.bool_], n_splits: int) -> None:
    hot, cold = int(positive.sum()), int((~positive).sum())
    if min(hot, cold) < n_splits:
        raise ValueError(
            f"{hot} hot and {cold} cold patients have features and a phenotype: {n_splits}-fold cross-validation "
            f"needs at least {n_splits} of each"
        )


def _importances(pipeline: object, folds: list[HeldOutFold], columns: pd.Index, n_top: int) -> pd.DataFrame:
    losses = pd.DataFrame([pd.Series(fold.losses, index=list(fold.used)) for fold in folds]).reindex(columns=columns)
    unused = losses.fillna(0.0)  # shuffling an unused feature costs nothing
    table = pd.DataFrame(
        {
            "feature": columns,
            "impurity": _model_importance(pipeline, columns).to_numpy(),
            "permutation": unused.mean().to_numpy(),
            "permutation_sd": unused.std(ddof=1).to_numpy(),
            "selected_share": losses.notna().mean().to_numpy(),
        }
    )
    by = "permutation" if table["impurity"].isna().all() else "impurity"
    table = table.sort_values([by, "feature"], ascending=[False, True], ignore_index=True)
    table["rank"] = np.arange(1, len(table) + 1)
    table["top20"] = (table["rank"] <= n_top) & (table[by] > 0)
    return table


def _model_importance(pipeline: object, columns: pd.Index) -> pd.Series:
    """Impurity importance, or absolute coefficients of a linear model; NaN if the model has neither."""
    classifier, used = pipeline[-1], pipeline[:-1].get_feature_names_out()  # type: ignore[index]
    if hasattr(classifier, "feature_importances_"):
        values = classifier.feature_importances_
    elif hasattr(classifier, "coef_"):
        values = np.abs(classifier.coef_[0])
    else:
        return pd.Series(np.nan, index=columns)
    return pd.Series(values, index=used).reindex(columns, fill_value=0.0)
