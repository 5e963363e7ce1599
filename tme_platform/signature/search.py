"""Choose the classifier settings by stratified cross-validation. Measuring the result belongs in `training`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tme_platform.evaluation import placements
from tme_platform.signature.pipeline import build_pipeline, parameter_grid, search_overrides
from tme_platform.signature.recalibration import Recalibration, fit_recalibration
from tme_platform.statistics import youden_threshold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray
    from sklearn.pipeline import Pipeline

    from tme_platform.signature.settings import SignatureSettings


@dataclass(frozen=True)
class AgreedFeatures:
    """The features that a signature may use, without names: what is fitted hundreds of times needs none."""

    matrix: NDArray[np.float64]
    """Patients x features."""
    names: list[str]


def agreed_features(table: pd.DataFrame, kept_features: tuple[str, ...] | None) -> AgreedFeatures:
    """Apply the agreement filter to all patients: no fold changes it."""
    from tme_platform.signature.transformers import AgreementFilter

    kept = AgreementFilter(kept_features).fit(table).get_support()
    return AgreedFeatures(table.to_numpy(dtype=np.float64)[:, kept], list(table.columns[kept]))


def fit(
    features: ArrayLike, positive: NDArray[np.bool_], settings: SignatureSettings, params: Mapping[str, Any]
) -> Pipeline:
    """Fit the pipeline with given classifier settings to agreed features."""
    pipeline = build_pipeline(settings, compiled=True)
    pipeline[-1].set_params(**params)
    return pipeline.fit(features, positive)


def fit_first(
    features: ArrayLike, positive: NDArray[np.bool_], settings: SignatureSettings, **overrides: int
) -> Pipeline:
    """Fit the grid's first candidate to agreed features, without a search."""
    return fit(features, positive, settings, parameter_grid(settings)[0] | overrides)


@dataclass(frozen=True)
class Searched:
    """The best candidate of the grid, and what was learned from the patients that the search held out."""

    params: dict[str, Any]
    """The chosen classifier settings."""
    results: pd.DataFrame
    """One row per candidate and fold: candidate, settings, fold, auc."""
    threshold: float
    """Youden's, on the scores of the search's held-out patients."""
    recalibration: Recalibration
    """Learned on the same scores."""


def search(
    features: NDArray[np.float64], positive: NDArray[np.bool_], settings: SignatureSettings, *, seed: int
) -> Searched:
    """Compare the candidates of the grid by their mean AUC over folds of the given patients.

    The steps before the classifier do not depend on the grid, so they are fitted once per fold. The result equals that
    of a search over the whole pipeline. Threshold and recalibration come from the chosen candidate's scores of held-out
    patients, so that a patient outside `features` plays no part in them.

    Parameters
    ----------
    features
        Patients x agreed features.
    positive, settings
        Who is hot, and how to learn.
    seed
        Of the folds.
    """
    results, scores = _search(features, positive, settings, seed)
    means = results.groupby("candidate")["auc"].mean()
    best = int(means.round(12).idxmax())
    return Searched(
        parameter_grid(settings)[best],
        results,
        youden_threshold(positive, scores[best]).threshold,
        fit_recalibration(positive, scores[best]),
    )


def _search(
    features: NDArray[np.float64], positive: NDArray[np.bool_], settings: SignatureSettings, seed: int
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """AUC per candidate and fold, and the held-out scores (candidates x patients)."""
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    pipeline, grid = build_pipeline(settings, compiled=True), parameter_grid(settings)
    overrides = search_overrides(settings)
    folds = StratifiedKFold(min(settings.n_splits, _smallest(positive)), shuffle=True, random_state=seed)
    rows, scores = [], np.full((len(grid), positive.size), np.nan)
    for fold, (train, test) in enumerate(folds.split(features, positive)):
        head = clone(pipeline[:-1])
        x_train = head.fit_transform(features[train], positive[train])
        x_test = head.transform(features[test])
        for candidate, values in enumerate(grid):
            classifier = clone(pipeline[-1]).set_params(**values, **overrides).fit(x_train, positive[train])
            scores[candidate, test] = classifier.predict_proba(x_test)[:, 1]
            cases, _ = placements(positive[test], scores[candidate, test])
            rows.append({"candidate": candidate, **values, "fold": fold, "auc": float(cases.mean())})
    return pd.DataFrame(rows), scores


def _smallest(positive: NDArray[np.bool_]) -> int:
    return int(min(positive.sum(), (~positive).sum()))
