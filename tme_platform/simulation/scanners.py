"""The scanners of the simulated study: voxels, gain, noise. What is in front of the coil is in `anatomy`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scanner:
    """How one scanner sees the same breast.

    Attributes
    ----------
    spacing_mm
        Voxel along x, y (in plane) and z (between slices).
    gain
        Stored value of glandular tissue over 100.
    noise
        Standard deviation of the noise of each channel, in units of glandular tissue = 100.
    bias
        Strength of the coil's shading (standard deviation of its logarithm).
    fat
        How bright fat is left by the suppression, glandular tissue = 100.
    field_tesla, model
        For the DICOM header.
    """

    spacing_mm: tuple[float, float, float]
    gain: float
    noise: float
    bias: float
    fat: float
    field_tesla: float
    model: str


SCANNERS: dict[str, Scanner] = {
    "S1": Scanner((0.7, 0.7, 2.0), gain=2.2, noise=5.5, bias=0.12, fat=45.0, field_tesla=3.0, model="Simulated A 3T"),
    "S2": Scanner((0.8, 0.8, 1.6), gain=1.0, noise=7.5, bias=0.08, fat=54.0, field_tesla=1.5, model="Simulated B 1.5T"),
    "S3": Scanner((0.9, 0.9, 2.4), gain=4.5, noise=6.5, bias=0.15, fat=41.0, field_tesla=1.5, model="Simulated C 1.5T"),
}
"""Scanners by the code in the clinical table."""
