"""Compiled counts over the 26 neighbours of each voxel: runs, zones, dependences, tone differences.

All functions take a grid (the number of the grey level of each voxel of the padded box, raveled; 1, 2, ... without
gaps, 0 outside), the positions of the region's voxels in it (ascending), the offsets to one neighbour of each opposite
pair (positive), and the grey levels that are numbered 1, 2, ...
"""

import math

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled, inlined

Array = NDArray[np.float64]
Numbers = NDArray[np.uint32]
Steps = NDArray[np.int64]

SIZE_FEATURES = (
    "small",
    "large",
    "grey",
    "grey_normalised",
    "size",
    "size_normalised",
    "percentage",
    "grey_variance",
    "size_variance",
    "entropy",
    "low",
    "high",
    "small_low",
    "small_high",
    "large_low",
    "large_high",
)
"""Features of a matrix of grey level by size, in the order of the columns that the compiled functions return."""

_EPSILON = 2.0**-52
_NEIGHBOURS = 27
_BEHIND, _ABOVE_BEFORE, _ABOVE = 2, 4, 8  # steps (0, 1, 0), (1, -1, -1) and (1, 0, 0), see `Region.steps`


@inlined
def _sizes(largest: int) -> Array:
    sizes = np.empty(largest)
    for size in range(largest):
        sizes[size] = size + 1
    return sizes


@inlined
def _variance(counts: Array, values: Array, total: float) -> float:
    mean = 0.0
    for k in range(len(values)):
        mean += counts[k] / total * values[k]
    variance = 0.0
    for k in range(len(values)):
        variance += counts[k] / total * (values[k] - mean) ** 2
    return variance


@inlined
def _size_features(counts: Numbers, i: Array, j: Array, out: Array) -> None:
    """Fill the features of counts (levels x sizes, or more) of the levels ``i`` and the sizes ``j``."""
    by_level, by_size = np.zeros(len(i)), np.zeros(len(j))
    small_low = small_high = large_low = large_high = 0.0
    for a in range(len(i)):
        small = large = 0.0
        for b in range(len(j)):
            count = float(counts[a, b])
            if count > 0:
                by_level[a] += count
                by_size[b] += count
                small += count / (j[b] * j[b])
                large += count * (j[b] * j[b])
        low, high = 1 / (i[a] * i[a]), i[a] * i[a]
        small_low += small * low
        small_high += small * high
        large_low += large * low
        large_high += large * high
    total = small = large = low = high = grey = size = voxels = 0.0
    for a in range(len(i)):
        total += by_level[a]
        low += by_level[a] / (i[a] * i[a])
        high += by_level[a] * (i[a] * i[a])
        grey += by_level[a] * by_level[a]
    for b in range(len(j)):
        small += by_size[b] / (j[b] * j[b])
        large += by_size[b] * (j[b] * j[b])
        size += by_size[b] * by_size[b]
        voxels += by_size[b] * j[b]
    entropy = 0.0
    for a in range(len(i)):
        for b in range(len(j)):
            if counts[a, b] > 0:
                share = counts[a, b] / total
                entropy -= share * math.log2(share + _EPSILON)
    out[0], out[1], out[2], out[3] = small / total, large / total, grey / total, grey / (total * total)
    out[4], out[5], out[6] = size / total, size / (total * total), total / voxels
    out[7], out[8], out[9] = _variance(by_level, i, total), _variance(by_size, j, total), entropy
    out[10], out[11], out[12], out[13] = low / total, high / total, small_low / total, small_high / total
    out[14], out[15] = large_low / total, large_high / total


@compiled("float64[:, ::1](uint32[::1], uint32[::1], int64[::1], float64[::1], int64)")
def run_features(grid: Numbers, voxels: Numbers, steps: Steps, levels: Array, longest: int) -> Array:
    """Return directions x features of runs of equal level, of which none is longer than ``longest``."""
    features = np.empty((len(steps), len(SIZE_FEATURES)))
    counts = np.zeros((len(levels), longest + 1), dtype=np.uint32)
    sizes = _sizes(longest)
    place = np.zeros(len(grid), dtype=np.uint32)  # of each voxel in its run, from 0
    for direction in range(len(steps)):
        step = np.uint64(steps[direction])
        most = np.uint32(0)
        for voxel in voxels:
            here = np.uint64(voxel)
            level = np.uint64(grid[here])
            at = (place[here - step] + np.uint32(1)) * np.uint32(grid[here - step] == level)
            place[here] = at
            counts[level - np.uint64(1), np.uint64(at)] += np.uint32(1)
            most = max(most, at)
        length = int(most) + 1
        for a in range(len(levels)):  # as many voxels have a place as there are runs longer than it
            for b in range(length):
                counts[a, b] -= counts[a, b + 1]
        _size_features(counts, levels, sizes[:length], features[direction])
        for a in range(len(levels)):
            for b in range(length):
                counts[a, b] = 0
    return features


@inlined
def _unite(root_of: Numbers, one: int, other: int) -> None:
    """Unite the zones of two voxels; the root of a zone is its first voxel."""
    first, second = root_of[one], np.uint32(other)
    while root_of[first] != first:
        first = root_of[first]
    while root_of[second] != second:
        root_of[second] = root_of[root_of[second]]
        second = root_of[second]
    root_of[max(first, second)] = min(first, second)


@inlined
def _zones(grid: Numbers, voxels: Numbers, steps: Steps) -> tuple[Numbers, int]:
    """Return the size of each zone at the position of its first voxel, 0 at other voxels; and the largest size."""
    root_of = np.empty(len(grid), dtype=np.uint32)
    for voxel in voxels:
        root_of[voxel] = voxel
        level = grid[voxel]
        if grid[voxel - steps[_ABOVE]] == level:  # is a neighbour of all other neighbours that precede the voxel
            _unite(root_of, voxel, voxel - steps[_ABOVE])
        elif grid[voxel - steps[_BEHIND]] == level:  # is a neighbour of all others but these
            _unite(root_of, voxel, voxel - steps[_BEHIND])
            for k in range(_ABOVE_BEFORE, _ABOVE_BEFORE + 3):
                if grid[voxel - steps[k]] == level:
                    _unite(root_of, voxel, voxel - steps[k])
        else:
            for k in range(len(steps)):
                if grid[voxel - steps[k]] == level:
                    _unite(root_of, voxel, voxel - steps[k])
    size_of = np.zeros(len(grid), dtype=np.uint32)
    largest = 0
    for voxel in voxels:  # a root precedes its zone, so that its own entry is final
        root = root_of[root_of[voxel]]
        root_of[voxel] = root
        size_of[root] += np.uint32(1)
        largest = max(largest, int(size_of[root]))
    return size_of, largest


@compiled("float64[::1](uint32[::1], uint32[::1], int64[::1], float64[::1])")
def zone_features(grid: Numbers, voxels: Numbers, steps: Steps, levels: Array) -> Array:
    """Return the features of zones: voxels of equal level that are connected through any of the 26 neighbours."""
    size_of, largest = _zones(grid, voxels, steps)
    column_of = np.zeros(largest + 1, dtype=np.int64)
    for voxel in voxels:
        if size_of[voxel] > 0:
            column_of[size_of[voxel]] = 1
    columns = 0
    for size in range(1, largest + 1):
        if column_of[size] > 0:
            column_of[size] = columns
            columns += 1
    counts = np.zeros((len(levels), columns), dtype=np.uint32)
    sizes = np.empty(columns)
    for voxel in voxels:
        if size_of[voxel] > 0:
            counts[int(grid[voxel]) - 1, column_of[size_of[voxel]]] += np.uint32(1)
            sizes[column_of[size_of[voxel]]] = size_of[voxel]
    features = np.empty(len(SIZE_FEATURES))
    _size_features(counts, levels, sizes, features)
    return features


@compiled("Tuple((float64[::1], float64[:, ::1]))(uint32[::1], uint32[::1], int64[::1], float64[::1])")
def neighbourhood(grid: Numbers, voxels: Numbers, steps: Steps, levels: Array) -> tuple[Array, Array]:
    """Return the features of dependences, and 2 x levels: number of voxels, sum of their tone differences.

    The dependence of a voxel is the number of voxels of its level among itself and its neighbours; its tone difference
    is that between its level and its neighbours' mean level (0 without neighbours; pyradiomics counts such voxels).
    """
    counts = np.zeros((len(levels), _NEIGHBOURS), dtype=np.uint32)
    tones = np.zeros((2, len(levels)))
    level_of = np.zeros(len(levels) + 1)
    for a in range(len(levels)):
        level_of[a + 1] = levels[a]
    for voxel in voxels:
        here = np.uint64(voxel)
        kind = grid[here]
        same, neighbours, total = 0, 0, 0.0
        for k in range(len(steps)):
            step = np.uint64(steps[k])
            before, after = grid[here - step], grid[here + step]
            same += int(before == kind) + int(after == kind)
            neighbours += int(before != 0) + int(after != 0)
            total += level_of[before] + level_of[after]
        row = np.uint64(kind) - np.uint64(1)
        counts[row, same] += np.uint32(1)
        tones[0, row] += 1
        if neighbours > 0:
            tones[1, row] += abs(levels[row] - total / neighbours)
    features = np.empty(len(SIZE_FEATURES))
    _size_features(counts, levels, _sizes(_NEIGHBOURS), features)
    return features, tones
