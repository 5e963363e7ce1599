"""Resampling to the 1 mm grid on which regions and features are computed: that of pyradiomics."""

import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import foreground_box, spans_a_plane


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
        Voxel size of the grid.
    pad_voxels
        Margin round the mask's bounding box, in new voxels.

    Returns
    -------
    tuple of SimpleITK.Image
        Image and mask (unsigned 32-bit) of one geometry.

    Raises
    ------
    ImagingError
        ``mask_empty``, or ``mask_too_small`` unless the mask is at least two voxels wide along two axes.
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
        raise ImagingError("mask_too_small", f"the outline is empty on a grid of {spacing_mm:g} mm: it is too small.")
    _check_extent(resampled[1], f"outline on the {spacing_mm:g} mm grid")
    return resampled


def _check_extent(mask: sitk.Image, what: str) -> None:
    if not sitk.GetArrayViewFromImage(mask).any():
        raise ImagingError("mask_empty", f"the {what} is empty; draw it, or remove the row.")
    low, high = foreground_box(mask)
    if not spans_a_plane(low, high):
        raise ImagingError(
            "mask_too_small",
            f"the {what} spans {' x '.join(map(str, high - low + 1))} voxels; at least 2 x 2 are required.",
        )
