"""The compiled histogram of an image's intensities. What it is for is in ``air``."""

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled


@compiled("void(float64[::1], float64[::1], int64[::1], float64[::1])")
def add_to_histogram(
    values: NDArray[np.float64], edges: NDArray[np.float64], counts: NDArray[np.int64], largest: NDArray[np.float64]
) -> None:
    """Add values to the counts of equal bins, and to the largest value of each; values outside all bins are left out.

    A value that equals an edge belongs to the bin above it, and one that equals the last edge to the last bin.
    """
    last = counts.size - 1
    low, high = edges[0], edges[last + 1]
    per_unit = counts.size / (high - low)
    for value in values:
        if value < low or value > high:
            continue
        place = min(int((value - low) * per_unit), last)
        # The quotient is rounded, the edges are what counts.
        while value < edges[place]:
            place -= 1
        while place < last and value >= edges[place + 1]:
            place += 1
        counts[place] += 1
        largest[place] = max(largest[place], value)
