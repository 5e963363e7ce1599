"""The grid, its values and its masks equal those of pyradiomics, computed from the surroundings of the outline only."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from radiomics import imageoperations

from tme_platform.imaging import ImagingError, Scaling, read_mask, read_series, resample_to_grid, scaling_of, z_score
from tme_platform.imaging._bspline import REACH, axis_weights
from tme_platform_tests.imaging.conftest import as_image

OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
CASES = {
    # spacing, shape (z, y, x), box of the outline (z, y, x), direction
    "thick slices": ((0.7, 0.7, 3.0), (14, 60, 70), ((4, 9), (20, 40), (22, 45)), None),
    "oblique": ((0.9, 1.1, 2.5), (13, 33, 44), ((3, 9), (10, 22), (12, 30)), OBLIQUE),
    "at the border": ((0.8, 0.8, 2.0), (12, 40, 40), ((0, 5), (0, 12), (30, 40)), OBLIQUE),
    "far from the border": ((0.5, 0.5, 0.5), (100, 104, 98), ((48, 54), (50, 55), (44, 52)), None),
    "header of single precision": ((1.99999988, 1.99999988, 3.00000024), (9, 24, 24), ((3, 6), (8, 14), (9, 16)), None),
    "the grid's spacing already": ((1.0, 1.0, 1.0000001), (20, 24, 22), ((3, 9), (0, 11), (8, 16)), OBLIQUE),
    "one slice": ((0.6, 0.6, 4.0), (7, 40, 40), ((3, 4), (12, 25), (10, 30)), None),
    "tiny": ((0.9, 0.9, 2.0), (10, 30, 30), ((4, 6), (14, 16), (15, 17)), None),
    "voxels half-way": ((1.5, 1.5, 1.5), (9, 21, 21), ((2, 9), (6, 14), (6, 21)), None),
    "coarse in all directions": ((2.0, 4.0, 6.0), (5, 9, 20), ((1, 4), (2, 7), (3, 18)), OBLIQUE),
}


def case(name, dtype="float32"):
    spacing, shape, box, direction = CASES[name]
    values = np.random.default_rng(len(name)).normal(200, 60, shape).round(1)
    inside = np.zeros(shape, "uint8")
    inside[tuple(slice(*along) for along in box)] = 1
    inside[tuple(slice(along[0], along[0] + 1) for along in box)] = 0
    image, mask = as_image(values.astype(dtype), spacing), as_image(inside, spacing)
    for volume in (image, mask):
        volume.SetOrigin((-31.7, 12.3, 104.9))
        volume.SetDirection(direction or volume.GetDirection())
    return image, mask


def as_pyradiomics(image, mask, spacing_mm=1.0, pad_voxels=5):
    return imageoperations.resampleImage(
        image,
        sitk.Cast(mask, sitk.sitkUInt32),
        resampledPixelSpacing=[spacing_mm] * 3,
        interpolator=sitk.sitkBSpline,
        padDistance=pad_voxels,
        label=1,
    )


def assert_equal(ours, theirs, tolerance):
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.GetSize() == other.GetSize()
        assert mine.GetOrigin() == other.GetOrigin()
        assert mine.GetSpacing() == other.GetSpacing()
        assert mine.GetDirection() == other.GetDirection()
    values, expected = (sitk.GetArrayFromImage(found[0]) for found in (ours, theirs))
    assert values.dtype == expected.dtype
    assert np.abs(values - expected).max() <= tolerance * np.abs(expected).max()
    assert (sitk.GetArrayFromImage(ours[1]) == sitk.GetArrayFromImage(theirs[1])).all()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("given", [{}, {"spacing_mm": 1.3, "pad_voxels": 2}])
def test_grid_and_values_equal_pyradiomics(name, given):
    image, mask = case(name, "float64")
    assert_equal(resample_to_grid(image, mask, **given), as_pyradiomics(image, mask, **given), 1e-12)


@pytest.mark.parametrize("name", CASES)
def test_a_scaled_grid_equals_that_of_pyradiomics_normalised_image(name):
    image, mask = case(name)
    scaled = imageoperations.normalizeImage(image, normalizeScale=100)
    ours = resample_to_grid(image, mask, scaling=scaling_of(image, mask, over="image"))
    assert_equal(ours, as_pyradiomics(scaled, mask), 1e-11)


@pytest.mark.parametrize("name", ["thick slices", "at the border", "one slice"])
@pytest.mark.parametrize("dtype", ["int16", "uint8", "float32"])
def test_types_are_kept_without_scaling(name, dtype):
    """Decimals of whole numbers are cut off, so that they are interpolated as pyradiomics does, to the last bit."""
    image, mask = case(name, dtype)
    assert_equal(resample_to_grid(image, mask), as_pyradiomics(image, mask), 2e-7 if dtype == "float32" else 0)


@pytest.mark.parametrize("tumour", ["STS_003", "STS_008", "STS_042"])
def test_real_tumours_equal_pyradiomics(landing, tumour):
    folder = landing / "soft_tissue_mr" / "images"
    image = read_series(folder / f"{tumour}_MR_T1_image.nii.gz")
    mask = read_mask(folder / f"{tumour}_MR_T1_mask.nii.gz", image)
    ours = resample_to_grid(image, mask, scaling=scaling_of(image, mask, over="body"))
    assert_equal(ours, as_pyradiomics(z_score(image, mask, over="body"), mask), 1e-12)


def test_voxels_farther_away_than_the_reach_do_not_count():
    positions = np.linspace(200.2, 210.7, 9)
    part, near = axis_weights(400, positions)
    assert (part.start, part.stop) == (199 - REACH, 213 + REACH)
    alone, whole = axis_weights(2 * REACH + 14, positions - part.start)
    assert alone == slice(0, 2 * REACH + 14)
    assert np.array_equal(whole, near)
    _, wider = axis_weights(150, positions - 130)  # other edges, beyond the reach on either side
    assert np.abs(wider.sum(axis=1) - 1).max() < 1e-13
    values = np.random.default_rng(0).normal(size=400)
    longer = sitk.GetArrayFromImage(
        sitk.Resample(
            sitk.GetImageFromArray(np.tile(values, (4, 4, 1))),
            (len(positions), 1, 1),
            sitk.Transform(),
            sitk.sitkBSpline,
            (positions[0], 1.0, 1.0),
            (positions[1] - positions[0], 1.0, 1.0),
        )
    )[0, 0]
    assert np.abs(near @ values[part] - longer).max() < 1e-12


@pytest.mark.parametrize("length", [1, 2, 3, 17, 18, 19, 60])
def test_a_spline_passes_through_its_values(length):
    part, weights = axis_weights(length, np.arange(length, dtype=float))
    assert part == slice(0, length)
    assert np.abs(weights - np.eye(length)).max() < 1e-9  # ITK's recursion starts at an accuracy of 1e-10


def test_only_what_is_near_the_grid_is_read():
    """Values that the spline does not reach may be anything."""
    image, mask = case("far from the border")
    values = sitk.GetArrayFromImage(image)
    values[:10], values[:, :, -7:] = np.inf, np.nan
    changed = sitk.GetImageFromArray(values)
    changed.CopyInformation(image)
    scaling = Scaling(200.0, 1 / 60, 100.0)
    ours, same = (resample_to_grid(given, mask, pad_voxels=1, scaling=scaling)[0] for given in (image, changed))
    assert (sitk.GetArrayFromImage(ours) == sitk.GetArrayFromImage(same)).all()


def test_a_constant_image_has_no_standard_deviation(lesion):
    for over in ("image", "body"):
        with pytest.raises(ImagingError, match="same intensity"):
            scaling_of(lesion[0] * 0 + 5, lesion[1], over=over)
