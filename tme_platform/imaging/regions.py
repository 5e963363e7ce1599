"""The two regions of a tumour: the outline itself and the ring round its border.

What a region's numbers mean for quality is in ``quality``; features of the regions are in ``tme_platform.radiomics``.
"""

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.imaging.air import air_threshold
from tme_platform.imaging.distance import signed_distance_mm
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import onto_grid
from tme_platform.imaging.grid import resample_to_grid


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
        Intensity below which a voxel was taken for air; NaN if the image has no air.
    """

    image: sitk.Image
    tumour: sitk.Image
    ring: sitk.Image
    ring_voxels: int
    air_voxels: int
    vessel_voxels: int
    excluded_voxels: int
    air_below: float


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
    """Make the tumour and the ring round its border, on the study's 1 mm grid.

    The grid is pyradiomics' own (see ``resample_to_grid``). The tumour is the mask on that grid. The ring is every
    voxel at -inner_mm <= d <= outer_mm, d the signed distance to the border, without air (``air_threshold``),
    without vessels and without the exclusion mask. Air and vessels are only looked for outside the outline: what the
    reader outlined is tumour. Cavities closed on all sides are filled first, so the ring follows the outer border; an
    outline of one slice has its ring in that slice; each of several components has its own ring; a tumour thinner than
    the ring lies in it whole; where the outline meets the edge of the image the ring is open.

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry (``read_series``, ``read_mask``).
    inner_mm, outer_mm
        Width of the ring inside and outside the border, mm; ``outer_mm`` at most the grid's margin.
    exclude
        Mask of vessels and neighbouring tissue to leave out of the ring.
    leave_out_air
        Whether air is left out.
    vessel_sd
        Leave out voxels brighter than the tumour's mean plus this many of its standard deviations; None leaves them in.
    spacing_mm, pad_voxels
        The grid.

    Returns
    -------
    dict
        ``tumour`` and ``ring``: 8-bit SimpleITK masks of one geometry, 1 inside.

    Raises
    ------
    ImagingError
        ``mask_empty``, ``mask_too_small``, ``mask_covers_image``, ``geometry_mismatch``, ``mask_outside_image``.
    ValueError
        If a width is negative, both are 0, or ``outer_mm`` exceeds the grid's margin.

    References
    ----------
    Han et al. 2024, Breast Cancer Research, doi 10.1186/s13058-024-01776-y (a ring 2 mm inside to 2 mm outside).
    """
    found = delineate(
        image,
        mask,
        inner_mm=inner_mm,
        outer_mm=outer_mm,
        exclude=exclude,
        leave_out_air=leave_out_air,
        vessel_sd=vessel_sd,
        spacing_mm=spacing_mm,
        pad_voxels=pad_voxels,
    )
    return {"tumour": found.tumour, "ring": found.ring}


def delineate(
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
    resampled: tuple[sitk.Image, sitk.Image] | None = None,
) -> Delineation:
    """Make the regions as ``regions`` does, with the numbers of what was left out.

    ``resampled`` gives image and mask on the grid where the caller has them already (the image may be scaled: air and
    vessels are looked for in ``image``).
    """
    if min(inner_mm, outer_mm) < 0 or inner_mm + outer_mm == 0:
        raise ValueError(f"the ring needs a width above 0, got {inner_mm} mm inside and {outer_mm} mm outside")
    if outer_mm > pad_voxels * spacing_mm:
        raise ValueError(
            f"a ring of {outer_mm} mm outside does not fit in the grid's margin of {pad_voxels * spacing_mm:g} mm; "
            "raise pad_voxels (which changes the filters' scale, hence the features)"
        )
    mask = onto_grid(mask, image)
    values = sitk.GetArrayViewFromImage(image)
    inside = sitk.GetArrayViewFromImage(mask) != 0
    if inside.all():
        raise ImagingError("mask_covers_image", "the outline covers the whole image; outline the tumour only.")
    grid, tumour_mask = resampled or resample_to_grid(
        sitk.Cast(image, sitk.sitkFloat64), mask, spacing_mm=spacing_mm, pad_voxels=pad_voxels
    )
    tumour = sitk.GetArrayFromImage(tumour_mask) != 0
    distance = signed_distance_mm(_fill_cavities(mask), grid, outer_mm + 3 * spacing_mm)
    ring = (distance >= -inner_mm) & (distance <= outer_mm)
    in_tumour = values[inside]
    air_below = air_threshold(values, float(np.median(in_tumour))) if leave_out_air else None
    outside = ring & ~tumour
    air = _empty_like(ring) if air_below is None else outside & _onto(image < air_below, grid)
    vessel = _empty_like(ring)
    if vessel_sd is not None:
        above = float(in_tumour.mean() + vessel_sd * in_tumour.std())
        vessel = outside & ~air & _onto(image > above, grid)
    left_out = air | vessel
    excluded = _empty_like(ring) if exclude is None else ring & ~left_out & _onto(exclude != 0, grid)
    return Delineation(
        image=grid,
        tumour=_mask(tumour, grid),
        ring=_mask(ring & ~left_out & ~excluded, grid),
        ring_voxels=int(ring.sum()),
        air_voxels=int(air.sum()),
        vessel_voxels=int(vessel.sum()),
        excluded_voxels=int(excluded.sum()),
        air_below=float("nan") if air_below is None else air_below,
    )


def _fill_cavities(mask: sitk.Image) -> sitk.Image:
    return sitk.BinaryFillhole(sitk.Cast(mask != 0, sitk.sitkUInt8), fullyConnected=False, foregroundValue=1.0)


def _onto(mask: sitk.Image, grid: sitk.Image) -> NDArray[np.bool_]:
    moved = sitk.Resample(mask, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
    return np.asarray(sitk.GetArrayViewFromImage(moved) != 0)


def _empty_like(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.zeros_like(region)


def _mask(region: NDArray[np.bool_], grid: sitk.Image) -> sitk.Image:
    mask = sitk.GetImageFromArray(region.astype(np.uint8))
    mask.CopyInformation(grid)
    return mask
