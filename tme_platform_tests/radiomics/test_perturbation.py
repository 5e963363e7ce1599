import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, air_threshold
from tme_platform.imaging.geometry import foreground_box
from tme_platform.radiomics import perturbations
from tme_platform.radiomics.field_of_view import change_field_of_view


def arrays(versions):
    return {name: (sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0) for name, image, mask in versions}


def test_each_kind_of_perturbation(small):
    image, mask = small
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0
    perturbed = arrays(perturbations(image, mask, seed=1))
    assert list(perturbed) == [
        *("contour_dilated", "contour_eroded", "position_x", "position_y", "noise_1", "noise_2"),
        "field_of_view_2",  # there is nothing to crop
    ]
    dilated, eroded = perturbed["contour_dilated"][1], perturbed["contour_eroded"][1]
    assert (dilated & inside).sum() == inside.sum() < dilated.sum()
    assert (eroded & inside).sum() == eroded.sum() < inside.sum()
    assert (perturbed["position_x"][1] == np.roll(inside, 1, axis=2)).all()
    assert (perturbed["position_y"][1] == np.roll(inside, -1, axis=1)).all()
    for name in ("noise_1", "noise_2"):
        assert (perturbed[name][1] == inside).all()
        # the noise of the lesion has a standard deviation of 8
        assert (perturbed[name][0] - values).std() == pytest.approx(8, rel=0.35)
    assert not np.array_equal(perturbed["noise_1"][0], perturbed["noise_2"][0])


def test_noise_depends_on_the_seed(small):
    first, second, other = (arrays(perturbations(*small, seed=seed))["noise_1"][0] for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def placed(image):
    """Where in the patient the voxel of the lowest index lies, and the number of voxels (x, y, z)."""
    return np.array(image.GetOrigin()) / image.GetSpacing(), np.array(image.GetSize())


def test_a_smaller_field_of_view_is_the_same_image_cropped(tumour):
    image, mask = tumour
    smaller, outline = change_field_of_view(image, mask, -0.15, random=np.random.default_rng(0))
    low, high = foreground_box(mask)
    distances = low, np.array(image.GetSize()) - 1 - high
    room = [np.maximum(0, np.floor(side - 10 / np.array(image.GetSpacing()))) for side in distances]
    cut = [np.minimum(np.rint(0.15 * side), most) for side, most in zip(distances, room, strict=True)]
    cut[0][2] = cut[1][2] = 0
    corner, size = placed(image)
    assert sum(map(sum, cut)) > 0
    assert np.allclose(placed(smaller)[0], corner + cut[0])
    assert (placed(smaller)[1] == size - cut[0] - cut[1]).all()
    assert np.array_equal(
        sitk.GetArrayFromImage(smaller),
        sitk.GetArrayFromImage(sitk.Resample(image, smaller, sitk.Transform(), sitk.sitkNearestNeighbor)),
    )
    assert sitk.GetArrayFromImage(outline).sum() == sitk.GetArrayFromImage(mask).sum()


def test_a_larger_field_of_view_has_more_air(tumour):
    image, mask = tumour
    larger, outline = change_field_of_view(image, mask, 0.15, random=np.random.default_rng(0))
    values = sitk.GetArrayFromImage(image)
    back = sitk.Resample(larger, image, sitk.Transform(), sitk.sitkNearestNeighbor)
    assert np.array_equal(sitk.GetArrayFromImage(back), values)
    inside = sitk.GetArrayFromImage(mask) > 0
    threshold = air_threshold(values, float(np.median(values[inside])))
    added = (
        sitk.GetArrayFromImage(sitk.Resample(image * 0 + 1, larger, sitk.Transform(), sitk.sitkNearestNeighbor)) == 0
    )
    assert added.sum() > 0.05 * values.size
    assert sitk.GetArrayFromImage(larger)[added].max() < threshold
    assert sitk.GetArrayFromImage(outline).sum() == inside.sum()


def test_the_field_of_view_of_a_large_tumour_may_have_nothing_to_crop(small):
    """The outline of 12 mm lies in slices of 28 mm: less than 10 mm remain on each side."""
    assert change_field_of_view(*small, -0.15, random=np.random.default_rng(0)) is None


def test_shift_does_not_wrap_around(small):
    image, mask = small
    values = sitk.GetArrayFromImage(mask) * 0
    values[4:8, 4:9, -5:] = 1
    edge = sitk.GetImageFromArray(values)
    edge.CopyInformation(mask)
    moved = arrays(perturbations(image, edge, seed=0))["position_x"][1]
    assert not moved[:, :, 0].any()
    assert moved.sum() == values.sum() * 4 // 5


def test_empty_outline_raises(small):
    image, mask = small
    with pytest.raises(ImagingError):
        perturbations(image, mask * 0, seed=0)
