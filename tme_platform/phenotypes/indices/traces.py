"""Indices based on the within and between sums of squares: KL, CH, Hartigan, Ratkowsky, Ball."""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Level, UndefinedIndexError, ratio


def kl(level: Level) -> float:
    """Krzanowski & Lai 1988: |DIFF(k) / DIFF(k + 1)|, DIFF(k) = (k - 1)^(2/p) W(k - 1) - k^(2/p) W(k)."""
    k, power = level.k, 2 / level.data.p
    weighted = [
        (k + step) ** power * part.inertia for step, part in ((-1, level.before), (0, level.own), (1, level.after))
    ]
    return ratio(abs(weighted[0] - weighted[1]), abs(weighted[1] - weighted[2]), "the next difference")


def ch(level: Level) -> float:
    """Calinski & Harabasz 1974: variance between clusters divided by variance within."""
    within = level.own.inertia
    between = float(level.data.total_squares.sum()) - within
    if level.data.n == level.k:
        raise UndefinedIndexError("every sample is its own cluster")
    return ratio(between / (level.k - 1), within / (level.data.n - level.k), "the within sum of squares")


def hartigan(level: Level) -> float:
    """Hartigan 1975: (W(k) / W(k + 1) - 1) (n - k)."""
    gain = ratio(level.own.inertia, level.after.inertia, "the next within sum of squares")
    return (gain - 1) * (level.data.n - level.k)


def ratkowsky(level: Level) -> float:
    """Ratkowsky & Lance 1978: mean over features of sqrt(between / total), divided by sqrt(k)."""
    total = level.data.total_squares
    if (total == 0).any():
        raise UndefinedIndexError("a feature is constant")
    between = np.maximum(total - level.own.within_squares.sum(axis=0), 0.0)
    return float(np.sqrt(between / total).mean() / np.sqrt(level.k))


def ball(level: Level) -> float:
    """Ball & Hall 1965: mean within sum of squares of a cluster."""
    return level.own.inertia / level.k
