"""Counts over the 26 neighbours of each voxel without a voxel loop: run lengths, dependences, tone differences.

The counts equal those of pyradiomics' ``cMatrices``. For a ring, which fills a tenth of its box, they are several times
faster.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from tme_platform.radiomics._grey_levels import GreyLevels

# One of each pair of opposite neighbours (z, y, x).
_DIRECTIONS = [d for d in itertools.product((0, 1), (-1, 0, 1), (-1, 0, 1)) if d > (0, 0, 0)]
_NEIGHBOURS = 27


def run_lengths(grey: GreyLevels) -> NDArray[np.float64]:
    """Count runs of equal level: directions x levels present x lengths (1, 2, ...).

    Directions along which the region's box is one voxel wide (out of a single slice) are not counted.
    """
    padded = np.pad(_narrow(grey), 1)
    flat = padded.ravel()
    strides = np.array([padded.shape[1] * padded.shape[2], padded.shape[2], 1])
    voxels = np.flatnonzero(flat).astype(np.int32)
    level = flat[voxels]
    kinds = grey.highest + 1
    start, step, code = [], [], []
    directions = [d for d in _DIRECTIONS if all(n > abs(k) for n, k in zip(grey.levels.shape, d, strict=True))]
    for number, direction in enumerate(directions):
        offset = np.int32(strides @ direction)
        first = np.flatnonzero(flat[voxels - offset] != level)
        start.append(voxels[first])
        step.append(np.full(len(first), offset, dtype=np.int32))
        code.append(level[first] + np.int32(number * kinds))
    at, by, run = np.concatenate(start), np.concatenate(step), np.concatenate(code)
    of_level = flat[at]
    lengths = []
    while at.size:
        at = at + by
        goes_on = flat[at] == of_level
        lengths.append(np.bincount(run[~goes_on], minlength=len(directions) * kinds))
        at, by, run, of_level = at[goes_on], by[goes_on], run[goes_on], of_level[goes_on]
    counts = np.array(lengths, dtype=float).reshape(len(lengths), len(directions), kinds)
    return np.asarray(counts.transpose(1, 2, 0)[:, grey.present])


def dependences(grey: GreyLevels) -> NDArray[np.float64]:
    """Count voxels by the number in their neighbourhood of equal level: 1 x levels present x sizes (1 ... 27)."""
    levels = _narrow(grey)
    size = np.ones(levels.shape, dtype=np.uint8)
    for direction in _DIRECTIONS:
        here, there = _pair_of_views(direction)
        same = (levels[here] == levels[there]).view(np.uint8)
        size[here] += same
        size[there] += same
    code = grey.levels[grey.inside] * _NEIGHBOURS + size[grey.inside] - 1
    counts = np.bincount(code, minlength=(grey.highest + 1) * _NEIGHBOURS).reshape(-1, _NEIGHBOURS)
    return counts[None, grey.present].astype(float)


def tone_differences(grey: GreyLevels) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Return levels, number of voxels with a neighbour, and sum of their differences from the neighbours' mean."""
    level = grey.levels[grey.inside]
    total = _box_sum(grey.levels)[grey.inside] - level
    neighbours = _box_sum(grey.inside.astype(np.int32))[grey.inside] - 1
    some = neighbours > 0
    level = level[some]
    apart = np.abs(level - total[some] / neighbours[some])
    counts = np.bincount(level, minlength=1)
    present = np.flatnonzero(counts)
    return present.astype(float), counts[present].astype(float), np.bincount(level, apart, 1)[present].astype(float)


def _narrow(grey: GreyLevels) -> NDArray[np.signedinteger]:
    return grey.levels.astype(np.int16) if grey.highest < np.iinfo(np.int16).max else grey.levels


def _pair_of_views(direction: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    here = tuple(slice(max(0, -d), -d if d > 0 else None) for d in direction)
    there = tuple(slice(max(0, d), d if d < 0 else None) for d in direction)
    return here, there


def _box_sum(values: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the sum over each voxel and those of its 26 neighbours that lie in the box."""
    for axis in range(3):
        total = values.copy()
        upper = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        lower = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
        total[lower] += values[upper]
        total[upper] += values[lower]
        values = total
    return values
