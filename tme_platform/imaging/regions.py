"""The two regions of a tumour: the outline itself and the ring round its border.

Quality measures of the regions belong in ``quality``, their features in ``tme_platform.radiomics``.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.air import Air, air_of, inside_values
from tme_platform.imaging.distance import signed_distance_mm
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import around, onto_grid, resampled_array, to_mask
from tme_platform.imaging.grid import resample_to_grid
from tme_platform.imaging.preprocessing import Scaling
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
    air: Air | None = None,
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
    air
        The air of ``image``, if the caller has searched it already (``air_of``).
    """
    settings = settings or RegionSettings()
    mask = onto_grid(mask, image)
    if sitk.GetArrayViewFromImage(mask).all():
        raise ImagingError("mask_covers_image", "the outline covers the whole image; outline the tumour only.")
    grid, tumour_mask = resampled or resample_to_grid(
        image, mask, spacing_mm=settings.spacing_mm, pad_voxels=settings.pad_voxels, scaling=Scaling()
    )
    tumour = sitk.GetArrayFromImage(tumour_mask) != 0
    width = max(settings.inner_mm, settings.outer_mm)
    distance = signed_distance_mm(_fill_cavities(mask), grid, width + 3 * settings.spacing_mm)
    ring = (distance >= -settings.inner_mm) & (distance <= settings.outer_mm)
    below = (air or air_of(image, mask)).below if settings.leave_out_air else None
    in_tumour = inside_values(sitk.GetArrayViewFromImage(image), mask)
    outside = ring & ~tumour
    none = np.zeros_like(ring)
    air_voxels = vessels = none
    if below is not None:
        air_voxels = outside & (_on_grid(image, grid, in_tumour.max()) < below)
    if settings.vessel_sd is not None:
        above = float(in_tumour.mean() + settings.vessel_sd * in_tumour.std())
        vessels = outside & ~air_voxels & (_on_grid(image, grid, in_tumour.min()) > above)
    excluded = none
    if exclude is not None:
        excluded = ring & ~(air_voxels | vessels) & resampled_array(exclude != 0, grid)
    return Delineation(
        image=grid,
        tumour=to_mask(tumour, grid),
        ring=to_mask(ring & ~(air_voxels | vessels | excluded), grid),
        ring_voxels=int(ring.sum()),
        air_voxels=int(air_voxels.sum()),
        vessel_voxels=int(vessels.sum()),
        excluded_voxels=int(excluded.sum()),
        air_below=float("nan") if below is None else below,
    )


def _on_grid(image: sitk.Image, grid: sitk.Image, beyond: float) -> NDArray[np.floating]:
    """Return the intensities of the nearest voxels of the image, and ``beyond`` where the grid leaves the image.

    They are compared with thresholds as arrays: SimpleITK truncates a threshold to the pixel type of the image.
    """
    nearest = sitk.Resample(image, grid, sitk.Transform(), sitk.sitkNearestNeighbor, float(beyond))
    return np.asarray(sitk.GetArrayFromImage(nearest))


def _fill_cavities(mask: sitk.Image) -> sitk.Image:
    """Return the mask (1 inside) without closed cavities, cropped to a voxel round the outline."""
    from scipy import ndimage

    near = around(mask, 1)
    return to_mask(ndimage.binary_fill_holes(sitk.GetArrayViewFromImage(near) != 0), near)
