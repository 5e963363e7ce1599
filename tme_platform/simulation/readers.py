"""Readers who outline a lesion, each with a bias and a hand of its own. Agreement is judged in `radiomics`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tme_platform.simulation.fields import Grid, Volume, gaussian_field
from tme_platform.simulation.seeds import random_for


@dataclass(frozen=True)
class Reader:
    """How a reader departs from the true border, in mm outwards.

    Attributes
    ----------
    bias_mm
        Always.
    habit_mm
        By lesion, the same in each session (standard deviation over the surface).
    session_mm
        Anew in each session.
    """

    bias_mm: float
    habit_mm: float
    session_mm: float


READERS = {"R1": Reader(0.1, 0.35, 0.25), "R2": Reader(0.40, 0.45, 0.30)}
_HAND_MM = 5.0
_CAREFUL_BELOW_MM = 10.0


def outline(depth: Volume, grid: Grid, reader: str, session: int, names: tuple[int, str, int]) -> NDArray[np.bool_]:
    """Outline a lesion as a reader does in a session.

    Parameters
    ----------
    depth
        Depth below the true surface, mm (`lesion.depth_inside`).
    grid
        Its grid.
    reader, session
        Who and when.
    names
        Seed, cohort and number of the patient, that the displacement hangs on.

    Returns
    -------
    numpy.ndarray
        Boolean, one piece without holes.
    """
    hand = READERS[reader]
    habit = random_for(*names, "outline", reader)
    anew = random_for(*names, "outline", reader, session)
    # On a small lesion a millimetre is much, and is seen to be.
    care = np.float32(min(1.0, float(depth.max()) / _CAREFUL_BELOW_MM))
    moved = depth + care * (
        np.float32(hand.bias_mm + habit.normal(0, 0.12))
        + np.float32(hand.habit_mm) * gaussian_field(grid, _HAND_MM, habit)
        + np.float32(hand.session_mm) * gaussian_field(grid, _HAND_MM, anew)
    )
    pieces, _ = ndimage.label(moved > 0)
    kept = pieces == pieces[np.unravel_index(int(np.argmax(moved)), moved.shape)]
    return np.stack([ndimage.binary_fill_holes(plane) for plane in kept])
