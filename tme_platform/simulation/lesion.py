"""Simulate a lesion: size, shape and enhancement. The breast belongs in `anatomy`, outlines in `readers`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tme_platform.simulation.fields import Grid, Volume, gaussian_field, soft_step

_MEDIAN_DIAMETER_MM = 19.0
_DIAMETER_SPREAD = 0.33
_SMALLEST_MM, _LARGEST_MM = 9.0, 40.0
_EDGE_MM = 0.5
_SPICULE_SHARPNESS = 130.0


@dataclass(frozen=True)
class Lesion:
    """Parameters of a lesion.

    Attributes
    ----------
    radius_mm
        Mean radius.
    kind
        round, lobulated, irregular or spiculated.
    axes
        Stretch along z, y, x.
    waves, phases, heights
        The surface: ``radius * (1 + sum heights * cos(waves . u + phases))`` in direction u.
    spicules, spicule_mm
        Directions and lengths of spicules.
    rim, heterogeneity, grain_mm, halo
        Rim enhancement, standard deviation of the log-intensity, length scale of its texture, enhancement around the
        border. These four follow the image latent.
    enhancement
        Intensity relative to glandular tissue.
    core
        Depth of a necrotic core; 0 is none.
    """

    radius_mm: float
    kind: str
    axes: NDArray[np.float64]
    waves: NDArray[np.float64]
    phases: NDArray[np.float64]
    heights: NDArray[np.float64]
    spicules: NDArray[np.float64]
    spicule_mm: NDArray[np.float64]
    rim: float
    heterogeneity: float
    grain_mm: float
    halo: float
    enhancement: float
    core: float


def draw_lesion(latent: float, random: np.random.Generator) -> Lesion:
    """Draw a lesion. A larger latent gives a stronger rim and halo, a smoother interior and a rounder shape."""
    diameter = np.clip(_MEDIAN_DIAMETER_MM * np.exp(random.normal(0, _DIAMETER_SPREAD)), _SMALLEST_MM, _LARGEST_MM)
    radius = float(diameter) / 2
    round_shaped = 1 / (1 + np.exp(0.6 - 0.5 * latent))
    rest = 1 - round_shaped
    kind = str(
        random.choice(
            ["round", "lobulated", "irregular", "spiculated"],
            p=[round_shaped, 0.25 * rest, 0.45 * rest, 0.30 * rest],
        )
    )
    height, frequency = {"round": (0.04, 2.0), "lobulated": (0.10, 2.5), "irregular": (0.12, 4.0)}.get(
        kind, (0.08, 3.0)
    )
    count = int(random.integers(16, 34)) if kind == "spiculated" else 0
    directions = random.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return Lesion(
        radius_mm=radius,
        kind=kind,
        axes=np.exp(random.normal(0, 0.12, 3)),
        waves=random.normal(0, frequency, (12, 3)),
        phases=random.uniform(0, 2 * np.pi, 12),
        heights=random.normal(0, height / np.sqrt(6), 12),
        spicules=directions,
        spicule_mm=radius * random.uniform(0.25, 0.8, count),
        rim=float(np.clip(0.30 + 0.22 * latent + random.normal(0, 0.05), 0.0, 1.0)),
        heterogeneity=float(np.clip(0.20 * np.exp(-0.42 * latent + random.normal(0, 0.12)), 0.04, 0.6)),
        grain_mm=float(np.clip(1.7 * np.exp(0.18 * latent + random.normal(0, 0.08)), 0.9, 3.5)),
        halo=float(np.clip(0.16 + 0.10 * latent + random.normal(0, 0.03), 0.0, 0.6)),
        enhancement=float(1.75 * np.exp(random.normal(0, 0.13))),
        core=float(random.uniform(0.3, 0.6)) if diameter > 24 and random.random() < 0.4 else 0.0,
    )


def depth_inside(lesion: Lesion, grid: Grid, centre_mm: NDArray[np.float64], *, spicules: float = 1.0) -> Volume:
    """Return the depth below the lesion's surface along the ray from its centre, in mm; negative outside.

    Parameters
    ----------
    lesion, grid
        The lesion, and the voxel grid.
    centre_mm
        Centre of the lesion (z, y, x).
    spicules
        Share of the spicules' length to include; readers do not follow them to the tip.
    """
    offsets = [
        (axis - np.float32(at)) / np.float32(stretch)
        for axis, at, stretch in zip(grid.axes(), centre_mm, lesion.axes, strict=True)
    ]
    z, y, x = np.broadcast_arrays(*offsets)
    length = np.sqrt(z * z + y * y + x * x) + np.float32(1e-3)
    unit = np.stack([z / length, y / length, x / length], axis=-1)
    surface = np.ones(grid.shape, dtype=np.float32)
    for wave, phase, height in zip(lesion.waves, lesion.phases, lesion.heights, strict=True):
        surface += np.float32(height) * np.cos(unit @ wave.astype(np.float32) + np.float32(phase))
    surface *= np.float32(lesion.radius_mm)
    for direction, reach in zip(lesion.spicules, lesion.spicule_mm, strict=True):
        surface += np.float32(spicules * reach) * np.exp(
            np.float32(_SPICULE_SHARPNESS) * (unit @ direction.astype(np.float32) - 1)
        )
    return np.asarray(surface - length, dtype=np.float32)


def paint(
    tissue: Volume, lesion: Lesion, grid: Grid, centre_mm: NDArray[np.float64], random: np.random.Generator
) -> Volume:
    """Add a lesion with edge, rim, texture, core and halo to the tissue (glandular = 100)."""
    depth = depth_inside(lesion, grid, centre_mm)
    body = depth_inside(lesion, grid, centre_mm, spicules=0.0) if len(lesion.spicules) else depth
    centre = 100 * lesion.enhancement
    uneven = np.clip(1 + 0.45 * gaussian_field(grid, 5.0, random), 0.1, 1.9)
    rim = 1 + lesion.rim * uneven * np.exp(-(((body - 1.6) / 1.4) ** 2))
    fading = np.exp(np.minimum(body, 0) / 5.0)  # spicules fade towards their tips
    core = 1 - lesion.core * soft_step(body - 0.55 * lesion.radius_mm, 1.5)
    grain = gaussian_field(grid, lesion.grain_mm, random)
    coarse = gaussian_field(grid, 2.5 * lesion.grain_mm, random)
    texture = np.exp(np.float32(lesion.heterogeneity) * np.clip(0.85 * grain + 0.5 * coarse, -3, 3))
    halo = tissue + np.float32(lesion.halo * centre) * np.exp(np.minimum(depth, 0) / 2.2)
    occupied = soft_step(depth, _EDGE_MM)
    return np.asarray(occupied * (centre * rim * core * texture * fading) + (1 - occupied) * halo, dtype=np.float32)
