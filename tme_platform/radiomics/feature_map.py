"""Maps of a feature: its value round each voxel. Features of whole regions belong in ``extraction``."""

import difflib
import itertools
import math

import numpy as np
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from tme_platform.radiomics._filters import filtered
from tme_platform.radiomics.extraction import prepare
from tme_platform.radiomics.names import feature_names
from tme_platform.radiomics.settings import WHOLE_IMAGE, ExtractionSettings

_FAMILIES = ("firstorder", "glcm")


def feature_map(
    image: sitk.Image,
    mask: sitk.Image,
    feature: str,
    radius: int = 1,
    settings: ExtractionSettings | None = None,
    *,
    masked: bool = True,
    outside: float = math.nan,
    exclude: sitk.Image | None = None,
) -> sitk.Image:
    """Compute a first-order or co-occurrence feature in a cube round each voxel of tumour or ring.

    Values equal those of pyradiomics in its voxel-based mode within a relative difference of 1e-9, but for two cases.
    Where some directions of a cube have no pair of voxels, ``MCC`` is the mean over the others; pyradiomics gives no
    map then. Where all intensities of a cube are equal, skewness and kurtosis depend on rounding in both.

    Parameters
    ----------
    image, mask
        Scalar volume and binary mask of the same geometry.
    feature
        A name of ``feature_names``, such as ``ring_original_glcm_Contrast``; without ``tumour_`` or ``ring_``, that of
        the tumour.
    radius
        Of the cube, which is ``2 * radius + 1`` voxels wide, in voxels of the resampled image (1 mm by default);
        pyradiomics' ``kernelRadius``. The co-occurrence is that of adjacent voxels, whatever the radius.
    settings
        As in ``extract``: ``WHOLE_IMAGE`` if None.
    masked
        Whether only voxels of the region count. Otherwise all voxels of a cube do, and grey levels are those of the
        region's bounding box, ``radius`` voxels wider on each side; pyradiomics' ``maskedKernel``.
    outside
        Value of voxels outside the region; pyradiomics' ``initValue``.
    exclude
        Mask of tissue to leave out of the ring.

    Returns
    -------
    Volume of float64 in the unit of the feature, on the grid of the preprocessed image (as ``prepare`` returns it: cut
    out round the tumour, resampled). It is ``outside`` everywhere if there is no region, and NaN in voxels without
    neighbours for features of co-occurrence.

    Raises
    ------
    ValueError
        If there is no such feature, or the radius is less than 1.
    ImagingError
        As in ``regions``.

    References
    ----------
    van Griethuysen et al. 2017, Cancer Res. 77(21):e104-e107 (pyradiomics)
    """
    settings = settings or WHOLE_IMAGE
    if radius < 1:
        raise ValueError(f"radius is {radius}: it has to be 1 or more")
    name, image_type, family, short = _parts(feature, settings)
    found = prepare(image, mask, settings, exclude)
    inside = sitk.GetArrayFromImage(found.masks()[name]) > 0
    result = np.full(inside.shape, float(outside))
    if inside.any():
        box = _box(inside, radius)
        counted = inside
        if not masked:
            counted = np.zeros_like(inside)
            counted[box] = True
        images = filtered(found.image, found.tumour, {name: counted}, settings.filters())
        values = next(voxels[name] for kind, voxels in images if kind == image_type)
        voxel_mm3 = float(np.prod(found.image.GetSpacing()))
        result[inside] = _around(values, counted[box], inside[box], radius, (family, short), settings, voxel_mm3)
    volume = sitk.GetImageFromArray(result)
    volume.CopyInformation(found.image)
    return volume


def _around(
    values: NDArray[np.floating],
    counted: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    radius: int,
    feature: tuple[str, str],
    settings: ExtractionSettings,
    voxel_mm3: float,
) -> NDArray[np.float64]:
    # numba takes a second to import, which only those who compute features should wait for.
    from tme_platform.radiomics import _cooccurrence, _firstorder
    from tme_platform.radiomics._grey_levels import DIRECTIONS, Region, discretise

    family, short = feature
    region = Region(counted, margin=radius)
    grey = discretise(values, region, settings.bin_width)
    centres = region.positions(inside)
    cube = np.array(list(itertools.product(range(-radius, radius + 1), repeat=3)))
    offsets = region.offsets(cube)
    if family == "firstorder":
        padded = np.zeros(len(grey.grid))
        padded[region.voxels] = values
        position = _firstorder.FEATURES.index(short)
        return _firstorder.feature_around(
            padded, grey.grid, centres, offsets, len(grey.present), voxel_mm3, settings.voxel_array_shift, position
        )
    within = [offsets[(np.abs(cube + step) <= radius).all(axis=1)] for step in DIRECTIONS]
    pairs = np.cumsum([0, *(len(first) for first in within)])
    position = _cooccurrence.FEATURES.index(short)
    return _cooccurrence.feature_around(
        grey.grid, centres, offsets, region.steps, np.concatenate(within), pairs, grey.present, position
    )


def _parts(feature: str, settings: ExtractionSettings) -> tuple[str, str, str, str]:
    """Split a name into region, image type, family and feature."""
    known = {name for name in feature_names(settings) if name.split("_")[2] in _FAMILIES}
    full = feature if feature.startswith(("tumour_", "ring_")) else f"tumour_{feature}"
    if full not in known:
        near = difflib.get_close_matches(full, sorted(known), n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(
            f"no map of {feature!r}: maps are of first-order and glcm features of the settings' images{hint}"
        )
    region, image_type, family, short = full.split("_")
    return region, image_type, family, short


def _box(inside: NDArray[np.bool_], margin: int) -> tuple[slice, ...]:
    """Return the bounding box of a region, wider by a margin where the array goes on."""
    where = np.nonzero(inside)
    return tuple(
        slice(max(int(at.min()) - margin, 0), min(int(at.max()) + margin + 1, n))
        for at, n in zip(where, inside.shape, strict=True)
    )
