"""Simulate the MRI of one patient: breast, lesion, scanner and outlines. Writing files belongs in `imaging`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.simulation.anatomy import FIELD_OF_VIEW_MM, Breast, draw_breast
from tme_platform.simulation.fields import Grid, Volume
from tme_platform.simulation.lesion import Lesion, depth_inside, draw_lesion, paint
from tme_platform.simulation.readers import READERS, outline
from tme_platform.simulation.scanners import SCANNERS, Scanner
from tme_platform.simulation.seeds import random_for

_SPICULES_SEEN = 0.5


@dataclass(frozen=True)
class SimulatedImage:
    """An image and its outlines.

    Attributes
    ----------
    image
        16-bit volume of one contrast-enhanced phase.
    outlines
        By (reader, session): 8-bit masks, 1 inside.
    exclusion
        8-bit mask of vessels, skin and chest wall outside all outlines.
    lesion
        The true lesion.
    """

    image: sitk.Image
    outlines: dict[tuple[str, int], sitk.Image]
    exclusion: sitk.Image
    lesion: Lesion


def simulate_image(
    seed: int, cohort: str, number: int, *, latent: float, scanner: str, read_again: bool = False
) -> SimulatedImage:
    """Simulate the image of one patient.

    Parameters
    ----------
    seed, cohort, number
        Determine everything except the effects of `latent` and `scanner`.
    latent
        The patient's `simulated_image_latent`; determines rim, halo, texture and roundness.
    scanner
        One of `SCANNERS`.
    read_again
        Whether two readers outline it twice; otherwise the first reader outlines it once.
    """
    machine = SCANNERS[scanner]
    names = (seed, cohort, number)
    random = random_for(*names, "image")
    spacing = machine.spacing_mm[::-1]
    grid = Grid(tuple(round(mm / s) for mm, s in zip(FIELD_OF_VIEW_MM, spacing, strict=True)), spacing)  # type: ignore[arg-type]
    lesion = draw_lesion(latent, random_for(*names, "lesion"))
    centre = _lesion_centre(lesion, random)
    breast = draw_breast(grid, machine.fat, centre, random)
    tissue = paint(breast.tissue, lesion, grid, centre, random)
    seen = depth_inside(lesion, grid, centre, spicules=_SPICULES_SEEN)
    drawn = {reading: outline(seen, grid, *reading, names) for reading in readings(read_again)}
    exclusion = breast.neighbours & ~np.logical_or.reduce(list(drawn.values()))
    origin = [float(round(v, 1)) for v in random.uniform([-110, -90, -60], [20, -50, 10])]
    return SimulatedImage(
        image=_to_image(_acquire(tissue, breast, machine, grid, random), grid, origin),
        outlines={reading: _to_image(mask.astype(np.uint8), grid, origin) for reading, mask in drawn.items()},
        exclusion=_to_image(exclusion.astype(np.uint8), grid, origin),
        lesion=lesion,
    )


def readings(read_again: bool) -> list[tuple[str, int]]:
    """List the (reader, session) pairs of an image."""
    return [(reader, session) for reader in READERS for session in (1, 2)] if read_again else [("R1", 1)]


def _lesion_centre(lesion: Lesion, random: np.random.Generator) -> NDArray[np.float64]:
    """Centre (z, y, x) of the lesion inside the breast; larger lesions lie closer to the middle."""
    size: NDArray[np.float64] = np.array(FIELD_OF_VIEW_MM)
    room = np.clip(1 - lesion.radius_mm / 22, 0, 1)
    offset = random.uniform([-0.12, -0.16, -0.2], [0.12, 0.14, 0.2])
    return np.asarray(size * (np.array([0.5, 0.54, 0.5]) + room * offset))


def _acquire(
    tissue: Volume, breast: Breast, machine: Scanner, grid: Grid, random: np.random.Generator
) -> NDArray[np.int16]:
    """Apply the coil's shading and Rician noise, and store integers."""
    z, y, x = (axis / axis.max() * 2 - 1 for axis in grid.axes())
    slopes = random.normal(0, machine.bias, 5)
    log_bias = (
        slopes[0] * z + slopes[1] * x - machine.bias * y + slopes[2] * x * y + slopes[3] * x * x + slopes[4] * y * y
    )
    signal = tissue * np.exp(log_bias).astype(np.float32)
    channels = random.normal(0, machine.noise, (2, *grid.shape)).astype(np.float32)
    magnitude = np.sqrt((signal + channels[0]) ** 2 + channels[1] ** 2)
    return np.asarray(np.clip(np.rint(magnitude * machine.gain), 0, 32767), dtype=np.int16)


def _to_image(values: NDArray[np.generic], grid: Grid, origin: list[float]) -> sitk.Image:
    image = sitk.GetImageFromArray(values)
    image.SetSpacing(grid.spacing_mm[::-1])
    image.SetOrigin(origin)
    return image
