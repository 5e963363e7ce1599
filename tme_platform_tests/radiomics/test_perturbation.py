import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError
from tme_platform.radiomics import perturbations


def arrays(versions):
    return {name: (sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0) for name, image, mask in versions}


def test_each_kind_of_perturbation(small):
    image, mask = small
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0
    perturbed = arrays(perturbations(image, mask, seed=1))
    assert list(perturbed) == ["contour_dilated", "contour_eroded", "position_x", "position_y", "noise_1", "noise_2"]
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
