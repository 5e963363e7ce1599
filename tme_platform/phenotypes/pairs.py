"""Summarise pairwise distances in blocks, without an n x n matrix. The indices that use them are in `indices`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 32 * 2**20


@dataclass(frozen=True)
class PairSummary:
    """Summary of all pairwise Euclidean distances under one partition.

    Attributes
    ----------
    to_cluster
        Samples x clusters: sum of the distances from a sample to the members of a cluster.
    between
        Clusters x clusters: sum of the distances between their members. Pairs within a cluster count twice.
    largest_within, smallest_within
        Extreme distances between members of each cluster; ``-inf`` and ``inf`` for a cluster of one.
    smallest_between
        Smallest distance between members of different clusters.
    square_sums
        By sample: sum of its squared distances to all samples, which is the same for every partition.
    """

    to_cluster: NDArray[np.float64]
    between: NDArray[np.float64]
    largest_within: NDArray[np.float64]
    smallest_within: NDArray[np.float64]
    smallest_between: float
    square_sums: NDArray[np.float64]

    @property
    def within(self) -> float:
        """Sum of the distances within clusters, each pair once."""
        return float(np.trace(self.between)) / 2

    @property
    def total(self) -> float:
        """Sum of all distances, each pair once."""
        return float(self.between.sum()) / 2


def distance_blocks(values: NDArray[np.float64]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield blocks of about 32 MB: the rows, and their Euclidean distances to all samples."""
    from scipy.spatial.distance import cdist

    n = len(values)
    step = max(1, BLOCK_BYTES // (8 * n))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        yield rows, cdist(values[rows], values)


def summarise_pairs(values: NDArray[np.float64], partitions: Mapping[int, NDArray[np.int64]]) -> dict[int, PairSummary]:
    """Summarise the distances under each of several partitions in one pass over the blocks."""
    summaries = {k: _RunningSummary(labels) for k, labels in partitions.items()}
    square_sums = np.empty(len(values))
    for rows, block in distance_blocks(values):
        square_sums[rows] = np.einsum("ij,ij->i", block, block)
        for summary in summaries.values():
            summary.add(rows, block)
    return {k: summary.result(square_sums) for k, summary in summaries.items()}


class _RunningSummary:
    """Sums and extremes of the distances under one partition, accumulated block by block."""

    def __init__(self, labels: NDArray[np.int64]) -> None:
        self._codes = labels - 1
        self._order = np.argsort(labels, kind="stable")
        self._position = np.argsort(self._order)
        k = int(labels.max())
        self._starts = np.searchsorted(labels[self._order], np.arange(1, k + 1))
        self._to_cluster = np.empty((len(labels), k))
        self._largest_within = np.full(k, -np.inf)
        self._smallest_within = np.full(k, np.inf)
        self._smallest_between = np.inf

    def add(self, rows: slice, block: NDArray[np.float64]) -> None:
        own = self._codes[rows]
        here = np.arange(len(own))
        ordered = np.take(block, self._order, axis=1)
        self._to_cluster[rows] = np.add.reduceat(ordered, self._starts, axis=1)
        # exclude the distance of a sample to itself from the extremes
        ordered[here, self._position[rows]] = -np.inf
        np.maximum.at(self._largest_within, own, np.maximum.reduceat(ordered, self._starts, axis=1)[here, own])
        ordered[here, self._position[rows]] = np.inf
        smallest = np.minimum.reduceat(ordered, self._starts, axis=1)
        np.minimum.at(self._smallest_within, own, smallest[here, own])
        smallest[here, own] = np.inf
        self._smallest_between = min(self._smallest_between, float(smallest.min()))

    def result(self, square_sums: NDArray[np.float64]) -> PairSummary:
        return PairSummary(
            to_cluster=self._to_cluster,
            between=np.add.reduceat(self._to_cluster[self._order], self._starts, axis=0),
            largest_within=self._largest_within,
            smallest_within=self._smallest_within,
            smallest_between=self._smallest_between,
            square_sums=square_sums,
        )
