"""The C-index."""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Level, UndefinedIndexError


def cindex(level: Level) -> float:
    """Hubert & Levin 1976, in NbClust's form: (sum of within distances - r d_min) / (r d_max - r d_min).

    d_min and d_max are the smallest and largest distance within any cluster, r the number of pairs within clusters.
    As in NbClust, a cluster of one contributes a distance of 1 to both extremes.
    """
    pairs, sizes, count = level.own_pairs, level.own.sizes, level.own.n_within_pairs
    smallest = float(np.where(sizes == 1, 1.0, pairs.smallest_within).min())
    largest = float(np.where(sizes == 1, 1.0, pairs.largest_within).max())
    if smallest == largest or count == 0:
        raise UndefinedIndexError("all distances within clusters are the same")
    return (pairs.within - count * smallest) / (count * (largest - smallest))
