"""The point-biserial correlation."""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Level, UndefinedIndexError


def point_biserial(level: Level) -> float:
    """Milligan 1980: correlation over pairs between distance and membership in different clusters."""
    pairs, n = level.own_pairs, level.data.n
    count, within_count = n * (n - 1) / 2, level.own.n_within_pairs
    if within_count == 0:
        raise UndefinedIndexError("no cluster has two members")
    total, within = pairs.total, pairs.within
    variance = (float(pairs.square_sums.sum()) / 2 - total**2 / count) / (count - 1)
    if variance <= 0:
        raise UndefinedIndexError("all distances are the same")
    share = 1 - within_count / count
    difference = (total - within) / (count - within_count) - within / within_count
    return float(difference * np.sqrt(share * (1 - share) / variance))
