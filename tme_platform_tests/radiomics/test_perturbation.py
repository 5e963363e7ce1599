import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError
from tme_platform.radiomics import perturbations


def arrays(made):
    return {name: (sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0) for name, image, mask in made}


def test_the_kinds_and_what_they_change(small):
    image, mask = small
    values, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask) > 0
    made = arrays(perturbations(image, mask, seed=1))
    assert list(made) == ["contour_dilated", "contour_eroded", "position_x", "position_y", "noise_1", "noise_2"]
    dilated, eroded = made["contour_dilated"][1], made["contour_eroded"][1]
    assert (dilated & inside).sum() == inside.sum() < dilated.sum()
    assert (eroded & inside).sum() == eroded.sum() < inside.sum()
    assert (made["position_x"][1] == np.roll(inside, 1, axis=2)).all()
    assert (made["position_y"][1] == np.roll(inside, -1, axis=1)).all()
    for name in ("noise_1", "noise_2"):
        assert (made[name][1] == inside).all()
        # the lesion was made with noise of 8
        assert (made[name][0] - values).std() == pytest.approx(8, rel=0.35)
    assert not np.array_equal(made["noise_1"][0], made["noise_2"][0])


def test_the_seed_decides(small):
    first, second, other = (arrays(perturbations(*small, seed=seed))["noise_1"][0] for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_a_shift_does_not_come_round_the_edge(small):
    image, mask = small
    values = sitk.GetArrayFromImage(mask) * 0
    values[4:8, 4:9, -5:] = 1
    edge = sitk.GetImageFromArray(values)
    edge.CopyInformation(mask)
    moved = arrays(perturbations(image, edge, seed=0))["position_x"][1]
    assert not moved[:, :, 0].any()
    assert moved.sum() == values.sum() * 4 // 5


def test_an_empty_outline(small):
    image, mask = small
    with pytest.raises(ImagingError):
        perturbations(image, mask * 0, seed=0)
