"""Indices of the mean distance within and between clusters: Frey, McClain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tme_platform.phenotypes.indices.level import Level, UndefinedIndexError, ratio
from tme_platform.phenotypes.pairs import PairSummary


def frey(level: Level) -> float:
    """Frey & Van Groenewoud 1972: change of the mean distance between over that within, from k to k + 1."""
    now, then = _Means(level.own_pairs, level.own.sizes), _Means(level.after_pairs, level.after.sizes)
    return ratio(then.between - now.between, then.within - now.within, "the change of the mean within distance")


def mcclain(level: Level) -> float:
    """McClain & Rao 1975, in NbClust's form: each mean distance divided once more by its number of pairs."""
    now = _Means(level.own_pairs, level.own.sizes)
    return ratio(now.within / now.n_within, now.between / now.n_between, "the mean distance between clusters")


class _Means:
    def __init__(self, pairs: PairSummary, sizes: NDArray[np.int64]) -> None:
        n = int(sizes.sum())
        self.n_within = float((sizes * (sizes - 1) / 2).sum())
        self.n_between = n * (n - 1) / 2 - self.n_within
        if self.n_within == 0:
            raise UndefinedIndexError("no cluster has two members")
        within = float(np.trace(pairs.between))
        self.within = within / 2 / self.n_within
        self.between = (float(pairs.between.sum()) - within) / 2 / self.n_between
