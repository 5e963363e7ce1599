"""Perturbations of an outlined image in place of a second reading. Judging them belongs in ``agreement``."""

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging import ImagingError
from tme_platform.imaging.geometry import foreground_box, to_mask
from tme_platform.radiomics.field_of_view import change_field_of_view

_FIELD_SHARE = 0.15
_NOISE_REPETITIONS = 2
_MAD_TO_SD = 0.6745


def perturbations(
    image: sitk.Image, mask: sitk.Image, *, seed: int, contour_mm: float = 1.0
) -> list[tuple[str, sitk.Image, sitk.Image]]:
    """Return perturbed versions of an outlined image.

    ``contour_dilated`` and ``contour_eroded`` move the border by ``contour_mm`` (at least one voxel in the plane).
    ``position_x`` and ``position_y`` shift the outline by the same distance, forwards along x and backwards along y.
    ``noise_1`` and ``noise_2`` add Gaussian noise with the estimated standard deviation of the image's noise. In
    ``field_of_view_1`` the four edges of every slice are 15 % closer to the outline, in ``field_of_view_2`` 15 %
    further from it, with air in the voxels that are added (``change_field_of_view``). This changes what the image is
    normalised over, and where the grid of the study lies between its voxels. The part of a name before the last
    underscore is its kind.

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry.
    seed
        Seed of the noise and of the added air.
    contour_mm
        Size of the displacement, mm.

    Returns
    -------
    list of (name, image, mask)
        Without the original, an erosion that leaves no voxel, and a field of view that changes by less than a voxel.

    References
    ----------
    Zwanenburg et al. 2019, Sci. Rep. 9:614 (perturbation chains; the noise estimate is the median absolute deviation
    of the diagonal Haar detail over 0.6745, after Chang et al. 2000, IEEE Trans. Image Process. 9:1532-1546).
    """
    from scipy import ndimage

    inside = sitk.GetArrayViewFromImage(mask) != 0
    if not inside.any():
        raise ImagingError("mask_empty", "the outline is empty; draw it, or remove the row.")
    spacing = np.array(mask.GetSpacing())[::-1]
    reach = max(contour_mm, float(spacing[1:].min())) * (1 + 1e-6)
    dilated = ndimage.distance_transform_edt(~inside, sampling=spacing) <= reach
    eroded = ndimage.distance_transform_edt(inside, sampling=spacing) > reach
    steps = np.maximum(1, np.rint(contour_mm / spacing)).astype(int)
    masks = {
        "contour_dilated": dilated,
        "contour_eroded": eroded,
        "position_x": _shift(inside, 2, int(steps[2])),
        "position_y": _shift(inside, 1, -int(steps[1])),
    }
    results = [(name, image, to_mask(changed, mask)) for name, changed in masks.items() if changed.any()]
    sd = _noise_sd(image, mask)
    random = np.random.default_rng(seed)
    values = sitk.GetArrayFromImage(image)
    for repetition in range(1, _NOISE_REPETITIONS + 1):
        noisy = sitk.GetImageFromArray((values + random.normal(0, sd, values.shape)).astype(np.float32))
        noisy.CopyInformation(image)
        results.append((f"noise_{repetition}", noisy, mask))
    for number, share in enumerate((-_FIELD_SHARE, _FIELD_SHARE), start=1):
        seen = change_field_of_view(image, mask, share, random=random)
        if seen is not None:
            results.append((f"field_of_view_{number}", *seen))
    return results


def _shift(inside: NDArray[np.bool_], axis: int, steps: int) -> NDArray[np.bool_]:
    moved = np.roll(inside, steps, axis=axis)
    # np.roll wraps around: these voxels come from the other side.
    edge = slice(0, steps) if steps > 0 else slice(steps, None)
    moved[tuple(edge if a == axis else slice(None) for a in range(3))] = False
    return moved


def _noise_sd(image: sitk.Image, mask: sitk.Image) -> float:
    low, high = foreground_box(mask)
    (x0, y0, z0), (x1, y1, z1) = np.maximum(low - 5, 0), high + 6
    box = sitk.GetArrayViewFromImage(image)[z0:z1, y0:y1, x0:x1].astype(float)
    detail = (box[:, :-1, :-1] - box[:, 1:, :-1] - box[:, :-1, 1:] + box[:, 1:, 1:]) / 2
    return float(np.median(np.abs(detail)) / _MAD_TO_SD)
