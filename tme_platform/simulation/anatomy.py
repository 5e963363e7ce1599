"""Simulate a breast in fat-suppressed contrast-enhanced T1: skin, fat, glandular tissue, vessels, chest wall, air.

Intensities are relative to glandular tissue = 100. The lesion belongs in `lesion`, scanner effects in `image`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tme_platform.simulation.fields import Grid, Volume, gaussian_field, soft_step

FIELD_OF_VIEW_MM = (56.0, 96.0, 96.0)
"""Size of the crop along z, y, x; y runs from the nipple to the chest wall."""

_MUSCLE, _LUNG, _SKIN, _VESSEL = 88.0, 10.0, 105.0, 225.0
_SKIN_MM = 1.6


@dataclass(frozen=True)
class Breast:
    """A breast without a lesion.

    Attributes
    ----------
    tissue
        Intensity; glandular tissue is 100, air is 0.
    neighbours
        Vessels, skin and chest wall, which a reader excludes from the ring.
    below_skin_mm, before_chest_mm
        Distance (along y) to the skin and to the chest wall.
    """

    tissue: Volume
    neighbours: NDArray[np.bool_]
    below_skin_mm: Volume
    before_chest_mm: Volume


def draw_breast(grid: Grid, fat: float, lesion_mm: NDArray[np.float64], random: np.random.Generator) -> Breast:
    """Draw a breast; one of its vessels passes near the lesion.

    Parameters
    ----------
    grid
        Voxel grid.
    fat
        Intensity of fat.
    lesion_mm
        Centre of the lesion (z, y, x), mm.
    random
        Random generator.
    """
    below_skin, before_chest = _surfaces(grid, random)
    breast = soft_step(np.minimum(below_skin, before_chest), 0.5)
    gland = _glandular(grid, below_skin, before_chest, random)
    fine, slow = gaussian_field(grid, 0.8, random), gaussian_field(grid, 9.0, random)
    background = np.float32(random.uniform(0.05, 0.35))
    glandular = 100 * (1 + background * np.clip(slow, -1, 2)) * (1 + 0.06 * fine)
    fatty = fat * (1 + 0.05 * fine + 0.06 * slow)
    ligament = np.exp(-((gaussian_field(grid, 3.2, random) / 0.10) ** 2)) * (1 - gland)
    tissue = breast * (gland * glandular + (1 - gland) * fatty + 0.3 * ligament * (100 - fat))
    skin = soft_step(below_skin, 0.4) * soft_step(_SKIN_MM - below_skin, 0.4)
    tissue += skin * (_SKIN - fat) * soft_step(before_chest, 1.0)
    tissue = tissue + _chest_wall(grid, before_chest, below_skin, random)
    vessel = _vessels(grid, below_skin, before_chest, lesion_mm, random)
    tissue = np.maximum(tissue, vessel * _VESSEL).astype(np.float32)
    neighbours = (vessel > 0.35) | (before_chest < 0) | ((below_skin > 0) & (below_skin < _SKIN_MM + 0.4))
    return Breast(tissue, neighbours, below_skin, before_chest)


def _surfaces(grid: Grid, random: np.random.Generator) -> tuple[Volume, Volume]:
    """Distance along y to the skin (a dome with a nipple) and to the chest wall (curved away at the side)."""
    z, y, x = grid.axes()
    depth, width = (n * s for n, s in zip(grid.shape[1:], grid.spacing_mm[1:], strict=True))
    chest = 0.86 * depth + 0.0016 * (x - 0.35 * width) ** 2 + random.normal(0, 0.8)
    middle_x, middle_z = (
        width * random.uniform(0.45, 0.55),
        grid.shape[0] * grid.spacing_mm[0] * random.uniform(0.4, 0.6),
    )
    flat = Grid((grid.shape[0], 1, grid.shape[2]), grid.spacing_mm)
    wave = gaussian_field(flat, 12.0, random)
    squared = ((x - middle_x) / (0.56 * width)) ** 2 + ((z - middle_z) / 62.0) ** 2
    height = 0.78 * depth * np.sqrt(np.clip(1 - squared, 0.002, 1))
    nipple = 4.0 * np.exp(-(((x - middle_x) ** 2 + (z - middle_z) ** 2) / 2 / 3.0**2))
    skin = 0.86 * depth - height - nipple + 0.7 * wave
    return np.asarray(y - skin, dtype=np.float32), np.broadcast_to(np.asarray(chest - y, dtype=np.float32), grid.shape)


def _glandular(grid: Grid, below_skin: Volume, before_chest: Volume, random: np.random.Generator) -> Volume:
    """Share of glandular tissue: smooth patches elongated towards the nipple, away from skin and chest wall."""
    stretched = Grid(grid.shape, (grid.spacing_mm[0], grid.spacing_mm[1] * 0.6, grid.spacing_mm[2]))
    patches = gaussian_field(stretched, 6.0, random) + 0.55 * gaussian_field(stretched, 2.2, random)
    strands = np.exp(-((gaussian_field(stretched, 2.6, random) / 0.22) ** 2))
    lobules = soft_step(gaussian_field(grid, 1.3, random) - 0.9, 0.35)
    inside = np.minimum(below_skin - 8, before_chest - 5) / 9
    density = random.normal(-0.35, 0.45)
    share = soft_step(patches + np.clip(inside, -3, 0.4) + 0.7 * strands - 0.25 + np.float32(density), 0.5)
    return np.asarray(share * (1 - 0.5 * lobules), dtype=np.float32)


def _chest_wall(grid: Grid, before_chest: Volume, below_skin: Volume, random: np.random.Generator) -> Volume:
    """Pectoral muscle with its fibres, then ribs and lung."""
    thickness = random.uniform(6, 9)
    behind = -before_chest
    muscle = soft_step(behind, 0.5) * soft_step(thickness - behind, 0.5)
    fibres = gaussian_field(
        Grid(grid.shape, (grid.spacing_mm[0], grid.spacing_mm[1], grid.spacing_mm[2] * 0.25)), 0.9, random
    )
    lung = soft_step(behind - thickness, 0.5)
    ribs = soft_step(gaussian_field(grid, 4.0, random) - 0.6, 0.2) * lung
    body = soft_step(below_skin, 0.5)
    return np.asarray(body * (muscle * _MUSCLE * (1 + 0.08 * fibres) + lung * _LUNG + ribs * 45), dtype=np.float32)


def _vessels(
    grid: Grid, below_skin: Volume, before_chest: Volume, lesion_mm: NDArray[np.float64], random: np.random.Generator
) -> Volume:
    """Bright tubes along smooth curves from the chest wall forwards; 1 at their centre."""
    size = np.array(grid.shape) * grid.spacing_mm
    vessel = np.zeros(grid.shape, dtype=np.float32)
    for number in range(int(random.integers(3, 6))):
        position = np.linspace(0, 1, 260)
        start, end = (
            size * random.uniform([0.1, 0.75, 0.15], [0.9, 0.85, 0.85]),
            size * random.uniform([0.1, 0.2, 0.2], [0.9, 0.4, 0.8]),
        )
        if number == 0:  # feeds the lesion
            end = lesion_mm + random.normal(0, 3, 3)
        curve = start + (end - start) * position[:, None]
        for wave in (1, 2, 3):
            curve += random.normal(0, 4.5 / wave, 3) * np.sin(np.pi * wave * position)[:, None]
        voxels = np.rint(curve / grid.spacing_mm).astype(int)
        inside = ((voxels >= 0) & (voxels < grid.shape)).all(axis=1)
        marked = np.zeros(grid.shape, dtype=bool)
        marked[tuple(voxels[inside].T)] = True
        radius = random.uniform(0.7, 1.1)
        reach = ndimage.gaussian_filter(marked.astype(np.float32), [radius / s for s in grid.spacing_mm], truncate=3.0)
        if reach.max() > 0:
            vessel = np.maximum(vessel, np.clip(reach / np.quantile(reach[marked], 0.3), 0, 1))
    return vessel * soft_step(below_skin - 3, 0.6) * soft_step(before_chest + 4, 0.6)
