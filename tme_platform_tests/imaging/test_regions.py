import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy import integrate

from tme_platform.imaging import ImagingError, RegionSettings, delineate, regions, resample_to_grid
from tme_platform.imaging.distance import signed_distance_mm
from tme_platform_tests.imaging.conftest import as_image, ellipsoid


def ring_volume(axes, inner, outer):
    """Volume (mm3) between parallel surfaces of an ellipsoid by Steiner's formula V + S d + M d^2 + 4/3 pi d^3.

    S is the surface area and M the integral of the mean curvature, which for a convex body equals the integral of its
    support function over the unit sphere.
    """
    a, b, c = axes

    def support(phi, theta):
        n = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
        return np.sqrt(((np.array(axes) * n) ** 2).sum()) * np.sin(theta)

    def area(phi, theta):
        return np.sin(theta) * np.sqrt(
            (b * c * np.sin(theta) * np.cos(phi)) ** 2
            + (a * c * np.sin(theta) * np.sin(phi)) ** 2
            + (a * b * np.cos(theta)) ** 2
        )

    surface, curvature = (8 * integrate.dblquad(f, 0, np.pi / 2, 0, np.pi / 2, epsabs=1e-4)[0] for f in (area, support))
    volume = 4 / 3 * np.pi * a * b * c
    outside, inside = (volume + surface * d + curvature * d**2 + 4 / 3 * np.pi * d**3 for d in (outer, -inner))
    return outside - inside


def measured(mask):
    return float(sitk.GetArrayViewFromImage(mask).sum()) * np.prod(mask.GetSpacing())


def test_steiner_formula_of_a_sphere():
    assert ring_volume((10, 10, 10), 2, 2) == pytest.approx(4 / 3 * np.pi * (12**3 - 8**3), rel=1e-6)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 3.0), (0.7, 0.7, 2.0)])
@pytest.mark.parametrize("axes", [(8, 8, 8), (12, 12, 12), (20, 20, 20), (10, 15, 20), (20, 10, 12)])
def test_ring_volume_within_three_percent(axes, spacing):
    image, mask = ellipsoid(axes, spacing)
    assert measured(regions(image, mask)["ring"]) == pytest.approx(ring_volume(axes, 2, 2), rel=0.03)


@pytest.mark.parametrize("width", [1.0, 2.0, 3.0, 5.0])
def test_ring_volume_at_other_widths(width):
    image, mask = ellipsoid((12, 14, 16), (1.0, 1.0, 3.0))
    ring = regions(image, mask, inner_mm=width, outer_mm=width)["ring"]
    assert measured(ring) == pytest.approx(ring_volume((12, 14, 16), width, width), rel=0.08 if width == 1 else 0.03)


def test_inner_and_outer_width_are_independent():
    image, mask = ellipsoid((12, 12, 12))
    found = regions(image, mask, inner_mm=0, outer_mm=3)
    inside = sitk.GetArrayViewFromImage(found["tumour"]) > 0
    ring = sitk.GetArrayViewFromImage(found["ring"]) > 0
    assert (ring & inside).sum() < 0.05 * ring.sum()
    assert measured(found["ring"]) == pytest.approx(ring_volume((12, 12, 12), 0, 3), rel=0.04)


def test_regions_share_the_grid_of_the_features(lesion):
    image, mask = lesion
    grid, tumour = resample_to_grid(image, mask)
    found = regions(image, mask)
    assert set(found) == {"tumour", "ring"}
    for region in found.values():
        assert region.GetSpacing() == pytest.approx((1, 1, 1))
        assert (region.GetSize(), region.GetOrigin()) == (grid.GetSize(), grid.GetOrigin())
    assert (sitk.GetArrayFromImage(found["tumour"]) == sitk.GetArrayFromImage(tumour)).all()


def test_air_is_left_out_and_counted():
    image, mask = ellipsoid((10, 10, 10))
    values = sitk.GetArrayFromImage(image)
    values[:, :9, :] = np.random.default_rng(0).uniform(0, 5, values[:, :9, :].shape)  # the skin is 1 mm off
    air = as_image(values)
    with_air, without = delineate(image, mask), delineate(air, mask)
    assert with_air.air_voxels == 0
    assert 0 < without.air_voxels < 0.1 * without.ring_voxels
    assert 5 < without.air_below < 180
    ring = sitk.GetArrayFromImage(sitk.Resample(without.ring, image, sitk.Transform(), sitk.sitkNearestNeighbor))
    assert not ring[values < 5].any()
    assert delineate(air, mask, RegionSettings(leave_out_air=False)).air_voxels == 0


def test_fat_is_not_air():
    """A single Otsu threshold would classify all voxels darker than fat as air: on T1, most of the tumour."""
    image, mask = ellipsoid((10, 10, 10), margin=12)
    values = sitk.GetArrayFromImage(image)
    values[:, :, :8], values[:, :, 8:11] = 0, 900
    found = delineate(as_image(values), mask)
    assert found.air_below < 180
    assert found.air_voxels == 0


def test_vessels_by_threshold_and_by_exclusion_mask():
    image, mask = ellipsoid((10, 10, 10))
    values = sitk.GetArrayFromImage(image) + np.random.default_rng(0).normal(0, 2, image.GetSize()[::-1])
    middle = image.GetSize()[0] // 2
    values[:, middle - 1 : middle + 2, : middle - 8] = 600  # a vessel entering the tumour along x
    vessel = as_image((values == 600).astype("uint8"))
    image = as_image(values)
    plain = delineate(image, mask)
    by_threshold = delineate(image, mask, RegionSettings(vessel_sd=5))
    by_mask = delineate(image, mask, exclude=vessel)
    assert plain.vessel_voxels == plain.excluded_voxels == 0
    assert by_threshold.vessel_voxels > 0
    assert by_mask.excluded_voxels >= by_threshold.vessel_voxels
    assert measured(plain.ring) - measured(by_mask.ring) == by_mask.excluded_voxels


def test_single_slice_has_its_ring_in_that_slice():
    image, mask = ellipsoid((10, 10, 10), (1.0, 1.0, 4.0))
    values = sitk.GetArrayFromImage(mask)
    middle = values.shape[0] // 2
    values[:middle], values[middle + 1 :] = 0, 0
    found = regions(image, as_image(values, mask.GetSpacing()))
    ring = sitk.GetArrayViewFromImage(found["ring"])
    assert np.flatnonzero(ring.any(axis=(1, 2))).size == 1
    radius = np.sqrt(values.sum() / np.pi)
    assert ring.sum() == pytest.approx(np.pi * ((radius + 2) ** 2 - (radius - 2) ** 2), rel=0.05)


def test_thin_tumour_lies_within_its_ring():
    image, mask = ellipsoid((3, 10, 10))
    found = regions(image, mask, inner_mm=4)
    tumour, ring = (sitk.GetArrayViewFromImage(found[name]) > 0 for name in ("tumour", "ring"))
    assert ring[tumour].all()


def test_each_component_has_its_own_ring():
    image, mask = ellipsoid((30, 12, 12))
    values = sitk.GetArrayFromImage(mask)
    middle = values.shape[2] // 2
    values[:, :, middle - 10 : middle + 10] = 0
    ring = regions(image, as_image(values))["ring"]
    assert sitk.GetArrayFromImage(sitk.ConnectedComponent(ring)).max() == 2


def test_hollow_tumour_has_its_ring_outside_only():
    image, mask = ellipsoid((12, 12, 12))
    whole = sitk.GetArrayFromImage(mask)
    hollow = whole.copy()
    hollow[18:23, 18:23, 18:23] = 0
    found, reference = regions(image, as_image(hollow)), regions(image, mask)
    assert (sitk.GetArrayFromImage(found["ring"]) == sitk.GetArrayFromImage(reference["ring"])).all()
    assert measured(found["tumour"]) == measured(reference["tumour"]) - 125


def test_unusable_outlines_raise(lesion):
    image, mask = lesion
    empty = mask * 0
    dot = sitk.Image(empty)
    dot[10, 10, 4] = 1
    for wrong, rule in ((empty, "mask_empty"), (dot, "mask_too_small"), (empty + 1, "mask_covers_image")):
        with pytest.raises(ImagingError) as raised:
            regions(image, wrong)
        assert raised.value.rule == rule


def test_invalid_widths_raise(lesion):
    with pytest.raises(ValueError, match="margin"):
        regions(*lesion, outer_mm=6)
    with pytest.raises(ValueError, match="width"):
        regions(*lesion, inner_mm=0, outer_mm=0)


def test_air_of_an_image_of_integers_is_what_lies_below_the_threshold():
    """SimpleITK compares integers with a truncated threshold: 40 would not be less than 40.4."""
    image, mask = ellipsoid((10, 10, 10))
    values = np.full(sitk.GetArrayViewFromImage(image).shape, 180, dtype="int16")
    values[:, :9, :] = 40
    values[0, 0, :2] = 0, 143
    integers, same = delineate(as_image(values), mask), delineate(as_image(values.astype("float64")), mask)
    assert 40 < integers.air_below < 41
    assert integers.air_voxels == same.air_voxels > 0


def test_rounding_does_not_move_the_border_between_slices():
    """Grid voxels half-way between two voxels are treated alike, however much of the image is computed."""
    image, mask = ellipsoid((6, 6, 6), (0.75, 0.75, 3.0))
    grid, _ = resample_to_grid(image, mask)
    here = signed_distance_mm(mask, grid)
    for margin in (5.0, 6.0, 30.0):
        assert (signed_distance_mm(mask, grid, margin) == here).all()


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 3.0), (2.0, 2.0, 2.0)])
def test_distances_far_from_the_border_do_not_change_those_near_it(spacing):
    """Deep inside a large tumour distances are only known to be large."""
    image, mask = ellipsoid((34, 30, 32), spacing)
    grid, _ = resample_to_grid(image, mask)
    near, everywhere = (signed_distance_mm(mask, grid, margin) for margin in (5.0, 100.0))
    assert everywhere.min() < -25
    compared = np.abs(everywhere) <= 3
    assert (near[compared] == everywhere[compared]).all()
    assert np.abs(near[~compared]).min() > 3


def test_a_wide_ring_reaches_deep_into_the_tumour():
    image, mask = ellipsoid((30, 28, 29), (1.0, 1.0, 3.0))
    ring = regions(image, mask, inner_mm=20, outer_mm=1)["ring"]
    assert measured(ring) == pytest.approx(ring_volume((30, 28, 29), 20, 1), rel=0.03)
