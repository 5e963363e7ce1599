"""Indices based on scatter and separation: SDindex and SDbw."""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Level, Partition, UndefinedIndexError, ratio


def sd_index(level: Level) -> float:
    """Halkidi et al. 2000: Dis(largest k) Scat(k) + Dis(k)."""
    return _separation(level.finest) * _scatter(level) + _separation(level.own)


def sd_bw(level: Level) -> float:
    """Halkidi & Vazirgiannis 2001: scatter plus the density halfway between clusters, relative to their centres."""
    own, k = level.own, level.k
    radius = np.sqrt(_spread(own).sum()) / k
    density = np.bincount(own.labels[own.to_centroid <= radius], minlength=k + 1)[1:]
    members = [level.data.values[own.labels == cluster] for cluster in range(1, k + 1)]
    total = 0.0
    for u in range(k):
        for v in range(u):
            densest = max(density[u], density[v])
            if densest:
                halfway = (own.centroids[u] + own.centroids[v]) / 2
                near = sum(int((np.linalg.norm(members[c] - halfway, axis=1) <= radius).sum()) for c in (u, v))
                total += 2 * near / densest
    return _scatter(level) + total / (k * (k - 1))


def _spread(partition: Partition) -> np.ndarray:
    """Norm of each cluster's vector of variances."""
    return np.asarray(np.linalg.norm(partition.within_squares / partition.sizes[:, None], axis=1))


def _scatter(level: Level) -> float:
    whole = float(np.linalg.norm(level.data.total_squares / level.data.n))
    return ratio(float(_spread(level.own).mean()), whole, "the variance of the data")


def _separation(partition: Partition) -> float:
    apart = partition.centroid_distances
    pairs = apart[np.triu_indices(partition.k, 1)]
    if pairs.min() == 0:
        raise UndefinedIndexError("two centroids coincide")
    return float(pairs.max() / pairs.min() * (1 / apart.sum(axis=1)).sum())
