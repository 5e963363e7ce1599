"""Shape features of a region, as pyradiomics defines them, without comparing all pairs of surface points."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_DIRECTIONS = 16


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
    inside = np.pad(inside, 1)
    step = np.array(spacing)
    area, volume = _mesh(inside, step)
    diameter, in_plane = _diameters(inside, step)
    least, minor, major = _axes(inside, step)
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
        "VoxelVolume": float(inside.sum() * step.prod()),
    }


def _mesh(inside: NDArray[np.bool_], step: Array) -> tuple[float, float]:
    """Return area and volume of pyradiomics' marching-cubes mesh.

    A cube's contribution to either depends on which of its eight corners are inside and, for the volume, linearly on
    its position. It is therefore enough to count the cubes of each kind and to sum their positions.
    """
    code = np.zeros(tuple(n - 1 for n in inside.shape), dtype=np.uint8)
    for bit, (z, y, x) in enumerate(np.ndindex(2, 2, 2)):
        corner = inside[z : z + code.shape[0], y : y + code.shape[1], x : x + code.shape[2]]
        code |= corner.view(np.uint8) << np.uint8(bit)
    positions = np.nonzero((code != 0) & (code != 255))
    kinds = code[positions]
    counts = np.bincount(kinds, minlength=256)
    volume_at_origin, volume_slope = _cube_volumes()
    volume = counts @ volume_at_origin
    for axis, position in enumerate(positions):
        volume += np.bincount(kinds, weights=position, minlength=256) @ volume_slope[axis]
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


def _diameters(inside: NDArray[np.bool_], step: Array) -> tuple[float, list[float]]:
    """Return the largest distance between mesh vertices, in space and within planes perpendicular to z, y and x.

    Vertices lie half-way between two neighbours of which one is inside. A point between two others on a line cannot be
    the end of a diameter.
    """
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    vertices = _vertices(inside)
    in_plane = [_planar_diameter(vertices, axis, step) for axis in range(3)]
    for axis in range(3):
        vertices = _line_ends(vertices, axis)
    points = vertices / 2 * step
    corners = points[ConvexHull(points).vertices]
    return float(pdist(corners).max()), in_plane


def _vertices(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the mesh vertices (n x 3) in half voxels."""
    found = []
    for axis in range(3):
        points = 2 * np.argwhere(np.diff(inside, axis=axis))
        points[:, axis] += 1
        found.append(points)
    return np.concatenate(found)


def _line_ends(points: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
    """Return the first and the last point of every line along an axis."""
    others = [a for a in range(3) if a != axis]
    size = points.max(axis=0) + 1
    line = points[:, others[0]] * size[others[1]] + points[:, others[1]]
    order = np.argsort(line * size[axis] + points[:, axis])
    line = line[order]
    change = np.flatnonzero(np.diff(line)) + 1
    ends = np.union1d(np.concatenate([[0], change]), np.concatenate([change - 1, [len(line) - 1]]))
    return np.asarray(points[order[ends]])


def _planar_diameter(vertices: NDArray[np.int64], axis: int, step: Array) -> float:
    """Return the largest distance between vertices in one plane perpendicular to an axis.

    The extents of a plane's points in sixteen directions bound its diameter from both sides. Pairs are compared only
    in planes whose upper bound reaches the best lower bound.
    """
    from scipy.spatial.distance import pdist

    row, column = (a for a in range(3) if a != axis)
    ends = _line_ends(vertices, column)
    ends = ends[np.argsort(ends[:, axis], kind="stable")]
    starts = np.flatnonzero(np.diff(ends[:, axis], prepend=-1))
    points = ends[:, [row, column]] / 2 * step[[row, column]]
    extent = np.zeros(len(starts))
    for angle in np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS:
        along = points @ np.array([np.cos(angle), np.sin(angle)])
        extent = np.maximum(extent, np.maximum.reduceat(along, starts) - np.minimum.reduceat(along, starts))
    upper = extent / np.cos(np.pi / (2 * _DIRECTIONS)) * (1 + 1e-12)
    best = 0.0
    stops = np.append(starts[1:], len(points))
    for plane in np.argsort(-upper):
        if upper[plane] < max(best, extent.max() * (1 - 1e-12)):
            break
        best = max(best, float(pdist(points[starts[plane] : stops[plane]]).max(initial=0.0)))
    return best


def _axes(inside: NDArray[np.bool_], step: Array) -> Array:
    """Return the eigenvalues of the covariance of the voxel centres, ascending."""
    points = np.argwhere(inside) * step
    points -= points.mean(axis=0)
    points /= np.sqrt(len(points))
    eigenvalues = np.linalg.eigvals(points.T @ points).real  # numpy may type those of a symmetric matrix as complex
    eigenvalues[(eigenvalues < 0) & (eigenvalues > -1e-10)] = 0
    return np.sort(eigenvalues)


def _root(value: float, reference: float) -> float:
    return float(np.sqrt(value / reference)) if value >= 0 and reference > 0 else np.nan
