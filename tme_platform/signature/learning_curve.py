"""Estimate performance by the number of patients. Sample size calculations belong in ``evaluation.sample_size``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.signature.crossval import quick_auc
from tme_platform.signature.training import training_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tme_platform.signature.settings import SignatureSettings


def learning_curve(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    fractions: Sequence[float] = (0.4, 0.6, 0.8, 1.0),
    draws: int = 10,
    n_jobs: int = -1,
) -> pd.DataFrame:
    """Estimate the cross-validated AUC for cohorts of growing size.

    Parameters
    ----------
    features, labels, settings, kept_features, n_jobs
        As for `train_signature`; the shortened procedure of `label_permutation` is used.
    fractions
        Shares of the patients, drawn within hot and within cold.
    draws
        Random draws (and random folds) per share.

    Returns
    -------
    pandas.DataFrame
        One row per share: n, n_hot, n_training (patients a model is trained on), auc (mean), auc_sd, auc_low and
        auc_high (2.5 and 97.5 percentiles of the draws, which overlap: a spread, not a confidence interval), draws.
        Shares with fewer hot or cold patients than folds are left out.
    """
    import joblib

    table, positive = training_table(features, labels)
    kept = None if kept_features is None else tuple(sorted(kept_features))
    rng = np.random.default_rng(settings.seed)
    tasks = []
    for fraction in fractions:
        for draw in range(draws):
            rows = _draw(positive, fraction, rng)
            if min(positive[rows].sum(), (~positive[rows]).sum()) >= settings.n_splits:
                tasks.append((rows, settings.seed + draw))
    run = joblib.delayed(quick_auc)
    aucs = joblib.Parallel(n_jobs=n_jobs)(
        run(table.iloc[rows], positive[rows], settings, kept, seed=seed) for rows, seed in tasks
    )
    drawn = pd.DataFrame(
        {"n": [rows.size for rows, _ in tasks], "n_hot": [positive[rows].sum() for rows, _ in tasks], "auc": list(aucs)}
    )
    grouped = drawn.groupby(["n", "n_hot"], sort=True)["auc"]
    curve = grouped.agg(auc="mean", auc_sd="std", draws="size").reset_index()
    curve["auc_low"] = grouped.quantile(0.025).to_numpy()
    curve["auc_high"] = grouped.quantile(0.975).to_numpy()
    curve["n_training"] = np.floor(curve["n"] * (1 - 1 / settings.n_splits)).astype(int)
    return curve[["n", "n_hot", "n_training", "auc", "auc_sd", "auc_low", "auc_high", "draws"]]


def _draw(positive: NDArray[np.bool_], fraction: float, rng: np.random.Generator) -> NDArray[np.int64]:
    sides = (np.flatnonzero(positive), np.flatnonzero(~positive))
    return np.sort(np.concatenate([rng.permutation(side)[: round(fraction * side.size)] for side in sides]))
