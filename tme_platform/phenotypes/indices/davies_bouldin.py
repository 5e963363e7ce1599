"""The Davies-Bouldin index."""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Level, UndefinedIndexError


def davies_bouldin(level: Level) -> float:
    """Davies & Bouldin 1979 with p = q = 2: mean over clusters of the largest (S_i + S_j) / M_ij."""
    own = level.own
    spread = np.sqrt(own.within_squares.sum(axis=1) / own.sizes)
    with np.errstate(divide="ignore", invalid="ignore"):
        similarity = (spread[:, None] + spread[None, :]) / own.centroid_distances
    np.fill_diagonal(similarity, np.nan)
    similarity[~np.isfinite(similarity)] = -np.inf
    worst = similarity.max(axis=1)
    if not np.isfinite(worst).any():
        raise UndefinedIndexError("all centroids coincide")
    return float(worst[np.isfinite(worst)].mean())
