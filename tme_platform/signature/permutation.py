"""Test the signature against shuffled labels. Permutation importance belongs in `crossval`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.signature.crossval import quick_auc
from tme_platform.signature.parallel import delayed, in_processes, no_report
from tme_platform.signature.search import agreed_features
from tme_platform.signature.training import training_table
from tme_platform.statistics import sequential_p

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from tme_platform.signature.settings import SignatureSettings


_BLOCK = 20
"""Shuffles between two looks at whether they are enough."""


@dataclass(frozen=True)
class LabelPermutation:
    """The cross-validated AUC and its distribution under shuffled labels."""

    p: float
    p_se: float
    """Standard error of `p` because only some shuffles were drawn."""
    auc: float
    null: NDArray[np.float64]
    """AUC of each shuffle."""
    n_shuffled: int
    """Patients whose label could change: all, or those of groups with both phenotypes."""


def label_permutation(
    features: pd.DataFrame,
    labels: pd.Series,
    *,
    settings: SignatureSettings,
    kept_features: Iterable[str] | None = None,
    n_permutations: int = 499,
    enough: int = 20,
    within: pd.Series | None = None,
    observed: float | None = None,
    n_jobs: int = -1,
    report: Callable[[int, int], None] = no_report,
) -> LabelPermutation:
    """Test whether the signature finds more than chance, by shuffling hot and cold among the patients.

    Parameters
    ----------
    features, labels, settings, kept_features, n_jobs
        As for `train_signature`.
    n_permutations
        Shuffles at most; p is never smaller than 1 / (n_permutations + 1).
    enough
        The test stops when so many shuffles have reached the AUC of the true labels, see
        ``statistics.sequential_p``: the standard error of p is then at most p / sqrt(enough).
    within
        Group of each patient, such as the site. Labels then change places only within a group, which asks whether the
        signature finds more than differences between the groups. Patients without a group keep their labels.
    observed
        The AUC of the true labels, if a permutation test of the same patients has computed it.
    report
        Called with the number of shuffles so far and the most there can be.

    Returns
    -------
    LabelPermutation
        Observed and shuffled labels go through the same shortened procedure: the whole pipeline, one round of
        cross-validation, the grid's first candidate with the trees of `SignatureSettings.shortened`. `auc` is therefore
        not the honest AUC of `train_signature`. Shuffle i has the seed of the settings plus i for its folds.

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
    known = agreed_features(table, None if kept_features is None else tuple(sorted(kept_features))).matrix
    rng = np.random.default_rng(settings.seed)
    run = delayed(quick_auc)
    if observed is None:
        (observed,) = in_processes([run(known, positive, settings, seed=settings.seed)], 1)
    null: list[float] = []
    while len(null) < n_permutations:
        seeds = range(settings.seed + len(null) + 1, settings.seed + min(len(null) + _BLOCK, n_permutations) + 1)
        # folds are stratified by the labels, so every shuffle needs its own
        null += in_processes(
            [run(known, _shuffle(positive, groups, rng), settings, seed=seed) for seed in seeds], n_jobs
        )
        report(len(null), n_permutations)
        if sequential_p(observed, null, enough=enough).stopped:
            break
    found = sequential_p(observed, null, enough=enough)
    counted = np.asarray(null[: found.permutations], dtype=np.float64)
    return LabelPermutation(found.p, found.se, observed, counted, sum(map(len, groups)))


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
