"""Compiled searches on the border of a region. What the features are is in ``_shape``.

Positions of mesh vertices are in half voxels: a vertex lies half-way between two neighbours of which one is inside.
"""

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled


@compiled("Tuple((int64[::1], int64[:,::1], int64[::1], int64[:,::1]))(uint8[:,:,::1])")
def count_cubes(
    inside: NDArray[np.uint8],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count the cubes between eight voxels by which of them are inside, and sum positions.

    Parameters
    ----------
    inside
        (z, y, x), 1 inside, with a margin of 0.

    Returns
    -------
    arrays of 256, 3 x 256, 3 and 3 x 3
        Cubes of each kind, the sums of their positions, the sums of the positions of voxels inside, and those of the
        products of two coordinates. The kind has a bit for each corner, in the order of ``numpy.ndindex(2, 2, 2)``.
    """
    slices, rows, columns = inside.shape
    counts, sums = np.zeros(256, np.int64), np.zeros((3, 256), np.int64)
    first, second = np.zeros(3, np.int64), np.zeros((3, 3), np.int64)
    for z in range(slices - 1):
        for y in range(rows - 1):
            left = np.int64(0)
            for x in range(columns):
                right = np.int64(inside[z, y, x]) + np.int64(4) * inside[z, y + 1, x]
                right += np.int64(16) * inside[z + 1, y, x] + np.int64(64) * inside[z + 1, y + 1, x]
                kind = left + 2 * right
                if x > 0 and kind != 0 and kind != 255:
                    counts[kind] += 1
                    sums[0, kind] += z
                    sums[1, kind] += y
                    sums[2, kind] += x - 1
                left = right
                if inside[z, y, x]:
                    first[0] += z
                    first[1] += y
                    first[2] += x
                    second[0, 0] += z * z
                    second[0, 1] += z * y
                    second[0, 2] += z * x
                    second[1, 1] += y * y
                    second[1, 2] += y * x
                    second[2, 2] += x * x
    second[1, 0], second[2, 0], second[2, 1] = second[0, 1], second[0, 2], second[1, 2]
    return counts, sums, first, second


@compiled("Tuple((int64[:,:,::1], int64[:,:,::1], int64[:,:,::1]))(uint8[:,:,::1])")
def line_ends(inside: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Find the first and the last mesh vertex of every line along x, along z and along y.

    Returns
    -------
    arrays (2 z, 2 y, 2), (2 y, 2 x, 2) and (2 x, 2 z, 2)
        First and last position along x, z and y; where a line has no vertex, the last is -1.
    """
    slices, rows, columns = inside.shape
    along_x = np.empty((2 * slices, 2 * rows, 2), np.int64)
    along_z = np.empty((2 * rows, 2 * columns, 2), np.int64)
    along_y = np.empty((2 * columns, 2 * slices, 2), np.int64)
    for ends in (along_x, along_z, along_y):
        ends[:, :, 0] = 1 << 40
        ends[:, :, 1] = -1
    for z in range(slices):
        for y in range(rows):
            for x in range(columns):
                for axis in range(3):
                    dz, dy, dx = int(axis == 0), int(axis == 1), int(axis == 2)
                    if z + dz >= slices or y + dy >= rows or x + dx >= columns:
                        continue
                    if inside[z, y, x] == inside[z + dz, y + dy, x + dx]:
                        continue
                    c, b, a = 2 * z + dz, 2 * y + dy, 2 * x + dx
                    along_x[c, b, 0], along_x[c, b, 1] = min(along_x[c, b, 0], a), max(along_x[c, b, 1], a)
                    along_z[b, a, 0], along_z[b, a, 1] = min(along_z[b, a, 0], c), max(along_z[b, a, 1], c)
                    along_y[a, c, 0], along_y[a, c, 1] = min(along_y[a, c, 0], b), max(along_y[a, c, 1], b)
    return along_x, along_z, along_y


@compiled("float64(int64[:,:,::1], float64, float64)")
def widest_in_planes(ends: NDArray[np.int64], across: float, along: float) -> float:
    """Return the largest distance between two vertices of one plane.

    Parameters
    ----------
    ends
        (planes, lines, 2): first and last position on each line of a plane, the last -1 if there is none.
    across, along
        Distance between two lines, and between two positions on a line.
    """
    planes, lines, _ = ends.shape
    best = 0.0
    for plane in range(planes):
        first, last, low, high = lines, -1, 1 << 40, -1
        for line in range(lines):
            if ends[plane, line, 1] >= 0:
                first, last = min(first, line), line
                low, high = min(low, ends[plane, line, 0]), max(high, ends[plane, line, 1])
        length = ((high - low) * along) * ((high - low) * along)
        for line in range(first, last + 1):
            if ends[plane, line, 1] < 0:
                continue
            for other in range(last, line - 1, -1):
                width = ((other - line) * across) * ((other - line) * across)
                if width + length <= best:
                    break
                if ends[plane, other, 1] >= 0:
                    apart = along * max(
                        ends[plane, line, 1] - ends[plane, other, 0], ends[plane, other, 1] - ends[plane, line, 0]
                    )
                    best = max(best, width + apart * apart)
    return float(np.sqrt(best))


@compiled("float64(float64[:,::1], float64[::1])")
def widest(points: NDArray[np.float64], radius: NDArray[np.float64]) -> float:
    """Return the largest distance between two of n x 3 points, whose distances from one place fall."""
    best = 0.0
    for i in range(len(points)):
        if 2.0 * radius[i] <= best:
            break
        for j in range(i + 1, len(points)):
            if radius[i] + radius[j] <= best:
                break
            square = 0.0
            for axis in range(3):
                square += (points[i, axis] - points[j, axis]) ** 2
            best = max(best, np.sqrt(square))
    return float(best)
