"""Grey levels of a region: discretisation, the first step of every texture matrix, and entropy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EPSILON = np.spacing(1)
"""Added by pyradiomics wherever a logarithm or a quotient of a probability might be undefined."""


@dataclass(frozen=True)
class GreyLevels:
    """Grey levels of a region within its bounding box.

    Attributes
    ----------
    levels
        (z, y, x), 1 to ``highest`` inside the region, 0 outside.
    inside
        (z, y, x), true inside the region.
    present
        The levels that occur, ascending.
    counts
        Number of voxels of each of them.
    highest
        The largest level.
    """

    levels: NDArray[np.int32]
    inside: NDArray[np.bool_]
    present: NDArray[np.int64]
    counts: NDArray[np.int64]
    highest: int


def discretise(values: NDArray[np.floating], inside: NDArray[np.bool_], bin_width: float) -> GreyLevels:
    """Bin the intensities of a region in bins of fixed width whose edges are multiples of the width.

    The edges equal those of ``radiomics.imageoperations.getBinEdges`` exactly, so that a voxel on an edge falls into
    the same bin.

    Parameters
    ----------
    values
        The intensities inside the region, in the order of ``inside``.
    inside
        (z, y, x), true inside the region.
    bin_width
        In units of the intensities.
    """
    low, high = values.min(), values.max()
    edges = np.arange(low - (low % bin_width), high + 2 * bin_width, bin_width)
    if len(edges) == 1:
        edges = np.array([edges[0] - 0.5, edges[0] + 0.5])
    binned = np.digitize(values, edges)
    counts = np.bincount(binned)
    present = np.flatnonzero(counts)
    levels = np.zeros(inside.shape, dtype=np.int32)
    levels[inside] = binned
    return GreyLevels(levels, inside, present, counts[present], int(present[-1]))


def entropy(p: NDArray[np.floating], axis: int | tuple[int, ...] | None = None) -> NDArray[np.floating]:
    """Return the entropy (base 2) of probabilities along axes, as pyradiomics computes it."""
    return np.asarray(-(p * np.log2(p + EPSILON)).sum(axis=axis))
