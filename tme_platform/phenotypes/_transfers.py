"""Compiled k-means: starting centroids, and moves of single samples. What they are for is told in `transfers`.

Arrays of samples come as features x samples, so that loops run along the samples.
"""

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled, inlined

Array = NDArray[np.float64]
Labels = NDArray[np.int64]

_NO_GAIN = 1e-12
"""Gain of a move, as a share of the total sum of squares, that counts as rounding."""


@inlined
def _squares(values: Array, centroid: Array, found: Array) -> None:
    """Squared distances of all samples to a point."""
    found[:] = 0.0
    for feature in range(values.shape[0]):
        at = centroid[feature]
        for sample in range(values.shape[1]):
            difference = values[feature, sample] - at
            found[sample] += difference * difference


@inlined
def _within(total: float, sizes: Array, sums: Array) -> float:
    """Within-cluster sum of squares, infinite if a cluster is empty."""
    found = total
    for cluster in range(len(sizes)):
        if sizes[cluster] <= 0:
            return np.inf
        square = 0.0
        for feature in range(sums.shape[1]):
            square += sums[cluster, feature] * sums[cluster, feature]
        found -= square / sizes[cluster]
    return found


@inlined
def _nearest(values: Array, centroids: Array, squares: Array) -> tuple[Labels, Array]:
    """Nearest centroid of each sample; the sample farthest from its centroid goes to a cluster without any."""
    k, n = len(centroids), values.shape[1]
    labels = np.zeros(n, dtype=np.int64)
    own = np.empty(n)
    for cluster in range(k):
        _squares(values, centroids[cluster], squares)
        for sample in range(n):
            if cluster == 0 or squares[sample] < own[sample]:
                own[sample] = squares[sample]
                labels[sample] = cluster
    sizes = np.zeros(k)
    for sample in range(n):
        sizes[labels[sample]] += 1
    for cluster in range(k):
        if sizes[cluster] == 0:
            farthest, distance = 0, -np.inf
            for sample in range(n):
                if sizes[labels[sample]] > 1 and own[sample] > distance:
                    farthest, distance = sample, own[sample]
            sizes[labels[farthest]] -= 1
            sizes[cluster] += 1
            labels[farthest] = cluster
            own[farthest] = 0.0
    return labels, sizes


@inlined
def _best_moves(
    values: Array, labels: Labels, sizes: Array, sums: Array, squares: Array, own: Array, best: Array, target: Labels
) -> None:
    """Fill in what each sample adds to the sum of squares where it is, and where it would add least."""
    best[:] = np.inf
    for cluster in range(len(sizes)):
        size = sizes[cluster]
        _squares(values, sums[cluster] / size, squares)
        joining = size / (size + 1)
        # a sample alone in its cluster gains nothing by leaving
        leaving = size / (size - 1) if size > 1 else 0.0
        for sample in range(len(labels)):
            if labels[sample] == cluster:
                own[sample] = squares[sample] * leaving
            elif squares[sample] * joining < best[sample]:
                best[sample] = squares[sample] * joining
                target[sample] = cluster


@inlined
def _move(values: Array, labels: Labels, target: Labels, moved: Labels, sizes: Array, sums: Array) -> None:
    """Change sizes and sums of clusters as if these samples were moved."""
    for sample in moved:
        source, goal = labels[sample], target[sample]
        sizes[source] -= 1
        sizes[goal] += 1
        for feature in range(len(values)):
            sums[source, feature] -= values[feature, sample]
            sums[goal, feature] += values[feature, sample]


@compiled("Tuple((i8[::1], f8[:,::1], f8))(f8[:,::1], f8, f8[:,::1])")
def settle(values: Array, total: float, centroids: Array) -> tuple[Labels, Array, float]:
    """Partition from centroids until no move gains; see `transfers.Transfers.settle`.

    Returns labels, centroids (clusters x features) and the within-cluster sum of squares.
    """
    n = values.shape[1]
    squares, best, own, target = np.empty(n), np.empty(n), np.empty(n), np.empty(n, dtype=np.int64)
    labels, sizes = _nearest(values, centroids, squares)
    sums = np.zeros(centroids.shape)
    for feature in range(len(values)):
        for sample in range(n):
            sums[labels[sample], feature] += values[feature, sample]
    within = _within(total, sizes, sums)
    while True:
        _best_moves(values, labels, sizes, sums, squares, own, best, target)
        moved = np.flatnonzero(own - best > _NO_GAIN * total)
        if len(moved) == 0:
            break
        moved = moved[np.argsort(best[moved] - own[moved], kind="mergesort")]
        gain = own[moved[0]] - best[moved[0]]
        count = len(moved)
        while True:
            new_sizes, new_sums = sizes.copy(), sums.copy()
            _move(values, labels, target, moved[:count], new_sizes, new_sums)
            new_within = _within(total, new_sizes, new_sums)
            if count == 1 or new_within <= within - gain:
                break
            count = max(1, count // 4)
        labels[moved[:count]] = target[moved[:count]]
        sizes, sums, within = new_sizes, new_sums, new_within
    for cluster in range(len(sizes)):
        sums[cluster] /= sizes[cluster]
    return labels, sums, within


@compiled("f8[:,::1](f8[:,::1], f8[:,::1])")
def plus_plus(values: Array, uniform: Array) -> Array:
    """Draw starting centroids by greedy k-means++ (Arthur & Vassilvitskii 2007).

    `uniform` holds clusters x trials numbers from 0 to 1: each row draws as many samples, with a chance that grows with
    the squared distance to the nearest centroid, and the one that lowers the sum of these most becomes a centroid.
    """
    p, n = values.shape
    k, trials = uniform.shape
    centroids = np.empty((k, p))
    centroids[0] = values[:, min(int(uniform[0, 0] * n), n - 1)]
    nearest, squares, best = np.empty(n), np.empty(n), np.empty(n)
    _squares(values, centroids[0], nearest)
    for cluster in range(1, k):
        reached = np.cumsum(nearest)
        lowest = np.inf
        for trial in range(trials):
            sample = min(np.searchsorted(reached, uniform[cluster, trial] * reached[-1], side="right"), n - 1)
            _squares(values, values[:, sample].copy(), squares)
            potential = 0.0
            for other in range(n):
                squares[other] = min(squares[other], nearest[other])
                potential += squares[other]
            if potential < lowest:
                lowest = potential
                best[:] = squares
                centroids[cluster] = values[:, sample]
        nearest[:] = best
    return centroids
