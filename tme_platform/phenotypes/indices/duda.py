"""Indices that compare a cluster with its two parts: Duda, PseudoT2, Beale, and their critical values.

NbClust finds the parts by cluster size, which suits hierarchical clustering. The first label whose cluster has another
size in the next partition is the whole, and in the next partition the first part; the second part is found in the same
way from the last label. With k-means the parts need not add up to the whole, and values depend on the label numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tme_platform.phenotypes.indices.level import Level, Partition, UndefinedIndexError, ratio

_STANDARD_SCORE = 3.20  # the best in Milligan & Cooper 1985


def duda(level: Level) -> float:
    """Duda & Hart 1973: within sum of squares of the two parts, divided by that of the whole."""
    split = _split(level)
    return ratio(split.parts, split.whole, "the within sum of squares of the cluster")


def pseudo_t2(level: Level) -> float:
    """Duda & Hart 1973: gain of the split, divided by the variance within its parts."""
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
    """Value of Duda at or above which the cluster should not be split (Milligan & Cooper 1985)."""
    p, split = level.data.p, _split(level)
    return float(1 - 2 / (np.pi * p) - _STANDARD_SCORE * np.sqrt(2 * (1 - 8 / (np.pi**2 * p)) / (split.n_whole * p)))


def pseudo_t2_critical(level: Level) -> float:
    """Value of PseudoT2 at or below which the cluster should not be split."""
    critical, split = duda_critical(level), _split(level)
    return ratio(1 - critical, critical, "Duda's critical value") * (split.n_first + split.n_second - 2)


def beale_p(level: Level) -> float:
    """Upper tail of F(p, (n - 2) p) at Beale's ratio; at 0.1 or above the cluster should not be split."""
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
    current, finer = level.own, level.after
    first = 1
    while first <= current.k and current.sizes[first - 1] == finer.sizes[first - 1]:
        first += 1
    second = finer.k
    while second >= 2 and current.sizes[second - 2] == finer.sizes[second - 1]:
        second -= 1
    split = _Split(
        whole=_squares(current, first),
        parts=_squares(finer, first) + _squares(finer, second),
        n_whole=int(current.sizes[first - 1]),
        n_first=int(finer.sizes[first - 1]),
        n_second=int(finer.sizes[second - 1]),
    )
    # here NbClust treats the features of a single member as samples, which gives a meaningless number
    if min(split.n_whole, split.n_first, split.n_second) == 1:
        raise UndefinedIndexError("a cluster that is compared has one member")
    return split


def _squares(partition: Partition, label: int) -> float:
    return float(partition.within_squares[label - 1].sum())
