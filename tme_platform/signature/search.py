"""Choose the classifier settings by stratified cross-validation. Measuring the result belongs in `training`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from tme_platform.evaluation import placements
from tme_platform.signature.pipeline import build_pipeline, parameter_grid, search_overrides
from tme_platform.signature.recalibration import Recalibration, fit_recalibration
from tme_platform.statistics import youden_threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from tme_platform.signature.settings import SignatureSettings


def fit_first(
    features: pd.DataFrame,
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    kept_features: tuple[str, ...] | None,
    **overrides: int,
) -> Pipeline:
    """Fit the grid's first candidate without a search."""
    pipeline = build_pipeline(settings, kept_features)
    pipeline[-1].set_params(**parameter_grid(settings)[0], **overrides)
    with threadpool_limits(limits=1):
        return pipeline.fit(features, positive)


@dataclass(frozen=True)
class Fitted:
    """A pipeline with its search, and what was learned from the search's held-out patients."""

    pipeline: Pipeline
    params: dict[str, Any]
    """The chosen classifier settings."""
    results: pd.DataFrame
    """One row per candidate and fold: candidate, settings, fold, auc."""
    threshold: float
    """Youden's, on the scores of the search's held-out patients."""
    recalibration: Recalibration
    """Learned on the same scores."""


def fit_best(
    features: pd.DataFrame,
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    kept_features: tuple[str, ...] | None,
    *,
    seed: int,
) -> Fitted:
    """Compare the candidates by their mean AUC over folds, and fit the best on all the given patients.

    The steps before the classifier do not depend on the grid, so they are fitted once per fold. The result equals that
    of a search over the whole pipeline. Threshold and recalibration come from the chosen candidate's scores of held-out
    patients, so that a patient outside `features` plays no part in them.
    """
    # threads slow down matrices this small, and parallel processes would oversubscribe the cores
    with threadpool_limits(limits=1):
        results, scores = _search(features, positive, settings, kept_features, seed)
        means = results.groupby("candidate")["auc"].mean()
        best = int(means.round(12).idxmax())
        params = parameter_grid(settings)[best]
        pipeline = build_pipeline(settings, kept_features)
        pipeline[-1].set_params(**params)
        return Fitted(
            pipeline.fit(features, positive),
            params,
            results,
            youden_threshold(positive, scores[best]).threshold,
            fit_recalibration(positive, scores[best]),
        )


def _search(
    features: pd.DataFrame,
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    kept_features: tuple[str, ...] | None,
    seed: int,
) -> tuple[pd.DataFrame, NDArray[np.float64]]:
    """AUC per candidate and fold, and the held-out scores (candidates x patients)."""
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    pipeline, grid = build_pipeline(settings, kept_features), parameter_grid(settings)
    overrides = search_overrides(settings)
    folds = StratifiedKFold(min(settings.n_splits, _smallest(positive)), shuffle=True, random_state=seed)
    rows, scores = [], np.full((len(grid), positive.size), np.nan)
    for fold, (train, test) in enumerate(folds.split(features, positive)):
        head = clone(pipeline[:-1]).fit(features.iloc[train], positive[train])
        x_train, x_test = head.transform(features.iloc[train]), head.transform(features.iloc[test])
        for candidate, values in enumerate(grid):
            classifier = clone(pipeline[-1]).set_params(**values, **overrides).fit(x_train, positive[train])
            scores[candidate, test] = classifier.predict_proba(x_test)[:, 1]
            cases, _ = placements(positive[test], scores[candidate, test])
            rows.append({"candidate": candidate, **values, "fold": fold, "auc": float(cases.mean())})
    return pd.DataFrame(rows), scores


def _smallest(positive: NDArray[np.bool_]) -> int:
    return int(min(positive.sum(), (~positive).sum()))
