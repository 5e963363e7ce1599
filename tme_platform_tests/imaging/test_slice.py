"""The slice chosen for display and its orientation."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, largest_slice, regions


def ball() -> tuple[sitk.Image, sitk.Image]:
    z, y, x = np.mgrid[:12, :40, :50]
    inside = ((z - 7) * 3.0) ** 2 + ((y - 20) * 1.0) ** 2 + ((x - 25) * 0.8) ** 2 < 9.0**2
    image = sitk.GetImageFromArray((100.0 + z).astype(np.float32))
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    for volume in (image, mask):
        volume.SetSpacing((0.8, 1.0, 3.0))
        volume.SetOrigin((5.0, -3.0, 2.0))
    return image, mask


def test_largest_slice_on_the_image_grid():
    image, mask = ball()
    shown = largest_slice(image, regions(image, mask, leave_out_air=False))
    assert shown.index == 7
    assert shown.spacing_mm == (1.0, 0.8)
    assert shown.image.shape == shown.tumour.shape == shown.ring.shape == (40, 50)
    assert (shown.image == 107).all()
    outlined = sitk.GetArrayFromImage(mask)[7] > 0
    assert (shown.tumour & outlined).sum() * 2 / (shown.tumour.sum() + outlined.sum()) > 0.95
    assert (shown.ring & ~shown.tumour).any()


def test_tumour_outside_the_image_is_refused():
    image, mask = ball()
    masks = regions(image, mask, leave_out_air=False)
    image.SetOrigin((5000.0, 0.0, 0.0))
    with pytest.raises(ImagingError, match="no voxel of the image lies inside") as caught:
        largest_slice(image, masks)
    assert caught.value.rule == "mask_empty"


@pytest.mark.parametrize(
    ("direction", "flips", "top", "left"),
    [
        ((1, 0, 0, 0, 1, 0, 0, 0, 1), (1, 1), "A", "R"),  # axial as written by scanners
        ((-1, 0, 0, 0, -1, 0, 0, 0, 1), (-1, -1), "A", "R"),  # axial as common in NIfTI
        ((0, 0, 1, 1, 0, 0, 0, -1, 0), (1, 1), "S", "A"),  # sagittal as written by scanners
        ((0, 0, 1, -1, 0, 0, 0, 1, 0), (-1, -1), "S", "A"),
    ],
)
def test_radiological_orientation(direction, flips, top, left):
    image, mask = ball()
    y, x = np.mgrid[:40, :50]
    ramp = sitk.GetImageFromArray(np.broadcast_to(y * 100.0 + x, (12, 40, 50)).copy())
    ramp.CopyInformation(image)
    for volume in (ramp, mask):
        volume.SetDirection([float(part) for part in direction])
    shown = largest_slice(ramp, regions(ramp, mask, leave_out_air=False))
    assert (shown.top, shown.left) == (top, left)
    np.testing.assert_array_equal(shown.image, (y * 100.0 + x)[:: flips[0], :: flips[1]])
    assert shown.tumour.any()
