"""Agreement of two outlines of one tumour: overlap and distance. Agreement of features belongs in ``radiomics``."""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.geometry import onto_grid


@dataclass(frozen=True)
class Overlap:
    """Agreement of two masks.

    Attributes
    ----------
    dice
        Twice the common volume divided by the sum of both volumes, 0 to 1; NaN if both are empty.
    hausdorff_mm, hausdorff_95_mm
        Largest distance, and the larger of the two 95th percentiles, from the surface voxels of either mask to the
        surface of the other; NaN if one is empty.
    volume_ratio
        Volume of the second divided by that of the first; NaN if the first is empty.
    """

    dice: float
    hausdorff_mm: float
    hausdorff_95_mm: float
    volume_ratio: float


def overlap(first: sitk.Image, second: sitk.Image) -> Overlap:
    """Compare two outlines, on the grid of the first.

    Parameters
    ----------
    first, second
        Binary masks; the second is resampled if its grid differs.

    Raises
    ------
    ImagingError
        If the second cannot be brought onto the grid of the first.

    References
    ----------
    Dice 1945, Ecology 26:297-302; Huttenlocher et al. 1993, IEEE Trans. Pattern Anal. 15(9):850-863; the percentile as
    in Taha & Hanbury 2015, BMC Med. Imaging 15:29.
    """
    a = sitk.GetArrayViewFromImage(first) != 0
    b = sitk.GetArrayViewFromImage(second) != 0
    if a.any() and b.any():
        b = sitk.GetArrayFromImage(onto_grid(second, first, "the second outline")) != 0
    sizes = int(a.sum()), int(b.sum())
    nan = float("nan")
    dice = 2 * int((a & b).sum()) / sum(sizes) if a.shape == b.shape and sum(sizes) else nan
    ratio = sizes[1] / sizes[0] if sizes[0] else nan
    if not all(sizes):
        return Overlap(dice, nan, nan, ratio)
    spacing = first.GetSpacing()[::-1]
    distances = [_surface_distances(one, other, spacing) for one, other in ((a, b), (b, a))]
    largest = max(float(d.max()) for d in distances)
    return Overlap(dice, largest, max(float(np.percentile(d, 95)) for d in distances), ratio)


def _surface_distances(one: np.ndarray, other: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the distances (mm) of the surface voxels of one mask to those of the other."""
    from scipy import ndimage

    to_surface = ndimage.distance_transform_edt(~_surface(other), sampling=spacing)
    return np.asarray(to_surface[_surface(one)])


def _surface(inside: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return np.asarray(inside & ~ndimage.binary_erosion(inside))
