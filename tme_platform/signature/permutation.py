"""Test the signature against shuffled labels. Permutation importance belongs in `crossval`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tme_platform.signature.crossval import quick_auc
from tme_platform.signature.training import training_table
from tme_platform.statistics import permutation_p

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from tme_platform.signature.settings import SignatureSettings


@dataclass(frozen=True)
class LabelPermutation:
    """The cross-validated AUC and its distribution under shuffled labels."""

    p: float
    auc: float
    null: NDArray[np.float64]
    """AUC of each shuffle."""
    n_permutations: int


def label_permutation(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    n_permutations: int = 100,
    n_jobs: int = -1,
) -> LabelPermutation:
    """Test whether the signature finds more than chance, by shuffling hot and cold among the patients.

    Parameters
    ----------
    features, labels, settings, kept_features, n_jobs
        As for `train_signature`.
    n_permutations
        Shuffles; p is never smaller than 1 / (n_permutations + 1).

    Returns
    -------
    LabelPermutation
        Observed and shuffled labels go through the same shortened procedure: the whole pipeline, one round of
        cross-validation, the grid's first candidate with `search_trees` trees. `auc` is therefore not the honest AUC of
        `train_signature`.

    References
    ----------
    Ojala & Garriga 2010, J Mach Learn Res 11:1833.
    """
    import joblib

    table, positive = training_table(features, labels)
    kept = None if kept_features is None else tuple(sorted(kept_features))
    rng = np.random.default_rng(settings.seed)
    shuffles = [positive, *(rng.permutation(positive) for _ in range(n_permutations))]
    run = joblib.delayed(quick_auc)
    # folds are stratified by the labels, so every shuffle needs its own
    aucs = joblib.Parallel(n_jobs=n_jobs)(
        run(table, labelled, settings, kept, seed=settings.seed + i) for i, labelled in enumerate(shuffles)
    )
    observed, null = aucs[0], np.asarray(aucs[1:], dtype=np.float64)
    return LabelPermutation(permutation_p(observed, null), observed, null, n_permutations)
