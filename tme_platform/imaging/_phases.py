"""Phases of a dynamic series, whichever format they come in."""

import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.errors import ImagingError


def check_phase(phase: int, count: int, name: str) -> None:
    """Raise `ImagingError` (``phase_missing``) unless the series has this phase."""
    if not 0 <= phase < count:
        raise ImagingError("phase_missing", f"{name} has no phase {phase}; its phases are 0 to {count - 1}.")


def subtract(later: sitk.Image, earlier: sitk.Image) -> sitk.Image:
    """Return the difference of two phases as 64-bit floats."""
    return sitk.Cast(later, sitk.sitkFloat64) - sitk.Cast(earlier, sitk.sitkFloat64)
