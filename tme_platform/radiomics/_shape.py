"""Shape features of a region, as pyradiomics defines them, without comparing all pairs of surface points.

Searches on the border are compiled, in ``_surface``.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def shape(inside: NDArray[np.bool_], spacing: tuple[float, float, float]) -> dict[str, float]:
    """Compute the 14 shape features of a region.

    Parameters
    ----------
    inside
        (z, y, x), with at least one voxel inside; need not be cropped.
    spacing
        Millimetres, in the order z, y, x.

    References
    ----------
    pyradiomics, ``radiomics.shape``; Lorensen & Cline 1987, Comput. Graph. 21(4):163-169 (the mesh).
    """
    from tme_platform.radiomics._surface import count_cubes

    padded = np.pad(inside, 1).view(np.uint8)
    step = np.array(spacing, dtype=np.float64)
    cubes, positions, first, second = count_cubes(padded)
    voxels = int(np.count_nonzero(inside))
    area, volume = _mesh(cubes, positions, step)
    diameter, in_plane = _diameters(padded, step)
    least, minor, major = _axes(voxels, first, second, step)
    return {
        "Elongation": _root(minor, major),
        "Flatness": _root(least, major),
        "LeastAxisLength": 4 * _root(least, 1.0),
        "MajorAxisLength": 4 * _root(major, 1.0),
        "Maximum2DDiameterColumn": in_plane[1],
        "Maximum2DDiameterRow": in_plane[2],
        "Maximum2DDiameterSlice": in_plane[0],
        "Maximum3DDiameter": diameter,
        "MeshVolume": volume,
        "MinorAxisLength": 4 * _root(minor, 1.0),
        "Sphericity": (36 * np.pi * volume**2) ** (1 / 3) / area,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": float(voxels * step.prod()),
    }


def _mesh(counts: NDArray[np.int64], positions: NDArray[np.int64], step: Array) -> tuple[float, float]:
    """Return area and volume of pyradiomics' marching-cubes mesh.

    A cube's contribution to either depends on which of its eight corners are inside and, for the volume, linearly on
    its position. It is therefore enough to count the cubes of each kind and to sum their positions.
    """
    volume_at_origin, volume_slope = _cube_volumes()
    volume = counts @ volume_at_origin + (positions * volume_slope).sum()
    return float(counts @ _cube_areas(*step)), float(volume * step.prod())


@lru_cache(maxsize=64)
def _cube_areas(z: float, y: float, x: float) -> Array:
    return np.array([_of_cubes(_cube(kind), (z, y, x))[0] for kind in range(256)])


@lru_cache(maxsize=1)
def _cube_volumes() -> tuple[Array, Array]:
    """Return the volume of each kind of cube at the origin, and its increase per step along each axis, in voxels."""
    at_origin = np.array([_of_cubes(_cube(kind))[1] for kind in range(256)])
    slope = np.empty((3, 256))
    for axis in range(3):
        for kind in range(256):
            cube = _cube(kind)
            first = cube.take([0], axis=axis)
            # Repeating the first plane moves the cube one step along the axis, behind a cube of known volume.
            longer = np.concatenate([first, cube], axis=axis)
            before = np.concatenate([first, first], axis=axis)
            slope[axis, kind] = _of_cubes(longer)[1] - _of_cubes(before)[1] - at_origin[kind]
    return at_origin, slope


def _cube(kind: int) -> NDArray[np.bool_]:
    return (kind >> np.arange(8) & 1).astype(bool).reshape(2, 2, 2)


def _of_cubes(inside: NDArray[np.bool_], step: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> tuple[float, float]:
    from radiomics import cShape

    area, volume, _ = cShape.calculate_coefficients(np.ascontiguousarray(inside), np.array(step))
    return float(area), float(volume)


def _diameters(padded: NDArray[np.uint8], step: Array) -> tuple[float, list[float]]:
    """Return the largest distance between mesh vertices, in space and within planes perpendicular to z, y and x.

    A point between two others on a line cannot be the end of a diameter.
    """
    from tme_platform.radiomics._surface import line_ends, widest, widest_in_planes

    z, y, x = step / 2
    along_x, along_z, along_y = line_ends(padded)
    in_plane = [
        widest_in_planes(along_x, y, x),
        widest_in_planes(along_z, x, z),
        widest_in_planes(along_y, z, y),
    ]
    points = np.concatenate([_points(along_x, end) for end in (0, 1)])
    c, b, a = points.T
    ends = ((along_z[b, a] == c[:, None]).any(axis=1)) & ((along_y[a, c] == b[:, None]).any(axis=1))
    corners = points[ends] * (step / 2)
    radius = np.linalg.norm(corners - (corners.min(axis=0) + corners.max(axis=0)) / 2, axis=1)
    order = np.argsort(-radius)
    return widest(corners[order], radius[order]), in_plane


def _points(along_x: NDArray[np.int64], end: int) -> NDArray[np.int64]:
    lines = np.argwhere(along_x[:, :, 1] >= 0)
    return np.column_stack([lines, along_x[lines[:, 0], lines[:, 1], end]])


def _axes(voxels: int, first: NDArray[np.int64], second: NDArray[np.int64], step: Array) -> Array:
    """Return the eigenvalues of the covariance of the voxel centres, ascending.

    Sums of positions and of products are whole numbers, so that nothing is lost in their difference.
    """
    covariance = (voxels * second - np.outer(first, first)) / voxels**2 * np.outer(step, step)
    eigenvalues = np.linalg.eigvals(covariance).real  # numpy may type those of a symmetric matrix as complex
    eigenvalues[(eigenvalues < 0) & (eigenvalues > -1e-10)] = 0
    return np.sort(eigenvalues)


def _root(value: float, reference: float) -> float:
    return float(np.sqrt(value / reference)) if value >= 0 and reference > 0 else np.nan
