"""Compiled distances to the nearest voxel of a set, up to a reach. The distance to a border belongs in ``distance``.

The square of a distance is a sum over axes, so minima are searched along one axis after the other. Sums are in the
order z, y, x, so that distances are those of ``scipy.ndimage.distance_transform_edt`` to the last bit.
"""

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled

Array = NDArray[np.float64]


def distance_to(seeds: NDArray[np.bool_], step: Array, reach: float) -> Array:
    """Return the distance between the centres of each voxel and of the nearest seed.

    Parameters
    ----------
    seeds
        (z, y, x), contiguous.
    step
        Sides of a voxel along z, y and x, of any unit.
    reach
        Distances up to it are exact, and so are those to a seed within it but for one step along an axis whose step is
        longer. All others are larger than it, and finite.

    References
    ----------
    Meijster et al. 2000, in Mathematical Morphology and its Applications to Image and Signal Processing, 331-340.
    """
    most = np.maximum(np.ceil(reach / step), 1).astype(np.int64)
    far = 4 * reach**2 + 2 * float((step**2).sum())
    squares = _along_z(seeds.view(np.uint8), step[0], most[0], far)
    squares = _along_y(squares, step[1], most[1])
    _along_x(squares, step[2], most[2])
    return np.sqrt(squares, out=squares)


@compiled("float64[:,:,::1](uint8[:,:,::1], float64, int64, float64)")
def _along_z(seeds: NDArray[np.uint8], step: float, most: int, far: float) -> Array:
    """Return the squared distance to the nearest seed on the line along z, ``far`` if it is beyond ``most`` steps."""
    slices, rows, columns = seeds.shape
    found = np.empty((slices, rows, columns))
    for z in range(slices):
        for y in range(rows):
            for x in range(columns):
                before = found[z - 1, y, x] + 1.0 if z > 0 else 1e9
                found[z, y, x] = 0.0 if seeds[z, y, x] else before
    for z in range(slices - 2, -1, -1):
        for y in range(rows):
            for x in range(columns):
                found[z, y, x] = min(found[z, y, x], found[z + 1, y, x] + 1.0)
    for z in range(slices):
        for y in range(rows):
            for x in range(columns):
                length = found[z, y, x] * step
                found[z, y, x] = length * length if found[z, y, x] <= most else far
    return found


@compiled("float64[:,:,::1](float64[:,:,::1], float64, int64)")
def _along_y(squares: Array, step: float, most: int) -> Array:
    """Return the smallest sum of a squared distance along y and the value there, row by row for speed."""
    slices, rows, columns = squares.shape
    found = squares.copy()
    for z in range(slices):
        for y in range(rows):
            largest = squares[z, y].max()
            for away in range(1, min(most, max(y, rows - 1 - y)) + 1):
                square = (away * step) * (away * step)
                if square >= largest:
                    break
                for other in (y - away, y + away):
                    if 0 <= other < rows:
                        for x in range(columns):
                            found[z, y, x] = min(found[z, y, x], squares[z, other, x] + square)
    return found


@compiled("void(float64[:,:,::1], float64, int64)")
def _along_x(squares: Array, step: float, most: int) -> None:
    """Replace values by the smallest sum of a squared distance along x and the value there."""
    slices, rows, columns = squares.shape
    line = np.empty(columns)
    for z in range(slices):
        for y in range(rows):
            line[:] = squares[z, y]
            for x in range(columns):
                best = line[x]
                for away in range(1, most + 1):
                    square = (away * step) * (away * step)
                    if square >= best:
                        break
                    if x >= away:
                        best = min(best, line[x - away] + square)
                    if x + away < columns:
                        best = min(best, line[x + away] + square)
                squares[z, y, x] = best
