"""Compiled distances to the nearest voxel of a set, up to a reach. The distance to a border belongs in ``distance``."""

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled


@compiled("float64[:,:,::1](uint8[:,:,::1], float64[::1], float64)")
def distance_to(seeds: NDArray[np.uint8], step: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Return the distance between the centres of each voxel and of the nearest seed.

    The square of a distance is a sum over axes, so that minima are searched along one axis after the other (Meijster et
    al. 2000); sums are in the order z, y, x.

    Parameters
    ----------
    seeds
        (z, y, x), 1 where a seed is.
    step
        Sides of a voxel along z, y and x, of any unit.
    reach
        Distances up to it are exact, and so are those over one step along an axis whose step is longer; others are
        only larger, and finite.
    """
    slices, rows, columns = seeds.shape
    far = 4.0 * reach * reach + 2.0 * (step * step).sum()
    most = np.ceil(reach / step)
    steps_z = np.empty((slices, rows, columns))
    for z in range(slices):
        for y in range(rows):
            for x in range(columns):
                before = steps_z[z - 1, y, x] + 1.0 if z > 0 else 1e9
                steps_z[z, y, x] = 0.0 if seeds[z, y, x] else before
    for z in range(slices - 2, -1, -1):
        for y in range(rows):
            for x in range(columns):
                steps_z[z, y, x] = min(steps_z[z, y, x], steps_z[z + 1, y, x] + 1.0)
    along_z = np.empty((slices, rows, columns))
    for z in range(slices):
        for y in range(rows):
            for x in range(columns):
                length = steps_z[z, y, x] * step[0]
                along_z[z, y, x] = length * length if steps_z[z, y, x] <= max(most[0], 1.0) else far
    along_y = np.empty((slices, rows, columns))
    for z in range(slices):
        for y in range(rows):
            largest = 0.0
            for x in range(columns):
                along_y[z, y, x] = along_z[z, y, x]
                largest = max(largest, along_z[z, y, x])
            for away in range(1, int(min(max(most[1], 1.0), max(y, rows - 1 - y))) + 1):
                square = (away * step[1]) * (away * step[1])
                if square >= largest:
                    break
                for other in (y - away, y + away):
                    if 0 <= other < rows:
                        for x in range(columns):
                            along_y[z, y, x] = min(along_y[z, y, x], along_z[z, other, x] + square)
    found = np.empty((slices, rows, columns))
    for z in range(slices):
        for y in range(rows):
            for x in range(columns):
                best = along_y[z, y, x]
                for away in range(1, int(max(most[2], 1.0)) + 1):
                    square = (away * step[2]) * (away * step[2])
                    if square >= best:
                        break
                    if x >= away:
                        best = min(best, along_y[z, y, x - away] + square)
                    if x + away < columns:
                        best = min(best, along_y[z, y, x + away] + square)
                found[z, y, x] = np.sqrt(best)
    return found
