"""The point-biserial correlation."""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Level, UndefinedIndexError


def point_biserial(level: Level) -> float:
    """Milligan 1980: correlation of distance with being in different clusters, over pairs."""
    pairs, sizes, n = level.own_pairs, level.own.sizes, level.data.n
    count = n * (n - 1) / 2
    within_count = float((sizes * (sizes - 1) / 2).sum())
    if within_count == 0:
        raise UndefinedIndexError("no cluster has two members")
    total, within = float(pairs.between.sum()) / 2, float(np.trace(pairs.between)) / 2
    variance = (float(pairs.square_sums.sum()) / 2 - total**2 / count) / (count - 1)
    if variance <= 0:
        raise UndefinedIndexError("all distances are the same")
    share = 1 - within_count / count
    difference = (total - within) / (count - within_count) - within / within_count
    return float(difference * np.sqrt(share * (1 - share) / variance))
