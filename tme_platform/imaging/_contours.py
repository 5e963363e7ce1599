"""Fill planar contours on the slices of an image: which slice a contour belongs to, and what lies inside.

DICOM is read in ``rtstruct``; nothing here knows files. The rules are those of the page "Your own cohort".
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Shares of the distance between slices. Positions are stored with few decimals: contours this close share a plane, and
# a contour this close to the middle between two slices counts as lying in the middle.
_SAME_PLANE = 0.1
_MIDWAY = 0.05
# Pixels. A contour that leaves another by less still lies within it; a rim narrower than this is no hole.
_TOUCHING = 0.05
_NARROWEST_RIM = 0.5
_SAMPLE = 0.25
_SKIPPING = 1.5
# Planes are evenly spaced if gaps are multiples of one distance to a fifth of it, and three quarters are that distance.
_UNEVEN = 0.2
_MOSTLY = 0.75


@dataclass(frozen=True)
class Contour:
    """A closed contour in the index space of an image.

    Attributes
    ----------
    points
        Vertices (n x 2: column, row), in pixels.
    depth
        Position along the slices, in slices.
    exclusive
        Whether it is combined with the other exclusive contours of its plane by exclusive or (CLOSEDPLANAR_XOR).
    """

    points: NDArray[np.float64]
    depth: float
    exclusive: bool = False


@dataclass(frozen=True)
class Planes:
    """Contours by the slice they are drawn on.

    Attributes
    ----------
    by_slice
        Contours of each slice.
    farthest
        Largest distance of a contour to its slice, in slices.
    left_out
        Number of planes, finer than the slices, that are not that of a slice.
    skipped
        Slices from one contour to the next, if all planes lie evenly more than one slice apart; otherwise 0.
    """

    by_slice: dict[int, list[Contour]]
    farthest: float
    left_out: int
    skipped: float


def assign(contours: Sequence[Contour]) -> Planes:
    """Assign contours to slices.

    Contours within 0.1 slices of each other share a plane. A plane belongs to the slice nearest to it; from the middle
    between two slices (to 0.05) it belongs to the next higher one, so that contours midway between slices stay as many
    as they are. Planes that lie evenly and finer than the slices sample the structure: each slice takes the plane
    within half their distance of it. The others are left out, except for contours that meet none of a neighbouring
    slice.
    """
    planes = _planes(contours)
    centres = np.array([np.mean([contour.depth for contour in plane]) for plane in planes])
    gaps = np.diff(centres)
    half = _half_distance(gaps)
    by_slice: dict[int, list[Contour]] = defaultdict(list)
    spare: list[tuple[float, list[Contour]]] = []
    farthest = 0.0
    for centre, plane in zip(centres.tolist(), planes, strict=True):
        number = math.floor(centre + half + _MIDWAY)
        if number > centre - half + _MIDWAY:
            by_slice[number] += plane
            farthest = max(farthest, abs(centre - number))
        else:
            spare.append((centre, plane))
    for centre, plane in spare:
        beside = [near for number in (math.floor(centre), math.ceil(centre)) for near in by_slice.get(number, [])]
        lone = [contour for contour in plane if not any(_boxes_meet(contour.points, near.points) for near in beside)]
        if lone:
            number = math.floor(centre + 0.5 + _MIDWAY)
            by_slice[number] += lone
            farthest = max(farthest, abs(centre - number))
    evenly_apart = gaps.size > 1 and np.ptp(gaps) <= 2 * _SAME_PLANE
    skipped = float(np.median(gaps)) if evenly_apart and np.median(gaps) >= _SKIPPING else 0.0
    return Planes(dict(by_slice), farthest, len(spare), skipped)


def fill(contours: Sequence[Contour], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels (y, x) inside the contours of a slice.

    A pixel is inside a contour if its centre is (by the even-odd rule, so that a contour that leads to an inner one and
    back, the keyhole technique, has a hole). Contours are joined. A contour that lies wholly within another is a hole
    in it, and one within a hole is tissue again. The same contour stored twice counts once.
    """
    # From small to large, so that what lies within a contour is known before the contour.
    plain = sorted((one.points for one in contours if not one.exclusive), key=_area)
    holes: list[set[int]] = []
    regions: list[NDArray[np.bool_]] = []
    for number, points in enumerate(plain):
        within = {other for other in range(number) if _is_hole(plain[other], points)}
        region = polygon(points, shape)
        for other in within.difference(*(holes[middle] for middle in within)):
            region &= ~regions[other]
        holes.append(within)
        regions.append(region)
    inside = np.zeros(shape, dtype=bool)
    for number in set(range(len(plain))).difference(*holes):
        inside |= regions[number]
    exclusive = np.zeros(shape, dtype=bool)
    seen: list[NDArray[np.float64]] = []
    for points in (one.points for one in contours if one.exclusive):
        if not any(_lies_within(points, other) and _lies_within(other, points) for other in seen):
            exclusive ^= polygon(points, shape)
            seen.append(points)
    return inside | exclusive


def polygon(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels (y, x) whose centre lies in a polygon (n x 2, in pixels), by counting edges to the left."""
    x0, y0 = points.T
    x1, y1 = np.roll(points, -1, axis=0).T
    inside = np.zeros(shape, dtype=bool)
    first, last = max(0, int(np.ceil(y0.min()))), min(shape[0] - 1, int(np.floor(y0.max())))
    columns = np.arange(shape[1])
    for row in range(first, last + 1):
        crossing = (y0 <= row) != (y1 <= row)
        at = x0[crossing] + (row - y0[crossing]) * (x1[crossing] - x0[crossing]) / (y1[crossing] - y0[crossing])
        inside[row] = np.searchsorted(np.sort(at), columns, side="right") % 2 == 1
    return inside


def _planes(contours: Sequence[Contour]) -> list[list[Contour]]:
    planes: list[list[Contour]] = []
    for contour in sorted(contours, key=lambda one: one.depth):
        if planes and contour.depth - planes[-1][0].depth <= _SAME_PLANE:
            planes[-1].append(contour)
        else:
            planes.append([contour])
    return planes


def _half_distance(gaps: NDArray[np.float64]) -> float:
    """Return half the distance between planes that are evenly finer than the slices; half a slice for all others."""
    if not gaps.size:
        return 0.5
    step = float(np.median(gaps))
    steps = gaps / step
    even = np.abs(steps - np.rint(steps)).max() <= _UNEVEN and np.mean(np.abs(steps - 1) <= _UNEVEN) >= _MOSTLY
    return step / 2 if even and step < 1 - _SAME_PLANE else 0.5


def _is_hole(small: NDArray[np.float64], large: NDArray[np.float64]) -> bool:
    """Tell whether a contour lies within another and leaves a rim; otherwise it is the same contour, stored again."""
    around = float(np.linalg.norm(np.diff(large, axis=0, append=large[:1]), axis=1).sum())
    return _area(large) - _area(small) >= _NARROWEST_RIM * around and _lies_within(small, large)


def _area(points: NDArray[np.float64]) -> float:
    x, y = points.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _lies_within(small: NDArray[np.float64], large: NDArray[np.float64]) -> bool:
    if not _boxes_nested(small, large, _TOUCHING):
        return False
    samples = _sampled(small)
    outside = samples[~_points_inside(samples, large)]
    return not outside.size or bool((_distance(outside, large) <= _TOUCHING).all())


def _boxes_meet(first: NDArray[np.float64], second: NDArray[np.float64]) -> bool:
    return bool((first.min(axis=0) <= second.max(axis=0)).all() and (second.min(axis=0) <= first.max(axis=0)).all())


def _boxes_nested(small: NDArray[np.float64], large: NDArray[np.float64], slack: float) -> bool:
    low, high = large.min(axis=0) - slack, large.max(axis=0) + slack
    return bool((small.min(axis=0) >= low).all() and (small.max(axis=0) <= high).all())


def _sampled(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points along a contour, at most a quarter of a pixel apart."""
    steps = np.diff(points, axis=0, append=points[:1])
    counts = np.maximum(1, np.ceil(np.linalg.norm(steps, axis=1) / _SAMPLE)).astype(int)
    share = np.concatenate([np.arange(count) / count for count in counts])
    return np.asarray(np.repeat(points, counts, axis=0) + share[:, None] * np.repeat(steps, counts, axis=0))


def _points_inside(points: NDArray[np.float64], contour: NDArray[np.float64]) -> NDArray[np.bool_]:
    inside = np.zeros(len(points), dtype=bool)
    for (x0, y0), (x1, y1) in zip(contour, np.roll(contour, -1, axis=0), strict=True):
        if y0 != y1:
            crossing = (y0 <= points[:, 1]) != (y1 <= points[:, 1])
            inside ^= crossing & (points[:, 0] > x0 + (points[:, 1] - y0) * (x1 - x0) / (y1 - y0))
    return inside


def _distance(points: NDArray[np.float64], contour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance of points to the nearest edge of a contour, in pixels."""
    nearest = np.full(len(points), np.inf)
    for start, end in zip(contour, np.roll(contour, -1, axis=0), strict=True):
        edge = end - start
        length = float(edge @ edge)
        along = np.clip((points - start) @ edge / length, 0, 1) if length > 0 else np.zeros(len(points))
        nearest = np.minimum(nearest, np.linalg.norm(points - start - along[:, None] * edge, axis=1))
    return nearest
