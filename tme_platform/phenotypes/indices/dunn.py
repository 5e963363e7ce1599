"""The Dunn index."""

from __future__ import annotations

from tme_platform.phenotypes.indices.level import Level, UndefinedIndexError


def dunn(level: Level) -> float:
    """Dunn 1974: smallest distance between clusters, divided by the largest distance within a cluster."""
    largest = float(level.own_pairs.largest_within.max())
    if largest <= 0:
        raise UndefinedIndexError("no cluster has two different members")
    return level.own_pairs.smallest_between / largest
