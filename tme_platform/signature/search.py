"""Choose the classifier settings by stratified cross-validation. Measuring the result belongs in `training`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from tme_platform.evaluation import placements
from tme_platform.signature.pipeline import build_pipeline, parameter_grid, search_overrides

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


def fit_best(
    features: pd.DataFrame,
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    kept_features: tuple[str, ...] | None,
    *,
    seed: int,
) -> tuple[Pipeline, dict[str, Any]]:
    """Search if the grid has several candidates, and fit the best on the given patients."""
    grid = parameter_grid(settings)
    if len(grid) == 1:
        return fit_first(features, positive, settings, kept_features), grid[0]
    fitted, best, _ = grid_search(features, positive, settings, kept_features, seed=seed)
    return fitted, best


def grid_search(
    features: pd.DataFrame,
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    kept_features: tuple[str, ...] | None,
    *,
    seed: int,
) -> tuple[Pipeline, dict[str, Any], pd.DataFrame]:
    """Compare the candidates by their mean AUC over folds, and refit the best on all patients.

    The steps before the classifier do not depend on the grid, so they are fitted once per fold. The result equals that
    of a search over the whole pipeline.

    Returns
    -------
    tuple
        The fitted pipeline, the chosen settings, and one row per candidate and fold (candidate, settings, fold, auc).
    """
    # threads slow down matrices this small, and parallel processes would oversubscribe the cores
    with threadpool_limits(limits=1):
        results = _search(features, positive, settings, kept_features, seed)
        means = results.groupby("candidate")["auc"].mean()
        best = parameter_grid(settings)[int(means.round(12).idxmax())]
        pipeline = build_pipeline(settings, kept_features)
        pipeline[-1].set_params(**best)
        return pipeline.fit(features, positive), best, results


def _search(
    features: pd.DataFrame,
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    kept_features: tuple[str, ...] | None,
    seed: int,
) -> pd.DataFrame:
    pipeline, grid = build_pipeline(settings, kept_features), parameter_grid(settings)
    overrides = search_overrides(settings)
    folds = StratifiedKFold(min(settings.n_splits, _smallest(positive)), shuffle=True, random_state=seed)
    rows = []
    for fold, (train, test) in enumerate(folds.split(features, positive)):
        head = clone(pipeline[:-1]).fit(features.iloc[train], positive[train])
        x_train, x_test = head.transform(features.iloc[train]), head.transform(features.iloc[test])
        for candidate, values in enumerate(grid):
            classifier = clone(pipeline[-1]).set_params(**values, **overrides).fit(x_train, positive[train])
            cases, _ = placements(positive[test], classifier.predict_proba(x_test)[:, 1])
            rows.append({"candidate": candidate, **values, "fold": fold, "auc": float(cases.mean())})
    return pd.DataFrame(rows)


def _smallest(positive: NDArray[np.bool_]) -> int:
    return int(min(positive.sum(), (~positive).sum()))
