"""Simulated images: geometry, intensities, outlines, and the influence of the latent variable."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import regions
from tme_platform.simulation import SimulatedImage, simulate_image
from tme_platform.simulation.lesion import draw_lesion
from tme_platform.simulation.scanners import SCANNERS
from tme_platform.simulation.seeds import random_for


def array(image: sitk.Image) -> np.ndarray:
    return sitk.GetArrayFromImage(image)


@pytest.fixture(scope="module")
def images() -> list[SimulatedImage]:
    """One image per scanner, read by two readers in two sessions."""
    return [
        simulate_image(5, "sim_radiomics", number, latent=0.3, scanner=scanner, read_again=True)
        for number, scanner in enumerate(SCANNERS, start=1)
    ]


def test_same_seed_and_names_give_the_same_image(images: list[SimulatedImage]) -> None:
    again = simulate_image(5, "sim_radiomics", 1, latent=0.3, scanner="S1")
    assert (array(again.image) == array(images[0].image)).all()
    assert (array(again.outlines["R1", 1]) == array(images[0].outlines["R1", 1])).all()
    other = simulate_image(6, "sim_radiomics", 1, latent=0.3, scanner="S1")
    assert (array(other.image) != array(images[0].image)).any()


def test_images_and_outlines_have_the_geometry_of_the_scanner(images: list[SimulatedImage]) -> None:
    for image, scanner in zip(images, SCANNERS.values(), strict=True):
        assert image.image.GetSpacing() == pytest.approx(scanner.spacing_mm)
        size_mm = [n * s for n, s in zip(image.image.GetSize(), image.image.GetSpacing(), strict=True)]
        assert size_mm == pytest.approx([96, 96, 56], abs=2)
        for mask in (*image.outlines.values(), image.exclusion):
            assert mask.GetSize() == image.image.GetSize()
            assert mask.GetOrigin() == image.image.GetOrigin()
            assert set(np.unique(array(mask))) == {0, 1}


def test_tissue_intensities_are_ordered_and_scanners_differ(images: list[SimulatedImage]) -> None:
    brightness = []
    for image in images:
        values, tumour = array(image.image), array(image.outlines["R1", 1]) == 1
        air = values[:, :3, :8].mean()
        assert 0 < air < 0.15 * np.median(values[tumour])  # Rician noise has a floor
        assert np.median(values[tumour]) > 1.3 * np.median(values[values > 3 * air])
        assert not (tumour & (array(image.exclusion) == 1)).any()
        brightness.append(np.median(values[tumour]))
    assert max(brightness) > 2 * min(brightness)


def test_outline_is_one_component_with_a_ring(images: list[SimulatedImage]) -> None:
    for image in images:
        for mask in image.outlines.values():
            assert sitk.ConnectedComponent(mask) is not None
            labels = sitk.GetArrayFromImage(sitk.ConnectedComponent(mask, True))
            sizes = np.bincount(labels.ravel())[1:]
            assert sizes.max() / sizes.sum() > 0.99
        found = regions(image.image, image.outlines["R1", 1], exclude=image.exclusion)
        assert array(found["ring"]).sum() > 200


def test_readers_differ_more_than_sessions() -> None:
    between, within = [], []
    for number in range(1, 9):
        image = simulate_image(7, "sim_radiomics", number, latent=0.0, scanner="S3", read_again=True)
        masks = {key: array(mask) == 1 for key, mask in image.outlines.items()}
        for (one, first), (two, second) in itertools.combinations(masks.items(), 2):
            dice = 2 * (first & second).sum() / (first.sum() + second.sum())
            (within if one[0] == two[0] else between).append(dice)
    assert min(between) > 0.75
    assert 0.85 < np.mean(between) < 0.97
    assert np.mean(within) > np.mean(between)
    assert max(within) < 1


def test_lesions_have_plausible_sizes_and_follow_the_latent() -> None:
    low = [draw_lesion(-1.0, random_for(1, "lesion", number)) for number in range(300)]
    high = [draw_lesion(1.0, random_for(1, "lesion", number)) for number in range(300)]
    diameters = 2 * np.array([lesion.radius_mm for lesion in low])
    assert 17 < np.median(diameters) < 21
    assert diameters.min() >= 9
    assert diameters.max() <= 40
    assert {lesion.kind for lesion in low} == {"round", "lobulated", "irregular", "spiculated"}
    assert (diameters == 2 * np.array([lesion.radius_mm for lesion in high])).all()  # size carries no information
    assert np.mean([one.heterogeneity for one in low]) > 1.5 * np.mean([one.heterogeneity for one in high])
    assert np.mean([one.rim for one in low]) < np.mean([one.rim for one in high])
