"""Indices of a cluster against its two parts: Duda, PseudoT2, Beale, with their critical values.

NbClust finds the parts by size, which suits a hierarchy: the first label whose cluster is not as large in the next
partition is the whole (and in the next, the first part); the second part is found in the same way from the last label
down. With k-means the parts need not make up the whole, and values follow the numbering of the labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tme_platform.phenotypes.indices.level import Level, Partition, UndefinedIndexError, ratio

_STANDARD_SCORE = 3.20  # the best of Milligan & Cooper 1985


def duda(level: Level) -> float:
    """Duda & Hart 1973: within sum of squares of the two parts over that of the whole."""
    split = _split(level)
    return ratio(split.parts, split.whole, "the within sum of squares of the cluster")


def pseudo_t2(level: Level) -> float:
    """Duda & Hart 1973: gain of the split over the variance left in its parts."""
    split = _split(level)
    left = split.parts / (split.n_first + split.n_second - 2)
    return ratio(split.whole - split.parts, left, "the within sum of squares of the parts")


def beale(level: Level) -> float:
    """Beale 1969: F ratio of the gain of the split."""
    split, p = _split(level), level.data.p
    if split.n_whole <= 2:
        raise UndefinedIndexError("the cluster has two members")
    gain = ratio(split.whole - split.parts, split.parts, "the within sum of squares of the parts")
    return float(gain / ((split.n_whole - 1) / (split.n_whole - 2) * (2 ** (2 / p) - 1)))


def duda_critical(level: Level) -> float:
    """Value from which Duda says that the cluster is one (Milligan & Cooper 1985)."""
    p, split = level.data.p, _split(level)
    return float(1 - 2 / (np.pi * p) - _STANDARD_SCORE * np.sqrt(2 * (1 - 8 / (np.pi**2 * p)) / (split.n_whole * p)))


def pseudo_t2_critical(level: Level) -> float:
    """Value up to which PseudoT2 says that the cluster is one."""
    critical, split = duda_critical(level), _split(level)
    return ratio(1 - critical, critical, "Duda's critical value") * (split.n_first + split.n_second - 2)


def beale_p(level: Level) -> float:
    """Upper tail of F(p, (n - 2) p) at Beale's ratio; above 0.1 the cluster is one."""
    from scipy.stats import f

    p = level.data.p
    return float(f.sf(beale(level), p, (_split(level).n_whole - 2) * p))


@dataclass(frozen=True)
class _Split:
    whole: float
    parts: float
    n_whole: int
    n_first: int
    n_second: int


def _split(level: Level) -> _Split:
    now, then = level.own, level.after
    first = 1
    while first <= now.k and now.sizes[first - 1] == then.sizes[first - 1]:
        first += 1
    second = then.k
    while second >= 2 and now.sizes[second - 2] == then.sizes[second - 1]:
        second -= 1
    split = _Split(
        whole=_squares(now, first),
        parts=_squares(then, first) + _squares(then, second),
        n_whole=int(now.sizes[first - 1]),
        n_first=int(then.sizes[first - 1]),
        n_second=int(then.sizes[second - 1]),
    )
    # NbClust takes the one member's features for as many samples here; its number means nothing.
    if min(split.n_whole, split.n_first, split.n_second) == 1:
        raise UndefinedIndexError("a cluster that is compared has one member")
    return split


def _squares(partition: Partition, label: int) -> float:
    return float(partition.within_squares[label - 1].sum())
