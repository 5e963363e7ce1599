"""Simulate readers who outline a lesion with individual bias and variation. Agreement belongs in ``radiomics``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tme_platform.simulation.fields import Grid, Volume, gaussian_field
from tme_platform.simulation.seeds import random_for


@dataclass(frozen=True)
class Reader:
    """Deviation of a reader from the true border, in mm outwards.

    Attributes
    ----------
    bias_mm
        Constant offset.
    habit_mm
        Standard deviation over the surface, the same in each session of a lesion.
    session_mm
        Standard deviation over the surface, different in each session.
    """

    bias_mm: float
    habit_mm: float
    session_mm: float


READERS = {"R1": Reader(0.1, 0.35, 0.25), "R2": Reader(0.40, 0.45, 0.30)}
_SMOOTHNESS_MM = 5.0
_CAREFUL_BELOW_MM = 10.0


def outline(depth: Volume, grid: Grid, reader: str, session: int, names: tuple[int, str, int]) -> NDArray[np.bool_]:
    """Outline a lesion as one reader in one session.

    Parameters
    ----------
    depth
        Depth below the true surface, mm (`lesion.depth_inside`).
    grid
        Voxel grid.
    reader, session
        The reading.
    names
        Seed, cohort and number of the patient, which determine the displacement.

    Returns
    -------
    numpy.ndarray
        Boolean mask, one component without holes.
    """
    deviation = READERS[reader]
    habit = random_for(*names, "outline", reader)
    fresh = random_for(*names, "outline", reader, session)
    # readers deviate less on small lesions
    care = np.float32(min(1.0, float(depth.max()) / _CAREFUL_BELOW_MM))
    moved = depth + care * (
        np.float32(deviation.bias_mm + habit.normal(0, 0.12))
        + np.float32(deviation.habit_mm) * gaussian_field(grid, _SMOOTHNESS_MM, habit)
        + np.float32(deviation.session_mm) * gaussian_field(grid, _SMOOTHNESS_MM, fresh)
    )
    pieces, _ = ndimage.label(moved > 0)
    kept = pieces == pieces[np.unravel_index(int(np.argmax(moved)), moved.shape)]
    return np.stack([ndimage.binary_fill_holes(plane) for plane in kept])
