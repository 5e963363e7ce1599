"""Predict a continuous measure of immune content instead of hot and cold. The signature belongs in `training`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.signature.parallel import delayed, in_processes
from tme_platform.statistics import permutation_p

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tme_platform.signature.settings import SignatureSettings

_LEAST_PER_FOLD = 4
"""Patients from which a rank correlation within a fold is worth averaging."""


@dataclass(frozen=True)
class ContinuousSignature:
    """Cross-validated predictions of a continuous target, and their rank correlation with it."""

    rho: float
    """Mean over held-out folds of Spearman's correlation within the fold."""
    p: float
    null: NDArray[np.float64]
    """`rho` of each permutation of the target."""
    out_of_fold: pd.DataFrame
    """One row per patient: patient_id, fold, target, predicted."""
    n: int
    reason: str = ""


@dataclass(frozen=True)
class _Fold:
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    x_train: NDArray[np.float64]
    x_test: NDArray[np.float64]


def continuous_signature(
    features: pd.DataFrame,
    target: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    n_permutations: int = 49,
    n_jobs: int = -1,
) -> ContinuousSignature:
    """Cross-validate a forest that predicts a continuous target from the features.

    Agreement filter, median imputation, redundancy filter, the features with the largest absolute Spearman correlation
    with the target (instead of the signature's forest importance, which costs more), and a random forest regression are
    learned in each of the `n_splits` folds, once. The forest has the settings of the grid's first candidate and the
    trees of `SignatureSettings.shortened`.

    Parameters
    ----------
    features, settings, kept_features, n_jobs
        As for `train_signature`.
    target
        Number by patient. Patients without one are left out.
    n_permutations
        Permutations of the target, each with the whole procedure; p is never smaller than 1 / (n_permutations + 1).

    Returns
    -------
    ContinuousSignature
        `p` is one-sided, for a positive correlation. There is no interval: the correlations of folds are not
        independent (each patient also trains the models of the other folds), so their spread does not give one. With
        fewer than four patients per fold, or a constant target, `rho` is NaN with a reason.

    Raises
    ------
    ValueError
        If features contain infinite values, or none passed the agreement filter.
    """
    settings = settings.shortened()
    known = target.dropna()
    patients = features.index.intersection(known.index).sort_values()
    table, values = features.loc[patients].astype(np.float64), known.loc[patients].to_numpy(dtype=np.float64)
    if reason := _not_possible(values, settings.n_splits):
        empty = pd.DataFrame(columns=["patient_id", "fold", "target", "predicted"])
        return ContinuousSignature(float("nan"), float("nan"), np.empty(0), empty, len(patients), reason)
    kept = None if kept_features is None else sorted(kept_features)
    folds = _folds(table, settings, kept)
    rng = np.random.default_rng(settings.seed)
    targets = [values, *(rng.permutation(values) for _ in range(n_permutations))]
    run = delayed(_predict)
    predicted = in_processes([run(folds, one, settings) for one in targets], n_jobs)
    rhos = [_rho(folds, one, found) for one, found in zip(targets, predicted, strict=True)]
    number = np.empty(len(patients), dtype=np.int64)
    for at, fold in enumerate(folds):
        number[fold.test] = at
    out_of_fold = pd.DataFrame({"patient_id": patients, "fold": number, "target": values, "predicted": predicted[0]})
    null = np.asarray(rhos[1:], dtype=np.float64)
    return ContinuousSignature(rhos[0], permutation_p(rhos[0], null), null, out_of_fold, len(patients))


def _not_possible(values: NDArray[np.float64], n_splits: int) -> str:
    if values.size < _LEAST_PER_FOLD * n_splits:
        return f"{values.size} patients have features and a value: too few for {n_splits} folds"
    return "all values are the same" if np.ptp(values) == 0 else ""


def _folds(table: pd.DataFrame, settings: SignatureSettings, kept: Sequence[str] | None) -> list[_Fold]:
    """Everything that is learned from the features alone, which permutations of the target do not change."""
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import KFold
    from sklearn.pipeline import make_pipeline

    from tme_platform.signature.transformers import AgreementFilter, RedundancyFilter

    split = KFold(settings.n_splits, shuffle=True, random_state=settings.seed).split(table)
    folds = []
    for train, test in split:
        head = make_pipeline(
            AgreementFilter(kept), SimpleImputer(strategy="median"), RedundancyFilter(settings.max_correlation)
        )
        x_train = np.asarray(head.fit_transform(table.iloc[train]), dtype=np.float64)
        folds.append(_Fold(train, test, x_train, np.asarray(head.transform(table.iloc[test]), dtype=np.float64)))
    return folds


def _predict(folds: list[_Fold], target: NDArray[np.float64], settings: SignatureSettings) -> NDArray[np.float64]:
    from sklearn.ensemble import RandomForestRegressor

    predicted = np.empty(target.size)
    for at, fold in enumerate(folds):
        own = target[fold.train]
        top = _top(fold.x_train, own, settings)
        forest = RandomForestRegressor(
            settings.search_trees,
            max_features=settings.max_features[0],
            min_samples_leaf=settings.min_samples_leaf[0],
            random_state=settings.seed + at,
        )
        predicted[fold.test] = forest.fit(fold.x_train[:, top], own).predict(fold.x_test[:, top])
    return predicted


def _top(x: NDArray[np.float64], target: NDArray[np.float64], settings: SignatureSettings) -> NDArray[np.int64]:
    from scipy.stats import rankdata

    if settings.selection == "none" or x.shape[1] <= settings.n_top:
        return np.arange(x.shape[1])
    ranks, wanted = rankdata(x, axis=0), rankdata(target)
    centred = ranks - ranks.mean(axis=0)
    strength = np.abs(centred.T @ (wanted - wanted.mean())) / np.sqrt((centred**2).sum(axis=0))
    return np.sort(np.argsort(-strength, kind="stable")[: settings.n_top])


def _rho(folds: list[_Fold], target: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Mean of Spearman's correlation over folds; 0 in a fold without different predictions or values."""
    from scipy.stats import rankdata

    found = []
    for fold in folds:
        a, b = (rankdata(values[fold.test]) for values in (target, predicted))
        a, b = a - a.mean(), b - b.mean()
        scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
        found.append(float(a @ b) / scale if scale > 0 else 0.0)
    return float(np.mean(found))
