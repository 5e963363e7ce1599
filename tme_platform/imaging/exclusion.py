"""Read exclusion masks: tissue to leave out of the ring (vessels, skin, chest wall). Outlines belong in ``mask``."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._volume import read_volume
from tme_platform.imaging.geometry import onto_grid, resample_mask, to_mask


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
        ``exclusion_mask_missing``, ``exclusion_mask_unreadable``, ... as for an image, and ``geometry_mismatch`` if it
        has the grid of the image at another position.
    """
    path = Path(path)
    labels = read_volume(path, "exclusion_mask")
    left_out = sitk.Cast(labels != 0, sitk.sitkUInt8)
    inside = sitk.GetArrayViewFromImage(left_out)
    if inside.any() and labels.GetSize() == reference.GetSize():
        return onto_grid(left_out, reference, path.name)
    if not np.any(inside):
        return to_mask(np.zeros(reference.GetSize()[::-1], dtype=bool), reference)
    return resample_mask(left_out, reference)
