"""The two regions of a tumour: the outline itself and the ring round its border.

Quality measures of the regions belong in ``quality``, their features in ``tme_platform.radiomics``.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.air import air_threshold
from tme_platform.imaging.distance import signed_distance_mm
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import onto_grid, resampled_array, to_mask
from tme_platform.imaging.grid import resample_to_grid
from tme_platform.imaging.settings import RegionSettings


@dataclass(frozen=True)
class Delineation:
    """The regions of one outline on the study's grid, and what was left out of the ring.

    Attributes
    ----------
    image
        The image on that grid.
    tumour, ring
        8-bit masks, 1 inside.
    ring_voxels
        Voxels of the ring before anything was left out.
    air_voxels, vessel_voxels, excluded_voxels
        Voxels left out of it: air, brighter than the vessel threshold, in the exclusion mask (each counted once, in
        this order).
    air_below
        Intensity below which a voxel counts as air; NaN if the image has no air.
    """

    image: sitk.Image
    tumour: sitk.Image
    ring: sitk.Image
    ring_voxels: int
    air_voxels: int
    vessel_voxels: int
    excluded_voxels: int
    air_below: float

    def masks(self) -> dict[str, sitk.Image]:
        """Return the masks by name: ``tumour`` and ``ring``."""
        return {"tumour": self.tumour, "ring": self.ring}


def regions(
    image: sitk.Image,
    mask: sitk.Image,
    *,
    inner_mm: float = 2.0,
    outer_mm: float = 2.0,
    exclude: sitk.Image | None = None,
    leave_out_air: bool = True,
    vessel_sd: float | None = None,
    spacing_mm: float = 1.0,
    pad_voxels: int = 5,
) -> dict[str, sitk.Image]:
    """Compute the masks of the tumour and of the ring round its border, on the study's 1 mm grid.

    The grid is pyradiomics' own (see ``resample_to_grid``). The tumour is the mask on that grid. The ring is every
    voxel with -inner_mm <= d <= outer_mm, where d is the signed distance to the border, without air
    (``air_threshold``), vessels and the exclusion mask. Air and vessels are only searched outside the outline: what
    the reader outlined is tumour.

    Closed cavities are filled first, so the ring follows the outer border. An outline of one slice has its ring in
    that slice, and each of several components has its own ring. A tumour thinner than the ring lies entirely within
    it. Where the outline meets the edge of the image the ring is open.

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry (``read_series``, ``read_mask``).
    exclude
        Mask of vessels and neighbouring tissue to leave out of the ring.
    inner_mm, outer_mm, leave_out_air, vessel_sd, spacing_mm, pad_voxels
        See ``RegionSettings``.

    Returns
    -------
    dict
        ``tumour`` and ``ring``: 8-bit SimpleITK masks of one geometry, 1 inside.

    Raises
    ------
    ImagingError
        ``mask_empty``, ``mask_too_small``, ``mask_covers_image``, ``geometry_mismatch``, ``mask_outside_image``.
    ValueError
        If the widths are invalid, see ``RegionSettings``.

    References
    ----------
    Han et al. 2024, Breast Cancer Research, doi 10.1186/s13058-024-01776-y (a ring 2 mm inside to 2 mm outside).
    """
    settings = RegionSettings(inner_mm, outer_mm, leave_out_air, vessel_sd, spacing_mm, pad_voxels)
    return delineate(image, mask, settings, exclude=exclude).masks()


def delineate(
    image: sitk.Image,
    mask: sitk.Image,
    settings: RegionSettings | None = None,
    *,
    exclude: sitk.Image | None = None,
    resampled: tuple[sitk.Image, sitk.Image] | None = None,
) -> Delineation:
    """Compute the regions as ``regions`` does, and count the voxels left out of the ring.

    Parameters
    ----------
    image, mask, exclude
        As in ``regions``.
    settings
        The study's if None.
    resampled
        Image and mask on the study's grid, if the caller has them already. This image may be scaled, since air and
        vessels are searched in ``image``.
    """
    settings = settings or RegionSettings()
    mask = onto_grid(mask, image)
    values = sitk.GetArrayViewFromImage(image)
    inside = sitk.GetArrayViewFromImage(mask) != 0
    if inside.all():
        raise ImagingError("mask_covers_image", "the outline covers the whole image; outline the tumour only.")
    grid, tumour_mask = resampled or resample_to_grid(
        sitk.Cast(image, sitk.sitkFloat64), mask, spacing_mm=settings.spacing_mm, pad_voxels=settings.pad_voxels
    )
    tumour = sitk.GetArrayFromImage(tumour_mask) != 0
    distance = signed_distance_mm(_fill_cavities(mask), grid, settings.outer_mm + 3 * settings.spacing_mm)
    ring = (distance >= -settings.inner_mm) & (distance <= settings.outer_mm)
    in_tumour = values[inside]
    air_below = air_threshold(values, float(np.median(in_tumour))) if settings.leave_out_air else None
    outside = ring & ~tumour
    air = vessel = excluded = np.zeros_like(ring)
    if air_below is not None:
        air = outside & _on_grid(values < air_below, image, grid)
    if settings.vessel_sd is not None:
        above = float(in_tumour.mean() + settings.vessel_sd * in_tumour.std())
        vessel = outside & ~air & _on_grid(values > above, image, grid)
    if exclude is not None:
        excluded = ring & ~(air | vessel) & resampled_array(exclude != 0, grid)
    return Delineation(
        image=grid,
        tumour=to_mask(tumour, grid),
        ring=to_mask(ring & ~(air | vessel | excluded), grid),
        ring_voxels=int(ring.sum()),
        air_voxels=int(air.sum()),
        vessel_voxels=int(vessel.sum()),
        excluded_voxels=int(excluded.sum()),
        air_below=float("nan") if air_below is None else air_below,
    )


def _on_grid(voxels: NDArray[np.bool_], image: sitk.Image, grid: sitk.Image) -> NDArray[np.bool_]:
    """Resample voxels of the image to the grid.

    Intensities are compared with thresholds as arrays: SimpleITK truncates a threshold to the pixel type of the image.
    """
    return resampled_array(to_mask(voxels, image), grid)


def _fill_cavities(mask: sitk.Image) -> sitk.Image:
    return sitk.BinaryFillhole(sitk.Cast(mask != 0, sitk.sitkUInt8), fullyConnected=False, foregroundValue=1.0)
