"""Indices based on the mean distances within and between clusters: Frey, McClain."""

from __future__ import annotations

from tme_platform.phenotypes.indices.level import Level, Partition, UndefinedIndexError, ratio
from tme_platform.phenotypes.pairs import PairSummary


def frey(level: Level) -> float:
    """Frey & Van Groenewoud 1972: change from k to k + 1 of the mean distance between clusters, over that within."""
    current, finer = _Means(level.own, level.own_pairs), _Means(level.after, level.after_pairs)
    return ratio(
        finer.between - current.between, finer.within - current.within, "the change of the mean within distance"
    )


def mcclain(level: Level) -> float:
    """McClain & Rao 1975, in NbClust's form: each mean distance is divided again by its number of pairs."""
    means = _Means(level.own, level.own_pairs)
    return ratio(means.within / means.n_within, means.between / means.n_between, "the mean distance between clusters")


class _Means:
    """Mean distances within and between clusters, with their numbers of pairs."""

    def __init__(self, partition: Partition, pairs: PairSummary) -> None:
        n = len(partition.labels)
        self.n_within = partition.n_within_pairs
        self.n_between = n * (n - 1) / 2 - self.n_within
        if self.n_within == 0:
            raise UndefinedIndexError("no cluster has two members")
        self.within = pairs.within / self.n_within
        self.between = (pairs.total - pairs.within) / self.n_between
