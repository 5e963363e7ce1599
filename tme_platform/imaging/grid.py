"""The 1 mm grid round a tumour on which features and regions are computed. It is pyradiomics' own."""

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import foreground_box


def resample_to_grid(
    image: sitk.Image, mask: sitk.Image, *, spacing_mm: float = 1.0, pad_voxels: int = 5
) -> tuple[sitk.Image, sitk.Image]:
    """Resample image (B-spline) and mask (nearest neighbour) to the study's grid.

    The grid is aligned to the image's own and cropped to the mask's bounding box plus ``pad_voxels``; an axis along
    which the mask spans one slice keeps its spacing. The call is pyradiomics' ``imageoperations.resampleImage``, since
    the crop is part of the features' definition (the filters scale by the largest value in it).

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry.
    spacing_mm
        Side of the new voxels.
    pad_voxels
        Margin round the mask's bounding box, in new voxels.

    Returns
    -------
    tuple of SimpleITK.Image
        Image and mask (unsigned 32-bit) of one geometry.

    Raises
    ------
    ImagingError
        ``mask_too_small`` if the mask extends over more than one voxel in fewer than two directions.
    """
    from radiomics import imageoperations

    _check_extent(mask, "outline")
    resampled: tuple[sitk.Image, sitk.Image] = imageoperations.resampleImage(
        image,
        sitk.Cast(mask != 0, sitk.sitkUInt32),
        resampledPixelSpacing=[spacing_mm] * 3,
        interpolator=sitk.sitkBSpline,
        padDistance=pad_voxels,
        label=1,
    )
    if not sitk.GetArrayViewFromImage(resampled[1]).any():
        raise ImagingError("mask_too_small", f"the outline vanishes on a grid of {spacing_mm:g} mm; it is too small.")
    _check_extent(resampled[1], f"outline on the {spacing_mm:g} mm grid")
    return resampled


def _check_extent(mask: sitk.Image, what: str) -> None:
    if not sitk.GetArrayViewFromImage(mask).any():
        raise ImagingError("mask_empty", f"the {what} has no voxel inside; draw it, or drop the row.")
    low, high = foreground_box(mask)
    if int(np.sum(high > low)) < 2:
        raise ImagingError(
            "mask_too_small",
            f"the {what} spans {' x '.join(map(str, high - low + 1))} voxels; a surface of 2 x 2 is the least.",
        )
