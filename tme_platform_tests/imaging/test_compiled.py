"""What is computed by compiled or chunked code equals what NumPy and SciPy compute in plain steps."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy import ndimage

from tme_platform.imaging import read_mask, read_series
from tme_platform.imaging._histogram import add_to_histogram
from tme_platform.imaging._nearest import distance_to
from tme_platform.imaging.preprocessing import scaling_of
from tme_platform_tests.imaging.conftest import as_image


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "uint8"])
@pytest.mark.parametrize("bins", [7, 256])
def test_histogram_equals_that_of_numpy(dtype, bins):
    random = np.random.default_rng(3)
    values = np.concatenate([random.normal(90, 30, 5000), np.arange(0, 200, 0.78125)]).clip(0, 255).astype(dtype)
    counts, edges = np.histogram(values, bins=bins)
    found, largest = np.zeros(bins, np.int64), np.full(bins, -np.inf)
    for part in np.array_split(values.astype(np.float64), 3):
        add_to_histogram(part, edges.astype(np.float64), found, largest)
    assert (found == counts).all()
    for place in np.flatnonzero(counts)[:-1]:
        assert largest[place] == values[(values >= edges[place]) & (values < edges[place + 1])].max()
    assert largest[-1] == values.max()


def test_values_outside_the_bins_are_left_out():
    counts, largest = np.zeros(2, np.int64), np.full(2, -np.inf)
    add_to_histogram(np.array([-1.0, 0.0, 1.0, 2.0, 2.5]), np.array([0.0, 1.0, 2.0]), counts, largest)
    assert (counts.tolist(), largest.tolist()) == ([1, 2], [0.0, 2.0])


@pytest.mark.parametrize("step", [(1.0, 1.0, 1.0), (3.27, 0.976562, 0.976562), (0.5, 2.0, 0.7), (1000.0, 0.6, 0.6)])
@pytest.mark.parametrize("share", [0.0005, 0.02, 0.5])
def test_distances_within_reach_equal_those_of_scipy(step, share):
    seeds = np.random.default_rng(1).random((11, 23, 19)) < share
    seeds[5, 11, 9] = True
    expected = ndimage.distance_transform_edt(~seeds, sampling=step)
    for reach in (2.5, 9.0):
        found = distance_to(seeds, np.array(step), reach)
        assert np.isfinite(found).all()
        assert (found[expected <= reach] == expected[expected <= reach]).all()
        assert (found[expected > reach] > reach).all()


def test_no_seed_is_far_from_everything():
    assert distance_to(np.zeros((3, 4, 5), bool), np.ones(3), 6.0).min() > 6.0


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
def test_scaling_of_the_body_equals_two_passes(dtype):
    random = np.random.default_rng(5)
    values = random.normal(1000, 40, (30, 64, 64))
    values[:, :20] = random.uniform(0, 9, (30, 20, 64))  # more than the first voxels are air
    values = values.astype(dtype)
    inside = np.zeros(values.shape, "uint8")
    inside[10:20, 40:50, 30:40] = 1
    scaling = scaling_of(as_image(values), as_image(inside), over="body", scale=100.0)
    body = values[values > 500].astype(np.float64)
    assert scaling.centre == pytest.approx(body.mean(), rel=1e-14)
    assert scaling.factor == pytest.approx(1 / body.std(ddof=1), rel=1e-13)
    assert scaling.scale == 100.0


def test_scaling_of_a_real_image_equals_two_passes(landing):
    folder = landing / "soft_tissue_mr" / "images"
    image = read_series(folder / "STS_042_MR_T1_image.nii.gz")
    mask = read_mask(folder / "STS_042_MR_T1_mask.nii.gz", image)
    whole = scaling_of(image, mask, over="image")
    values = sitk.GetArrayFromImage(image).astype(np.float64)
    assert (whole.centre, 1 / whole.factor) == pytest.approx((values.mean(), values.std(ddof=1)), rel=1e-12)
