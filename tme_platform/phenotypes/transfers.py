"""Improve a partition by moving single samples. Starts and their number belong in `kmeans`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Labels = NDArray[np.int64]


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
        self._features = np.ascontiguousarray((values - values.mean(axis=0)).T)
        self.total = float(np.square(self._features).sum())

    def start(self, k: int, generator: np.random.Generator) -> Vector:
        """Draw centroids (clusters x features) by greedy k-means++, with 2 + log(k) trials for each.

        References
        ----------
        Arthur & Vassilvitskii 2007, SODA, 1027.
        """
        from tme_platform.phenotypes._transfers import plus_plus

        return np.asarray(plus_plus(self._features, generator.random((k, 2 + int(np.log(k))))))

    def settle(self, centroids: Vector) -> Settled:
        """Assign samples to their nearest centroid, then move single samples until no move improves the partition.

        Moving a sample from cluster i to j changes the within-cluster sum of squares by
        n_j / (n_j + 1) d_j^2 - n_i / (n_i - 1) d_i^2, with the distances d to the two means. All moves that gain are
        made at once if together they gain at least as much as the best of them alone, otherwise a quarter of them, and
        so on down to the best one. The result is also a fixed point of Lloyd's algorithm. The converse does not hold.

        Parameters
        ----------
        centroids
            Clusters x features, of the values minus their mean; at most as many clusters as distinct samples. A cluster
            that is no sample's nearest gets the sample farthest from its centroid.

        References
        ----------
        Hartigan 1975, Clustering Algorithms; Hartigan & Wong 1979, Applied Statistics 28:100; Telgarsky & Vattani 2010,
        AISTATS 9:820.
        """
        from tme_platform.phenotypes._transfers import settle

        return Settled(*settle(self._features, self.total, np.ascontiguousarray(centroids, dtype=np.float64)))
