"""Gaussian random fields on anisotropic voxel grids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Volume = NDArray[np.float32]


@dataclass(frozen=True)
class Grid:
    """Voxel grid of a volume; arrays are (z, y, x).

    Attributes
    ----------
    shape
        Voxels along z, y, x.
    spacing_mm
        Voxel size along z, y, x.
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]

    def axes(self) -> tuple[Volume, Volume, Volume]:
        """Coordinates (z, y, x) in mm from the centre of the first voxel, shaped to broadcast."""
        z, y, x = (
            np.arange(n, dtype=np.float32) * np.float32(s) for n, s in zip(self.shape, self.spacing_mm, strict=True)
        )
        return z[:, None, None], y[None, :, None], x[None, None, :]


def gaussian_field(grid: Grid, length_mm: float, random: np.random.Generator) -> Volume:
    """Draw a smooth field of mean 0 and standard deviation 1.

    Parameters
    ----------
    grid
        Voxel grid.
    length_mm
        Standard deviation of the Gaussian that smooths white noise.
    random
        Random generator.
    """
    noise = random.standard_normal(grid.shape, dtype=np.float32)
    smooth: Volume = ndimage.gaussian_filter(noise, [length_mm / s for s in grid.spacing_mm], mode="wrap", truncate=3.0)
    smooth -= smooth.mean()
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def soft_step(distance_mm: Volume, width_mm: float) -> Volume:
    """Rise smoothly from 0 to 1 around distance 0, like the edge of a tissue with partial volumes."""
    return np.asarray(0.5 * (1 + np.tanh(distance_mm / width_mm)), dtype=np.float32)
