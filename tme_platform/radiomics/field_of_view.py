"""The same outlined image with a smaller or larger field of view. Other perturbations belong in ``perturbation``."""

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging import air_threshold
from tme_platform.imaging.geometry import foreground_box


def change_field_of_view(
    image: sitk.Image, mask: sitk.Image, share: float, *, random: np.random.Generator, margin_mm: float = 10.0
) -> tuple[sitk.Image, sitk.Image] | None:
    """Move the four edges of every slice towards the outline, or away from it.

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry; the mask is not empty.
    share
        Change of each edge's distance from the outline, relative to that distance: -0.15 crops 15 % of it, 0.15 adds
        15 % air. Whole voxels are cropped or added.
    random
        Draws the voxels that are added from those of the image that are air (its minimum if it has no air).
    margin_mm
        Distance from the outline within which nothing is cropped.

    Returns
    -------
    (image, mask) or None
        None if no edge moves by a whole voxel.
    """
    low, high = foreground_box(mask)
    spacing = np.array(image.GetSpacing())
    distances = np.array([low, np.array(image.GetSize()) - 1 - high])
    steps = np.rint(np.abs(share) * distances).astype(int)
    if share < 0:
        steps = np.minimum(steps, np.maximum(0, np.floor(distances - margin_mm / spacing).astype(int)))
    steps[:, 2] = 0
    if not steps.any():
        return None
    before, after = ([int(step) for step in side] for side in steps)
    if share < 0:
        return sitk.Crop(image, before, after), sitk.Crop(mask, before, after)
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayViewFromImage(mask) != 0
    width = list(zip(before[::-1], after[::-1], strict=True))
    added = np.pad(np.zeros(values.shape, bool), width, constant_values=True)
    padded = np.pad(values, width)
    padded[added] = random.choice(_air(values, inside), int(added.sum()))
    wider = sitk.ConstantPad(mask, before, after, 0)
    result = sitk.GetImageFromArray(padded)
    result.CopyInformation(wider)
    return result, wider


def _air(values: NDArray[np.floating], inside: NDArray[np.bool_]) -> NDArray[np.floating]:
    threshold = air_threshold(values, float(np.median(values[inside])))
    return values[values < threshold] if threshold is not None else values.min(keepdims=True).ravel()
