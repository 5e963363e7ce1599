"""Test the signature against shuffled labels. Permutation importance belongs in `crossval`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.signature.crossval import quick_auc
from tme_platform.signature.parallel import delayed, in_processes
from tme_platform.signature.training import training_table
from tme_platform.statistics import permutation_p

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    n_shuffled: int
    """Patients whose label could change: all, or those of groups with both phenotypes."""


def label_permutation(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    n_permutations: int = 100,
    within: pd.Series | None = None,
    n_jobs: int = -1,
) -> LabelPermutation:
    """Test whether the signature finds more than chance, by shuffling hot and cold among the patients.

    Parameters
    ----------
    features, labels, settings, kept_features, n_jobs
        As for `train_signature`.
    n_permutations
        Shuffles; p is never smaller than 1 / (n_permutations + 1).
    within
        Group of each patient, such as the site. Labels then change places only within a group, which asks whether the
        signature finds more than differences between the groups. Patients without a group keep their labels.

    Returns
    -------
    LabelPermutation
        Observed and shuffled labels go through the same shortened procedure: the whole pipeline, one round of
        cross-validation, the grid's first candidate with the trees of `SignatureSettings.shortened`. `auc` is therefore
        not the honest AUC of `train_signature`.

    Raises
    ------
    ValueError
        If no group of `within` has both phenotypes.

    References
    ----------
    Ojala & Garriga 2010, J Mach Learn Res 11:1833; within groups: Winkler et al. 2015, NeuroImage 123:253.
    """
    settings = settings.shortened()
    table, positive = training_table(features, labels)
    groups = [np.arange(positive.size)] if within is None else mixed_groups(positive, within.reindex(table.index))
    if not groups:
        raise ValueError("no group has both phenotypes: shuffle among all patients")
    kept = None if kept_features is None else tuple(sorted(kept_features))
    rng = np.random.default_rng(settings.seed)
    shuffles = [positive, *(_shuffle(positive, groups, rng) for _ in range(n_permutations))]
    run = delayed(quick_auc)
    # folds are stratified by the labels, so every shuffle needs its own
    aucs = in_processes(
        (run(table, labelled, settings, kept, seed=settings.seed + i) for i, labelled in enumerate(shuffles)),
        n_jobs,
    )
    observed, null = aucs[0], np.asarray(aucs[1:], dtype=np.float64)
    return LabelPermutation(permutation_p(observed, null), observed, null, n_permutations, sum(map(len, groups)))


def mixed_groups(positive: NDArray[np.bool_], within: pd.Series) -> list[NDArray[np.int64]]:
    """Return the positions of the patients of each group that has both phenotypes, missing groups left out."""
    groups = pd.Series(np.arange(positive.size)).groupby(within.to_numpy(), sort=True, dropna=True)
    members = (rows.to_numpy() for _, rows in groups)
    return [rows for rows in members if positive[rows].any() and not positive[rows].all()]


def _shuffle(
    positive: NDArray[np.bool_], groups: list[NDArray[np.int64]], rng: np.random.Generator
) -> NDArray[np.bool_]:
    shuffled = positive.copy()
    for rows in groups:
        shuffled[rows] = rng.permutation(positive[rows])
    return shuffled
