"""Read exclusion masks: tissue to leave out of the ring (vessels, skin, chest wall). Outlines belong in ``mask``."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._boundary import reads
from tme_platform.imaging._rounding import round_geometry
from tme_platform.imaging._volume import read_volume
from tme_platform.imaging.errors import ImagingError
from tme_platform.imaging.geometry import check_geometry, onto_grid, resample_mask, to_mask


@reads("exclusion_mask")
def read_exclusion(path: str | Path, reference: sitk.Image) -> sitk.Image:
    """Read an exclusion mask. Every label counts; the mask may be empty, and may extend beyond the image.

    Parameters
    ----------
    path
        A label map (NIfTI, NRRD, MetaImage).
    reference
        The image whose grid the result has.

    Returns
    -------
    SimpleITK.Image
        8-bit, 1 where tissue is left out, with the geometry of ``reference``.

    Raises
    ------
    ImagingError
        ``exclusion_mask_missing``, ``exclusion_mask_unreadable``, ... as for an image, ``geometry_mismatch`` as for an
        outline, and ``exclusion_mask_outside_image`` if nothing of it lies in the image.
    """
    path = Path(path)
    labels = round_geometry(read_volume(path, "exclusion_mask"))
    left_out = sitk.Cast(labels != 0, sitk.sitkUInt8)
    inside = sitk.GetArrayViewFromImage(left_out)
    if inside.any() and labels.GetSize() == reference.GetSize():
        return onto_grid(left_out, reference, path.name)
    if not np.any(inside):
        return to_mask(np.zeros(reference.GetSize()[::-1], dtype=bool), reference)
    check_geometry(left_out, reference, path.name)
    moved = resample_mask(left_out, reference)
    if not np.any(sitk.GetArrayViewFromImage(moved)):
        raise ImagingError(
            "exclusion_mask_outside_image",
            f"nothing of {path.name} lies in its image; it belongs to another series, or its header is wrong.",
        )
    return moved
