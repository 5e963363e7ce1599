"""Improve a partition by moving single samples. Starts and their number belong in `kmeans`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Labels = NDArray[np.int64]

_NO_GAIN = 1e-12
"""Gain of a move, as a share of the total sum of squares, that counts as rounding."""


@dataclass(frozen=True)
class Settled:
    """A partition that no single move improves: labels 0..k-1, its centroids, the within-cluster sum of squares."""

    labels: Labels
    centroids: Vector
    within: float


class Transfers:
    """Single-sample transfers (Hartigan) on one data set.

    Parameters
    ----------
    values
        Samples x features, finite.
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values - values.mean(axis=0)
        squares = np.einsum("ij,ij->i", self.values, self.values)
        self.total = float(squares.sum())
        # one product gives all squared distances: (-2c, |c|^2, 1) times (x, 1, |x|^2)
        self._extended = np.vstack([self.values.T, np.ones(len(values)), squares])
        self._samples = np.arange(len(values))

    def settle(self, centroids: Vector) -> Settled:
        """Assign samples to their nearest centroid, then move single samples until no move improves the partition.

        Moving a sample from cluster i to j changes the within-cluster sum of squares by
        n_j / (n_j + 1) d_j^2 - n_i / (n_i - 1) d_i^2, with the distances d to the two means. All moves that gain are
        made at once if together they gain at least as much as the best of them alone, otherwise a quarter of them, and
        so on down to the best one. The result is also a fixed point of Lloyd's algorithm. The converse does not hold.

        Parameters
        ----------
        centroids
            Clusters x features, of the values minus their mean; at most as many clusters as distinct samples.

        References
        ----------
        Hartigan 1975, Clustering Algorithms; Hartigan & Wong 1979, Applied Statistics 28:100; Telgarsky & Vattani 2010,
        AISTATS 9:820.
        """
        labels = self._nearest(centroids)
        sizes = np.bincount(labels, minlength=len(centroids)).astype(float)
        sums = _indicator(labels, len(centroids)) @ self.values
        within = self._within(sizes, sums)
        while True:
            moved, targets, gain = self._gaining(labels, sizes, sums)
            if not len(moved):
                return Settled(labels, sums / sizes[:, None], within)
            count = len(moved)
            while True:
                new_sizes, new_sums = self._after(labels, sizes, sums, moved[:count], targets[:count])
                new_within = self._within(new_sizes, new_sums) if new_sizes.min() > 0 else np.inf
                if count == 1 or new_within <= within - gain:
                    break
                count = max(1, count // 4)
            labels[moved[:count]] = targets[:count]
            sizes, sums, within = new_sizes, new_sums, new_within

    def _gaining(self, labels: Labels, sizes: Vector, sums: Vector) -> tuple[Labels, Labels, float]:
        """Samples whose move gains, the largest gain first, their best target, and that gain."""
        joining = sizes / (sizes + 1)
        cost = self._distances(sums / sizes[:, None], joining)
        # a sample alone in its cluster gains nothing by leaving
        leaving = np.divide(sizes + 1, sizes - 1, out=np.zeros(len(sizes)), where=sizes > 1)
        own = cost[labels, self._samples] * leaving[labels]
        cost[labels, self._samples] = np.inf
        gain = own - cost.min(axis=0)
        moved = np.flatnonzero(gain > _NO_GAIN * self.total)
        if not len(moved):
            return moved, moved, 0.0
        moved = moved[np.argsort(-gain[moved], kind="stable")]
        return moved, cost[:, moved].argmin(axis=0), float(gain[moved[0]])

    def _after(
        self, labels: Labels, sizes: Vector, sums: Vector, moved: Labels, targets: Labels
    ) -> tuple[Vector, Vector]:
        change = _indicator(targets, len(sizes)) - _indicator(labels[moved], len(sizes))
        return sizes + change.sum(axis=1), sums + change @ self.values[moved]

    def _nearest(self, centroids: Vector) -> Labels:
        """Nearest centroid of each sample; the sample farthest from its centroid goes to a cluster without any."""
        squares = self._distances(centroids, np.ones(len(centroids)))
        labels = squares.argmin(axis=0)
        own = squares[labels, self._samples]
        for empty in np.flatnonzero(np.bincount(labels, minlength=len(centroids)) == 0):
            shared = np.bincount(labels, minlength=len(centroids))[labels] > 1
            farthest = int(np.where(shared, own, -np.inf).argmax())
            labels[farthest], own[farthest] = empty, 0.0
        return np.asarray(labels, dtype=np.int64)

    def _distances(self, centroids: Vector, weights: Vector) -> Vector:
        """Squared distances times the weight of the cluster, clusters x samples."""
        terms = np.empty((len(centroids), len(self._extended)))
        terms[:, :-2] = -2 * centroids
        terms[:, -2] = np.einsum("ij,ij->i", centroids, centroids)
        terms[:, -1] = 1
        return np.asarray((terms * weights[:, None]) @ self._extended)

    def _within(self, sizes: Vector, sums: Vector) -> float:
        return self.total - float((np.einsum("ij,ij->i", sums, sums) / sizes).sum())


def _indicator(labels: Labels, k: int) -> Vector:
    """Clusters x samples: 1 where the sample is in the cluster."""
    indicator = np.zeros((k, len(labels)))
    indicator[labels, np.arange(len(labels))] = 1
    return indicator
