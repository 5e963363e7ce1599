"""The intensity below which a voxel of an MR image is air. Its use belongs in ``regions`` and ``preprocessing``."""

import numpy as np
from numpy.typing import NDArray

_BINS = 256
_ROUNDS = 5
_SHARE_OF_TUMOUR = 1 / 3
_SHARE_OF_FULLEST_PLANE = 1 / 3
_MOST_BOXES = 10
_AXES = 3


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
    threshold = _repeated_otsu(values, limit)
    return threshold if threshold is None or values.ndim != _AXES else _inside_body_box(values, threshold, limit)


def _inside_body_box(values: NDArray[np.floating], threshold: float, limit: float) -> float:
    box: tuple[slice, ...] | None = None
    for _ in range(_MOST_BOXES):
        new_box = _body_box(values >= threshold)
        found = None if new_box == box else _repeated_otsu(values[new_box], limit)
        if found is None:
            break
        box, threshold = new_box, found
    return threshold


def _body_box(tissue: NDArray[np.bool_]) -> tuple[slice, ...]:
    box = []
    for axis in range(tissue.ndim):
        count = tissue.sum(axis=tuple(other for other in range(tissue.ndim) if other != axis))
        planes = np.flatnonzero(count >= _SHARE_OF_FULLEST_PLANE * count.max())
        box.append(slice(int(planes[0]), int(planes[-1]) + 1))
    return tuple(box)


def _repeated_otsu(values: NDArray[np.floating], limit: float) -> float | None:
    below = values.ravel()
    for _ in range(_ROUNDS):
        if below.size < 2 or below.min() == below.max():
            return None
        threshold = _otsu(below)
        below = below[below < threshold]
        if threshold <= limit:
            return threshold
    return None


def _otsu(values: NDArray[np.floating]) -> float:
    counts, edges = np.histogram(values, bins=_BINS)
    centres = (edges[1:] + edges[:-1]) / 2
    weight = counts.cumsum()[:-1].astype(float)
    total = float(counts.sum())
    first_moment = (counts * centres).cumsum()
    mean = first_moment[-1] / total
    # The first and last bins of a histogram from minimum to maximum are never empty: no division by zero.
    between = (mean * weight - first_moment[:-1]) ** 2 / (weight * (total - weight))
    return float(edges[1:][between.argmax()])
