"""Data that an index is computed from: one number of clusters k with its neighbours. Indices have their own modules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tme_platform.phenotypes.pairs import PairSummary

Array = NDArray[np.float64]


class UndefinedIndexError(ValueError):
    """The index is undefined for this partition; the message says why."""


@dataclass(frozen=True)
class Data:
    """The clustered samples (n x p) and quantities that do not depend on the partition."""

    values: Array

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.values)

    @property
    def p(self) -> int:
        """Number of features."""
        return int(self.values.shape[1])

    @cached_property
    def crossproduct(self) -> Array:
        """X'X, not centred, which NbClust uses as the total scatter."""
        return self.values.T @ self.values

    @cached_property
    def edges(self) -> Array:
        """Square roots of the eigenvalues of X'X / (n - 1), decreasing; rounding errors are set to zero."""
        eigenvalues = np.linalg.eigvalsh(self.crossproduct)[::-1]
        real = eigenvalues > rounding(self.values) * eigenvalues[0]
        return np.sqrt(np.where(real, eigenvalues, 0.0) / (self.n - 1))

    @cached_property
    def total_squares(self) -> Array:
        """Sum of squares of each feature around its mean."""
        return np.asarray(np.square(self.values - self.values.mean(axis=0)).sum(axis=0))


@dataclass(frozen=True)
class Partition:
    """A partition with labels 1..k, all in use."""

    values: Array
    labels: NDArray[np.int64]

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """Number of members by cluster."""
        return np.bincount(self.labels)[1:]

    @cached_property
    def n_within_pairs(self) -> float:
        """Number of pairs of samples in the same cluster."""
        return float((self.sizes * (self.sizes - 1) / 2).sum())

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.sizes)

    @cached_property
    def centroids(self) -> Array:
        """Clusters x features."""
        return _by_cluster(self.values, self.labels) / self.sizes[:, None]

    @cached_property
    def residuals(self) -> Array:
        """Samples x features, minus the centroid of the sample's cluster."""
        return self.values - self.centroids[self.labels - 1]

    @cached_property
    def within_squares(self) -> Array:
        """Clusters x features: sum of squares around the centroid."""
        return _by_cluster(np.square(self.residuals), self.labels)

    @cached_property
    def scatter(self) -> Array:
        """Features x features: within scatter W."""
        return self.residuals.T @ self.residuals

    @cached_property
    def is_singular(self) -> bool:
        """Whether W has less than full rank."""
        eigenvalues = np.linalg.eigvalsh(self.scatter)
        return bool(eigenvalues[0] <= rounding(self.residuals) * eigenvalues[-1])

    @cached_property
    def inertia(self) -> float:
        """Total within sum of squares."""
        return float(self.within_squares.sum())

    @cached_property
    def to_centroid(self) -> Array:
        """Distance of each sample to its centroid."""
        return np.asarray(np.linalg.norm(self.residuals, axis=1))

    @cached_property
    def centroid_distances(self) -> Array:
        """Clusters x clusters: distances between centroids."""
        return np.asarray(np.linalg.norm(self.centroids[:, None] - self.centroids[None], axis=2))


@dataclass(frozen=True)
class Level:
    """One k: its partition and distances, its neighbours k - 1 and k + 1, and the largest k compared."""

    k: int
    data: Data
    partitions: dict[int, Partition]
    pairs: dict[int, PairSummary]
    k_max: int

    def partition(self, k: int) -> Partition:
        """Return the partition into `k` clusters, or raise `UndefinedIndexError`."""
        if k not in self.partitions:
            raise UndefinedIndexError(f"there is no partition into {k} clusters")
        return self.partitions[k]

    @property
    def before(self) -> Partition:
        """The partition into k - 1."""
        return self.partition(self.k - 1)

    @property
    def own(self) -> Partition:
        """The partition into k."""
        return self.partition(self.k)

    @property
    def after(self) -> Partition:
        """The partition into k + 1."""
        return self.partition(self.k + 1)

    @property
    def finest(self) -> Partition:
        """The partition into the largest k."""
        return self.partition(self.k_max)

    @property
    def own_pairs(self) -> PairSummary:
        """Distances under the partition into k."""
        return self.pairs[self.own.k]

    @property
    def after_pairs(self) -> PairSummary:
        """Distances under the partition into k + 1."""
        return self.pairs[self.after.k]


def rounding(matrix: Array) -> float:
    """Return the fraction of the largest eigenvalue of X'X below which an eigenvalue is rounding error."""
    return float(max(matrix.shape) * np.finfo(float).eps)


def ratio(numerator: float, denominator: float, what: str) -> float:
    """Divide, or raise `UndefinedIndexError` if `what` (the denominator) is zero."""
    if denominator == 0:
        raise UndefinedIndexError(f"{what} is zero")
    return float(numerator / denominator)


def _by_cluster(values: Array, labels: NDArray[np.int64]) -> Array:
    """Sum the rows of each cluster."""
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(1, labels.max() + 1))
    return np.asarray(np.add.reduceat(values[order], starts, axis=0))
