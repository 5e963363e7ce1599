"""The scanners of the simulated study: voxel size, gain and noise. Tissue belongs in `anatomy`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scanner:
    """Acquisition properties of one scanner.

    Attributes
    ----------
    spacing_mm
        Voxel size along x, y (in plane) and z (between slices).
    gain
        Stored value per unit of intensity (glandular tissue = 100).
    noise
        Standard deviation of the noise in each channel (glandular tissue = 100).
    bias
        Strength of the coil's shading (standard deviation of its logarithm).
    fat
        Intensity of fat after suppression (glandular tissue = 100).
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
