"""Properties that hold for any geometry: volumes of outlines, noise in headers, masks that do not fit."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from tme_platform.imaging import ImagingError, onto_grid, read_mask
from tme_platform.imaging._contours import Contour, fill
from tme_platform_tests.support.outline_files import write_contours, write_frames

FEW = settings(max_examples=25, deadline=None, derandomize=True)
SIZE = (40, 36, 12)


@st.composite
def grids(draw):
    """An image with random spacing, origin and orientation, left- or right-handed."""
    image = sitk.Image(SIZE, sitk.sitkUInt8)
    image.SetSpacing([draw(st.floats(0.4, 1.5)), draw(st.floats(0.4, 1.5)), draw(st.floats(0.8, 5.0))])
    image.SetOrigin([draw(st.floats(-300, 300)) for _ in range(3)])
    turn = np.linalg.qr(np.random.default_rng(draw(st.integers(0, 999))).normal(size=(3, 3)))[0]
    image.SetDirection((turn if draw(st.booleans()) else np.eye(3)).ravel().tolist())
    return image


@st.composite
def ellipses(draw):
    """Half axes (pixels), centre (pixels) and turn of an ellipse that lies inside the image."""
    return (
        [draw(st.floats(3.5, 9)), draw(st.floats(3.5, 9))],
        [draw(st.floats(12, 27)), draw(st.floats(12, 23))],
        draw(st.floats(0, np.pi)),
    )


def vertices(ellipse, points=90):
    axes, centre, turn = ellipse
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    x, y = axes[0] * np.cos(angle), axes[1] * np.sin(angle)
    return np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)]) + centre


def contour(image, ellipse, depth):
    index = [[x, y, depth] for x, y in vertices(ellipse)]
    return "CLOSED_PLANAR", np.array([image.TransformContinuousIndexToPhysicalPoint(point) for point in index])


def filled(image, contours):
    with tempfile.TemporaryDirectory() as folder:
        return sitk.GetArrayFromImage(read_mask(write_contours(Path(folder) / "rs.dcm", contours), image))


@FEW
@given(grids(), ellipses(), st.integers(1, 5), st.floats(-0.39, 0.5), st.randoms(), st.integers(0, 3))
def test_rasterised_volume_is_that_of_the_contours(image, ellipse, count, offset, random, copies):
    """Whatever the geometry, the order of contours, their position between slices, and how often one is stored."""
    contours = [contour(image, ellipse, 4 + number + offset) for number in range(count)]
    contours += random.choices(contours, k=copies)
    random.shuffle(contours)
    found = filled(image, contours)
    expected = np.pi * ellipse[0][0] * ellipse[0][1]
    assert found.any(axis=(1, 2)).sum() == count
    assert found.sum() / count == pytest.approx(expected, abs=0.6 * np.sqrt(expected) + 2)


@FEW
@given(ellipses(), ellipses())
def test_two_contours_are_joined_or_leave_a_hole(first, second):
    contours = [Contour(vertices(ellipse), 5.0) for ellipse in (first, second)]
    one, two = (fill([only], SIZE[1::-1]) for only in contours)
    both = fill(contours, SIZE[1::-1])
    assert np.array_equal(both, fill(contours[::-1], SIZE[1::-1]))
    assert not (both & ~(one | two)).any()
    nested = not (one & ~two).any() or not (two & ~one).any()
    assert nested or np.array_equal(both, one | two)


@FEW
@given(grids(), st.integers(0, 999), st.floats(0, 1))
def test_noise_in_a_header_never_changes_a_mask(image, seed, share):
    rng = np.random.default_rng(seed)
    inside = (rng.random(SIZE[::-1]) < 0.2).astype("uint8")
    mask = sitk.GetImageFromArray(inside)
    noise = share * 2e-6
    mask.SetSpacing([side * (1 + noise * rng.uniform(-1, 1)) for side in image.GetSpacing()])
    mask.SetOrigin([value + noise * rng.uniform(-1, 1) for value in image.GetOrigin()])
    mask.SetDirection((np.array(image.GetDirection()) + noise * rng.uniform(-1, 1, 9)).tolist())
    assert np.array_equal(sitk.GetArrayFromImage(onto_grid(mask, image)), inside)


@FEW
@given(grids(), st.sampled_from(["spacing", "origin", "direction", "axes"]), st.integers(0, 999))
def test_a_mask_of_the_same_size_with_other_geometry_is_refused(image, what, seed):
    rng = np.random.default_rng(seed)
    mask = sitk.Image(image)
    mask[20, 18, 6] = 1
    least = 0.02 * min(image.GetSpacing())
    if what == "spacing":
        mask.SetSpacing((np.array(image.GetSpacing()) * (1 + rng.choice([-1, 1]) * rng.uniform(0.01, 1 / 2))).tolist())
    elif what == "origin":
        step = rng.normal(size=3)
        mask.SetOrigin((image.GetOrigin() + step / np.linalg.norm(step) * rng.uniform(least, 200)).tolist())
    elif what == "direction":
        angle = rng.uniform(0.01, 3)
        turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        mask.SetDirection((np.array(image.GetDirection()).reshape(3, 3) @ turn).ravel().tolist())
    else:
        mask.SetDirection(np.roll(np.array(image.GetDirection()).reshape(3, 3), 1, axis=1).ravel().tolist())
    with pytest.raises(ImagingError) as raised:
        onto_grid(mask, image)
    assert raised.value.rule == "geometry_mismatch"


@FEW
@given(grids(), st.integers(0, 999), st.integers(2, 10), st.randoms())
def test_frames_in_any_order_and_with_two_decimals_keep_their_slice(image, seed, decimals, random):
    inside = np.random.default_rng(seed).random(SIZE[::-1]) < 0.1
    inside[:, 0, 0] = False
    inside &= (np.random.default_rng(seed).random(SIZE[2]) < 0.5)[:, None, None]
    inside[5, 4, 4] = True
    direction = np.array(image.GetDirection()).reshape(3, 3)
    frames = [
        (np.round(image.TransformIndexToPhysicalPoint((0, 0, z)), decimals), inside[z])
        for z in range(SIZE[2])
        if inside[z].any()
    ]
    random.shuffle(frames)
    with tempfile.TemporaryDirectory() as folder:
        path = write_frames(
            Path(folder) / "seg.dcm",
            frames,
            spacing=[f"{side:.10g}" for side in image.GetSpacing()[:2]],
            between=image.GetSpacing()[2],
            orientation=[f"{value:.10f}"[:16] for value in direction.T[:2].ravel()],
        )
        assert np.array_equal(sitk.GetArrayFromImage(read_mask(path, image)), inside)
