"""Reading a mask of what to leave out of the ring: vessels, skin, chest wall. Tumours are read in ``mask``."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging._volume import read_volume
from tme_platform.imaging.geometry import onto_grid


def read_exclusion(path: str | Path, reference: sitk.Image) -> sitk.Image:
    """Read an exclusion mask: every label counts, it may be empty, and it may reach beyond the image.

    Parameters
    ----------
    path
        A label map (NIfTI, NRRD, MetaImage).
    reference
        The image whose grid is wanted.

    Returns
    -------
    SimpleITK.Image
        8-bit, 1 where tissue is left out, with the geometry of ``reference``.

    Raises
    ------
    ImagingError
        ``exclusion_mask_missing``, ``exclusion_mask_unreadable``, ... as for an image, and ``geometry_mismatch`` if it
        has the grid of the image at another place.
    """
    path = Path(path)
    labels = read_volume(path, "exclusion_mask")
    left_out = sitk.Cast(labels != 0, sitk.sitkUInt8)
    inside = sitk.GetArrayViewFromImage(left_out)
    if inside.any() and labels.GetSize() == reference.GetSize():
        return onto_grid(left_out, reference, path.name)
    if not np.any(inside):
        left_out = sitk.Image(reference.GetSize(), sitk.sitkUInt8)
        left_out.CopyInformation(reference)
        return left_out
    return sitk.Resample(left_out, reference, sitk.Transform(), sitk.sitkNearestNeighbor, 0)
