"""Distances between samples, block by block, so that no n x n matrix is ever held. What is made of them is not here."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 32 * 2**20


def distance_blocks(values: NDArray[np.float64]) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield (rows, Euclidean distances of these rows to all samples) in blocks of at most about 32 MB."""
    from scipy.spatial.distance import cdist

    n = len(values)
    step = max(1, BLOCK_BYTES // (8 * n))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        yield rows, cdist(values[rows], values)


def membership(labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the samples x clusters indicator of labels 1..k."""
    return np.equal(labels[:, None], np.arange(1, int(labels.max()) + 1)).astype(np.float64)
