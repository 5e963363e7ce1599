"""The intensity below which a voxel of an MR image is air. Its use belongs in ``regions`` and ``preprocessing``."""

from typing import NamedTuple

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import foreground_box

_BINS = 256
_ROUNDS = 5
_SHARE_OF_TUMOUR = 1 / 3
_SHARE_OF_FULLEST_PLANE = 1 / 3
_MOST_BOXES = 10
_AXES = 3


_Box = tuple[slice, ...]


class Air(NamedTuple):
    """The intensity below which a voxel of an image is air; None if the image has none."""

    below: float | None


def air_of(image: sitk.Image, mask: sitk.Image) -> Air:
    """Find the air of an image by the median intensity inside an outline (``air_threshold``).

    Raises
    ------
    ImagingError
        ``mask_empty``.
    """
    inside = sitk.GetArrayViewFromImage(mask)
    if not inside.any():
        raise ImagingError("mask_empty", "the outline is empty; draw it, or remove the row.")
    values = sitk.GetArrayViewFromImage(image)
    return Air(air_threshold(values, float(np.median(inside_values(values, mask)))))


def inside_values(values: NDArray[np.floating], mask: sitk.Image) -> NDArray[np.floating]:
    """Return the values inside a mask that is not empty, in the order of the array."""
    low, high = foreground_box(mask)
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(low[::-1], high[::-1], strict=True))
    return np.asarray(values[box][sitk.GetArrayViewFromImage(mask)[box] != 0])


def air_threshold(values: NDArray[np.floating], tumour_median: float) -> float | None:
    """Find the intensity that separates air from tissue by repeated application of Otsu's method.

    A single application to a T1-weighted image separates fat from everything else: in 14 of the 15 bundled soft-tissue
    sarcomas the first threshold lies above 60 to 99 % of the tumour voxels. The method is therefore applied again to
    the voxels below the threshold until that is at most a third of the tumour's median intensity, counted from 0 (or
    from the image's minimum, if that is negative).

    Otsu's threshold falls as the share of air rises. In a volume it is therefore determined again in the box of the
    planes that hold at least a third as much tissue as the fullest one, until the box no longer changes: air added
    around the body then leaves it unchanged. If nothing in the box is dark enough, the last threshold is kept.

    Parameters
    ----------
    values
        All intensities of the image, finite; an array of three dimensions is a volume.
    tumour_median
        Median intensity inside the outline.

    Returns
    -------
    float or None
        Intensities below it are air; None if no voxel of the image is dark enough.

    References
    ----------
    Otsu 1979, IEEE Trans. Syst. Man Cybern. 9(1):62-66.
    """
    floor = min(0.0, float(values.min()))
    limit = floor + _SHARE_OF_TUMOUR * (tumour_median - floor)
    if values.ndim != _AXES:
        return _repeated_otsu(values.reshape(1, 1, -1), limit)
    threshold = _repeated_otsu(values, limit)
    return None if threshold is None else _inside_body_box(values, threshold, limit)


def _inside_body_box(values: NDArray[np.floating], threshold: float, limit: float) -> float:
    box: _Box | None = None
    for _ in range(_MOST_BOXES):
        new_box = _body_box(values, threshold)
        found = None if new_box == box else _repeated_otsu(values[new_box], limit)
        if found is None:
            break
        box, threshold = new_box, found
    return threshold


def _body_box(values: NDArray[np.floating], threshold: float) -> _Box:
    counts = [np.zeros(length, dtype=np.int64) for length in values.shape]
    for number, plane in enumerate(values):
        tissue = plane >= threshold
        counts[1] += np.count_nonzero(tissue, axis=1)
        counts[2] += np.count_nonzero(tissue, axis=0)
        counts[0][number] = np.count_nonzero(tissue)
    planes = [np.flatnonzero(count >= _SHARE_OF_FULLEST_PLANE * count.max()) for count in counts]
    return tuple(slice(int(along[0]), int(along[-1]) + 1) for along in planes)


def _repeated_otsu(values: NDArray[np.floating], limit: float) -> float | None:
    low, high = values.min(), values.max()
    for _ in range(_ROUNDS):
        if low == high:
            return None
        edges = np.histogram_bin_edges(np.array([low, high]), bins=_BINS)
        counts, largest = _histogram(values, edges.astype(np.float64))
        last = _otsu(counts, edges)
        threshold = float(edges[last + 1])
        if threshold <= limit:
            return threshold
        high = values.dtype.type(largest[: last + 1].max())
    return None


def _histogram(
    values: NDArray[np.floating], edges: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count the values in each bin as ``numpy.histogram`` does, and find the largest one in each (-inf if empty)."""
    from tme_platform.imaging._histogram import add_to_histogram

    counts, largest = np.zeros(len(edges) - 1, dtype=np.int64), np.full(len(edges) - 1, -np.inf)
    for plane in values:  # one plane at a time is in double precision
        add_to_histogram(plane.astype(np.float64).ravel(), edges, counts, largest)
    return counts, largest


def _otsu(counts: NDArray[np.int64], edges: NDArray[np.floating]) -> int:
    """Return the last bin of the darker class."""
    centres = (edges[1:] + edges[:-1]) / 2
    weight = counts.cumsum()[:-1].astype(float)
    total = float(counts.sum())
    first_moment = (counts * centres).cumsum()
    mean = first_moment[-1] / total
    # The first and last bins of a histogram from minimum to maximum are never empty: no division by zero.
    between = (mean * weight - first_moment[:-1]) ** 2 / (weight * (total - weight))
    return int(between.argmax())
