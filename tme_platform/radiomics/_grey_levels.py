"""Voxels of a region and their grey levels: discretisation, the first step of every texture matrix."""

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled

DIRECTIONS = np.array([d for d in itertools.product((0, 1), (-1, 0, 1), (-1, 0, 1)) if d > (0, 0, 0)])
"""(13, 3): one of each pair of opposite neighbours along z, y and x."""


@dataclass(frozen=True)
class Region:
    """Geometry of a region, the same for all image types.

    Attributes
    ----------
    inside
        (z, y, x), true inside the region; its bounding box, or more.
    margin
        Number of voxels outside that are put round ``inside``, so that neighbours need no check.
    """

    inside: NDArray[np.bool_]
    margin: int = 1

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of ``inside`` with its margin."""
        return tuple(n + 2 * self.margin for n in self.inside.shape)

    @cached_property
    def voxels(self) -> NDArray[np.uint32]:
        """Positions of the region's voxels in the raveled box with its margin, ascending."""
        return self.positions(self.inside)

    def positions(self, inside: NDArray[np.bool_]) -> NDArray[np.uint32]:
        """Return the positions, in the raveled box with its margin, of voxels marked in an array like ``inside``."""
        return np.flatnonzero(np.pad(inside, self.margin)).astype(np.uint32)

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """Difference of position to one neighbour of each of the 13 opposite pairs, all positive."""
        return self.offsets(DIRECTIONS)

    @cached_property
    def steps_across(self) -> NDArray[np.int64]:
        """Those of ``steps`` along which the box is more than one voxel wide."""
        return np.asarray(self.steps[(np.abs(DIRECTIONS) < self.inside.shape).all(axis=1)])

    def offsets(self, by: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the differences of position (n,) for steps (n, 3) along z, y and x."""
        return np.asarray(by @ np.array([self.shape[1] * self.shape[2], self.shape[2], 1]))


@dataclass(frozen=True)
class GreyLevels:
    """Grey levels of a region.

    Attributes
    ----------
    region
        The region.
    grid
        The region's box with its margin, raveled: the position in ``present`` of each voxel's level plus 1; 0 outside.
    present
        The levels that occur, ascending; the lowest bin is level 1.
    counts
        Number of voxels of each of them.
    """

    region: Region
    grid: NDArray[np.uint32]
    present: NDArray[np.float64]
    counts: NDArray[np.float64]

    @property
    def highest(self) -> int:
        """The largest level."""
        return int(self.present[-1])


def discretise(values: NDArray[np.floating], region: Region, bin_width: float) -> GreyLevels:
    """Bin the intensities of a region in bins of fixed width whose edges are multiples of the width.

    The edges equal those of ``radiomics.imageoperations.getBinEdges`` exactly, so that a voxel on an edge falls into
    the same bin.

    Parameters
    ----------
    values
        The intensities inside the region, in the order of its voxels.
    region
        The region.
    bin_width
        In units of the intensities.
    """
    low, high = values.min(), values.max()
    edges = np.arange(low - (low % bin_width), high + 2 * bin_width, bin_width)
    if len(edges) == 1:
        edges = np.array([edges[0] - 0.5, edges[0] + 0.5])
    return GreyLevels(
        region,
        *_grid(
            values.astype(np.float64, copy=False),
            edges.astype(np.float64, copy=False),
            region.voxels,
            int(np.prod(region.shape)),
        ),
    )


@compiled(
    "Tuple((uint32[::1], float64[::1], float64[::1]))(float64[::1], float64[::1], uint32[::1], int64)",
)
def _grid(
    values: NDArray[np.float64], edges: NDArray[np.float64], voxels: NDArray[np.uint32], size: int
) -> tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.float64]]:
    """Return grid, levels that occur, and their numbers of voxels; a level is the number of edges up to the value."""
    grid = np.zeros(size, dtype=np.uint32)
    counts = np.zeros(len(edges) + 1, dtype=np.uint32)
    low, per_bin = edges[0], 1 / (edges[1] - edges[0])
    last = len(edges) - 1
    for k in range(len(values)):
        value = values[k]
        edge = min(max(int((value - low) * per_bin), 0), last)  # right but for rounding
        while edge > 0 and value < edges[edge]:
            edge -= 1
        while edge < last and value >= edges[edge + 1]:
            edge += 1
        grid[voxels[k]] = edge + 1
        counts[edge + 1] += np.uint32(1)
    number = np.zeros(len(counts), dtype=np.uint32)
    kinds = 0
    for level in range(len(counts)):
        if counts[level] > 0:
            kinds += 1
            number[level] = kinds
    present, voxels_of = np.empty(kinds), np.empty(kinds)
    for level in range(len(counts)):
        if counts[level] > 0:
            present[number[level] - 1] = level
            voxels_of[number[level] - 1] = counts[level]
    for voxel in voxels:
        grid[voxel] = number[grid[voxel]]
    return grid, present, voxels_of
