"""Checks that the axes of an image are perpendicular: what ITK refuses or passes over without naming the reason."""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tme_platform.imaging.errors import ImagingError

# Cosine of the angle between two axes. ITK refuses NIfTI files from about 2e-4 on; files in text have four decimals.
_PERPENDICULAR = 1e-3
# A voxel side as stated twice in a header: once in `pixdim`, once as the length of an axis of the sform.
_SAME_SIDE = 1e-3
_SHEAR = (
    "features need a grid with perpendicular axes. Resample it to one (in 3D Slicer: Resample Scalar Volume; with "
    "nibabel: nibabel.processing.resample_to_output), image and outline alike"
)


def check_directions(direction: tuple[float, ...], path: Path) -> None:
    """Raise ``geometry_not_orthonormal`` unless direction cosines (9, row by row) are perpendicular unit vectors."""
    matrix = np.array(direction, dtype=float).reshape(3, 3)
    if not np.isfinite(matrix).all() or np.abs(np.linalg.norm(matrix, axis=0) - 1).max() > _PERPENDICULAR:
        raise _broken(path)
    if _shear(matrix) > _PERPENDICULAR:
        raise _sheared(path, matrix)


def check_sform(first: bytes, order: str, spacing: tuple[float, ...], path: Path, *, version: int) -> None:
    """Raise if the sform of a NIfTI header is sheared, singular, not finite, or contradicts the voxel sizes.

    ITK reads such a file by its qform if it has one, as other programs do not.

    Parameters
    ----------
    first
        The header.
    order
        Byte order, ``<`` or ``>``.
    spacing
        ``pixdim`` 0 to 3.
    version
        1 or 2.

    Raises
    ------
    ImagingError
        ``geometry_not_orthonormal`` or ``geometry_ambiguous``.
    """
    code_at, code, rows_at, rows = (254, "h", 280, "12f") if version == 1 else (348, "i", 400, "12d")
    if struct.unpack_from(order + code, first, code_at)[0] <= 0:
        return
    affine = np.array(struct.unpack_from(order + rows, first, rows_at), dtype=float).reshape(3, 4)
    axes = affine[:, :3]
    sides = np.linalg.norm(axes, axis=0)
    if not np.isfinite(affine).all() or sides.min() == 0:
        raise _broken(path)
    if _shear(axes / sides) > _PERPENDICULAR:
        raise _sheared(path, axes / sides)
    declared = np.array(spacing[1:4])
    if (np.abs(sides - declared) > _SAME_SIDE * np.maximum(sides, declared)).any():
        raise ImagingError(
            "geometry_ambiguous",
            f"{path.name} states two voxel sizes: {_numbers(declared)} mm (pixdim) and {_numbers(sides)} mm (sform); "
            "programs differ in which they use. Correct the header, or convert it from its source again.",
        )


def _shear(axes: NDArray[np.float64]) -> float:
    """Return the largest cosine between two of three unit vectors (columns)."""
    return float(np.abs(axes.T @ axes - np.eye(3))[~np.eye(3, dtype=bool)].max())


def sheared(path: Path) -> ImagingError:
    """Return the error for a file of which ITK says that its axes are not perpendicular."""
    return ImagingError(
        "geometry_not_orthonormal", f"the affine of {path.name} is sheared (not orthonormal); {_SHEAR}."
    )


def _sheared(path: Path, axes: NDArray[np.float64]) -> ImagingError:
    degrees = 90 - np.degrees(np.arccos(np.clip(_shear(axes), 0, 1)))
    return ImagingError(
        "geometry_not_orthonormal",
        f"the affine of {path.name} is sheared (not orthonormal): axes are {degrees:.2f} degrees from perpendicular; "
        f"{_SHEAR}.",
    )


def _broken(path: Path) -> ImagingError:
    return ImagingError(
        "geometry_not_orthonormal",
        f"the affine of {path.name} is not finite or has an axis of length 0; convert the file from its source again.",
    )


def _numbers(values: NDArray[np.float64]) -> str:
    return " x ".join(f"{value:.6g}" for value in values)
