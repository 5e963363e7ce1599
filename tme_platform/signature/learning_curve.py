"""Estimate performance by the number of patients. Sample size calculations belong in ``evaluation.sample_size``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.signature.crossval import quick_auc
from tme_platform.signature.parallel import delayed, in_processes, no_report
from tme_platform.signature.search import agreed_features
from tme_platform.signature.training import training_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from tme_platform.signature.settings import SignatureSettings


def learning_curve(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    fractions: Sequence[float] = (0.4, 0.6, 0.8, 1.0),
    draws: int = 25,
    null_draws: int = 5,
    n_jobs: int = -1,
    report: Callable[[int, int], None] = no_report,
) -> pd.DataFrame:
    """Estimate the cross-validated AUC for cohorts of growing size.

    Parameters
    ----------
    features, labels, settings, kept_features, n_jobs
        As for `train_signature`; the shortened procedure of `label_permutation` is used.
    fractions
        Shares of the patients, drawn within hot and within cold.
    draws, null_draws
        Random draws (and random folds) per share, with the true and with shuffled labels.
    report
        Called with the number of draws that are done, and of all.

    Returns
    -------
    pandas.DataFrame
        One row per share: n, n_hot, n_training (patients a model is trained on), auc (mean), auc_sd, draws, and the
        same of shuffled labels as null_auc, null_sd, null_draws. The draws share patients, so auc_sd is no standard
        error of the AUC in other patients, and no interval is given. Shares with fewer hot or cold patients than folds
        are left out.
    """
    settings = settings.shortened()
    table, positive = training_table(features, labels)
    known = agreed_features(table, None if kept_features is None else tuple(sorted(kept_features))).matrix
    rng = np.random.default_rng(settings.seed)
    tasks = []
    for fraction in fractions:
        for draw in range(draws + null_draws):
            rows = _draw(positive, fraction, rng)
            if min(positive[rows].sum(), (~positive[rows]).sum()) >= settings.n_splits:
                shuffled = draw >= draws
                labelled = rng.permutation(positive[rows]) if shuffled else positive[rows]
                tasks.append((rows, labelled, shuffled, settings.seed + draw))
    run = delayed(quick_auc)
    calls = [run(known[rows], labelled, settings, seed=seed) for rows, labelled, _, seed in tasks]
    aucs = in_processes(calls, n_jobs, report)
    drawn = pd.DataFrame(
        {
            "n": [rows.size for rows, *_ in tasks],
            "n_hot": [labelled.sum() for _, labelled, *_ in tasks],
            "shuffled": [shuffled for *_, shuffled, _ in tasks],
            "auc": aucs,
        }
    )
    sizes = drawn.groupby(["shuffled", "n", "n_hot"], sort=True)["auc"].agg(["mean", "std", "size"])
    true, null = (sizes.loc[side] if len(sizes) else sizes.droplevel(0) for side in (False, True))
    curve = true.set_axis(["auc", "auc_sd", "draws"], axis=1)
    curve = curve.join(null.set_axis(["null_auc", "null_sd", "null_draws"], axis=1)).reset_index()
    curve["n_training"] = np.floor(curve["n"] * (1 - 1 / settings.n_splits)).astype(int)
    return curve[["n", "n_hot", "n_training", "auc", "auc_sd", "draws", "null_auc", "null_sd", "null_draws"]]


def _draw(positive: NDArray[np.bool_], fraction: float, rng: np.random.Generator) -> NDArray[np.int64]:
    sides = (np.flatnonzero(positive), np.flatnonzero(~positive))
    return np.sort(np.concatenate([rng.permutation(side)[: round(fraction * side.size)] for side in sides]))
