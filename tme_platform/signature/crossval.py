"""Repeated nested cross-validation: scores and importances on patients that the model never saw.

The search inside each fold belongs in `search`; the AUC of the scores in `out_of_fold`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tme_platform.evaluation import placements
from tme_platform.signature.parallel import delayed, in_processes, no_report
from tme_platform.signature.pipeline import search_overrides
from tme_platform.signature.search import AgreedFeatures, agreed_features, fit, fit_first, search

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from tme_platform.signature.settings import SignatureSettings


@dataclass(frozen=True)
class HeldOutFold:
    """Result of one outer fold: what its patients got, and the mean loss of AUC when each used feature is shuffled."""

    repeat: int
    fold: int
    rows: NDArray[np.int64]
    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    """Scores recalibrated by what the training patients showed."""
    threshold: float
    """Chosen among the training patients."""
    used: tuple[str, ...]
    losses: NDArray[np.float64]
    params: dict[str, Any]


def out_of_fold_frame(folds: list[HeldOutFold], patients: pd.Index, positive: NDArray[np.bool_]) -> pd.DataFrame:
    """Return one row per patient and repeat, in the columns of `TrainedSignature.out_of_fold`."""
    parts = [
        pd.DataFrame(
            {
                "patient_id": patients[fold.rows],
                "repeat": fold.repeat,
                "fold": fold.fold,
                "hot": positive[fold.rows],
                "score": fold.scores,
                "probability": fold.probabilities,
                "called_hot": fold.scores >= fold.threshold,
            }
        )
        for fold in folds
    ]
    return pd.concat(parts, ignore_index=True).sort_values(["repeat", "patient_id"], ignore_index=True)


def quick_auc(
    features: NDArray[np.float64], positive: NDArray[np.bool_], settings: SignatureSettings, *, seed: int
) -> float:
    """Estimate the AUC by one round of cross-validation, with the first candidate of the grid and few trees.

    Parameters
    ----------
    features
        Patients x agreed features.
    positive, settings
        Who is hot, and how to learn.
    seed
        Of the folds.
    """
    from sklearn.model_selection import StratifiedKFold

    overrides = search_overrides(settings)
    scored = []
    folds = StratifiedKFold(settings.n_splits, shuffle=True, random_state=seed)
    for train, test in folds.split(features, positive):
        model = fit_first(features[train], positive[train], settings, **overrides)
        scores = model.predict_proba(features[test])[:, 1]
        scored.append(placements(positive[test], scores)[0])
    return float(np.concatenate(scored).mean())


def nested_cross_validation(
    features: pd.DataFrame,
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    kept_features: tuple[str, ...] | None,
    *,
    n_jobs: int,
    report: Callable[[int, int], None] = no_report,
) -> list[HeldOutFold]:
    """Train on each outer fold, search included, and score the patients left out; `n_jobs` does not change the result.

    The folds of repeat r have the seed of the settings plus r, and the search inside fold f that plus 1000 (r + 1) + f.
    """
    from sklearn.model_selection import StratifiedKFold

    known = agreed_features(features, kept_features)
    tasks = []
    for repeat in range(settings.n_repeats):
        folds = StratifiedKFold(settings.n_splits, shuffle=True, random_state=settings.seed + repeat)
        for fold, (train, test) in enumerate(folds.split(known.matrix, positive)):
            tasks.append((repeat, fold, train, test))
    run = delayed(_held_out)
    return in_processes([run(known, positive, settings, *task) for task in tasks], n_jobs, report)


def _held_out(
    features: AgreedFeatures,
    positive: NDArray[np.bool_],
    settings: SignatureSettings,
    repeat: int,
    fold: int,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
) -> HeldOutFold:
    seed = settings.seed + 1000 * (repeat + 1) + fold
    x_train, x_test = features.matrix[train], features.matrix[test]
    found = search(x_train, positive[train], settings, seed=seed)
    model = fit(x_train, positive[train], settings, found.params)
    x = model[:-1].transform(x_test)
    scores = model[-1].predict_proba(x)[:, 1]
    losses = _permutation_losses(model, x, positive[test], scores, settings.permutations, seed)
    used = tuple(model[:-1].get_feature_names_out(features.names))
    return HeldOutFold(
        repeat,
        fold,
        test,
        scores,
        found.recalibration.probability(scores),
        found.threshold,
        used,
        losses,
        found.params,
    )


def _permutation_losses(
    model: Pipeline,
    x: NDArray[np.float64],
    positive: NDArray[np.bool_],
    scores: NDArray[np.float64],
    permutations: int,
    seed: int,
) -> NDArray[np.float64]:
    """Mean loss of AUC per column; all shuffles go through the model in one call."""
    rng = np.random.default_rng(seed)
    n, width = x.shape
    stacked = np.broadcast_to(x, (width, permutations, n, width)).copy()
    for column in range(width):
        for permutation in range(permutations):
            stacked[column, permutation, :, column] = rng.permutation(x[:, column])
    shuffled = model[-1].predict_proba(stacked.reshape(-1, width))[:, 1].reshape(width * permutations, n)
    base = placements(positive, scores)[0].mean()
    aucs = _aucs(positive, shuffled).reshape(width, permutations)
    return np.asarray(base - np.mean(aucs, axis=1), dtype=np.float64)


def _aucs(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """AUC of each row of scores: the mean placement of the cases, for all rows at once."""
    from scipy.stats import rankdata

    ahead = rankdata(scores, axis=1)[:, positive] - rankdata(scores[:, positive], axis=1)
    return np.asarray(np.ascontiguousarray(ahead / (~positive).sum()).mean(axis=1), dtype=np.float64)
