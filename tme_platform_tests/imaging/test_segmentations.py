"""Frames of a DICOM-SEG are put on the slices they lie on; a grid that does not fit is explained."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import ImagingError, read_mask
from tme_platform_tests.imaging.conftest import as_image
from tme_platform_tests.support.outline_files import write_frames

SPACING, ORIGIN = (0.7, 0.8, 2.5), (-10.0, -20.0, 30.0)
IMAGE = as_image(np.zeros((12, 9, 11), "float32"), SPACING, ORIGIN)
INSIDE = np.zeros((12, 9, 11), "uint8")
INSIDE[2, 3:6, 3:7] = INSIDE[4, 2:5, 3:8] = INSIDE[6, 3:6, 3:7] = INSIDE[7, 4, 5] = 1


def frames(values=INSIDE, offset=(0.0, 0.0, 0.0), decimals=10, keep=lambda frame: True):
    found = []
    for z, frame in enumerate(values):
        position = np.add(ORIGIN, offset) + np.array([0, 0, z * SPACING[2]])
        if keep(frame):
            found.append((np.round(position, decimals), frame))
    return found


def drawn(tmp_path, found, label=1, image=IMAGE, **options):
    options = {"spacing": SPACING[:2], "between": SPACING[2]} | options
    mask = read_mask(write_frames(tmp_path / "seg.dcm", found, **options), image, label)
    return sitk.GetArrayFromImage(mask), mask


def refused(tmp_path, found, **options):
    with pytest.raises(ImagingError) as raised:
        drawn(tmp_path, found, **options)
    return raised.value


@pytest.mark.parametrize("between", [SPACING[2], None])
@pytest.mark.parametrize("order", [1, -1])
def test_empty_frames_may_be_left_out_and_come_in_any_order(order, between, tmp_path):
    """Only slices 2, 4, 6 and 7 have a frame: their smallest distance is not always that of the slices."""
    for values in (INSIDE, INSIDE * (np.arange(12) % 2 == 0)[:, None, None]):
        found = drawn(tmp_path, frames(values, keep=np.any)[::order], between=between)[0]
        assert np.array_equal(found, values)


@pytest.mark.parametrize("decimals", [1, 2])
def test_positions_with_few_decimals(decimals, tmp_path):
    thin = as_image(np.zeros((12, 9, 11), "float32"), (0.7, 0.8, 1.3333333), (-10, -20, 30))
    found = [(np.array([-10, -20, np.round(30 + z * 1.3333333, decimals)]), frame) for z, frame in enumerate(INSIDE)]
    assert np.array_equal(drawn(tmp_path, found, image=thin, between=1.33)[0], INSIDE)


def test_frames_of_one_segment_at_one_position_are_joined(tmp_path):
    left, right = INSIDE.copy(), INSIDE.copy()
    left[..., 5:], right[..., :5] = 0, 0
    assert np.array_equal(drawn(tmp_path, frames(left) + frames(right))[0], INSIDE)


def test_segments_that_overlap(tmp_path):
    other = np.roll(INSIDE, 1, axis=2)
    found = frames(INSIDE, keep=np.any) + frames(other, keep=np.any)
    options = {"segments": (1, 2), "of_segment": [1] * 4 + [2] * 4}
    assert np.array_equal(drawn(tmp_path, found, 1, **options)[0], INSIDE)
    assert np.array_equal(drawn(tmp_path, found, 2, **options)[0], other)
    assert refused(tmp_path, found, label=None, **options).rule == "mask_label_ambiguous"
    assert refused(tmp_path, found, label=3, **options).rule == "mask_label_missing"


def test_label_maps_are_read(tmp_path):
    labels = INSIDE + 2 * np.roll(INSIDE, 4, axis=1)
    options = {"kind": "LABELMAP", "segments": (0, 1, 2)}
    assert np.array_equal(drawn(tmp_path, frames(labels), 2, **options)[0], labels == 2)
    assert refused(tmp_path, frames(labels), label=None, **options).rule == "mask_label_ambiguous"
    assert refused(tmp_path, frames(labels * 0), label=1, **options).rule == "mask_empty"


def test_fractions_count_from_half_of_the_largest_value(tmp_path):
    fractions = np.where(INSIDE > 0, 128, 127) * (np.arange(11) > 2)
    assert np.array_equal(drawn(tmp_path, frames(fractions), kind="FRACTIONAL")[0], INSIDE)
    error = refused(tmp_path, frames(fractions), kind="FRACTIONAL", MaximumFractionalValue=None)
    assert error.rule == "mask_unreadable"


def test_mirrored_frames_follow_their_orientation(tmp_path):
    mirrored = frames(INSIDE[:, :, ::-1], offset=(10 * SPACING[0], 0, 0))
    assert np.array_equal(drawn(tmp_path, mirrored, orientation=(-1, 0, 0, 0, 1, 0))[0], INSIDE)


def test_part_of_the_rows_and_columns(tmp_path):
    part = frames(INSIDE[:, 2:7, 3:9], offset=(3 * SPACING[0], 2 * SPACING[1], 0))
    assert np.array_equal(drawn(tmp_path, part)[0], INSIDE)


@pytest.mark.parametrize(
    ("offset", "text"),
    [
        ((0.35, 0.4, 0.0), r"0\.50 pixels \(0\.35 mm\) off along the columns and 0\.50 pixels \(0\.40 mm\) off along"),
        ((0.0, 0.0, 1.0), r"0\.40 slices \(1\.00 mm\) off along the slices"),
        ((0.2, 0.0, 0.0), r"0\.29 pixels"),
    ],
)
def test_a_grid_that_does_not_fit_is_told_in_pixels_and_slices(offset, text, tmp_path):
    error = refused(tmp_path, frames(offset=offset, keep=np.any))
    assert error.rule == "geometry_mismatch"
    with pytest.raises(ImagingError, match=text):
        drawn(tmp_path, frames(offset=offset, keep=np.any))
    assert "8 of its 12 slices have no frame" in error.message


def test_thicker_and_thinner_frames_are_resampled(tmp_path):
    thick = [((-10, -20, 31.25 + 5 * z), frame) for z, frame in enumerate(INSIDE[::2])]
    found, mask = drawn(tmp_path, thick, between=5.0)
    assert np.array_equal(found, INSIDE[::2].repeat(2, axis=0))
    assert "resampled" in mask.GetMetaData("geometry_note")
    # Frames that lie on slices, but stand for twice their distance.
    sparse = [((-10, -20, 30 + 5 * z), frame) for z, frame in enumerate(INSIDE[::2])]
    assert drawn(tmp_path, sparse, between=5.0)[0].sum() > 1.5 * INSIDE[::2].sum()
    assert drawn(tmp_path, sparse, between=2.5)[0].sum() == INSIDE[::2].sum()
    other = [((-10, -20, 30 + 2.6 * z), frame) for z, frame in enumerate(INSIDE[:9])]
    assert "resampled" in drawn(tmp_path, other, between=2.6)[1].GetMetaData("geometry_note")
    thin = [((-10, -20, 30 + 1.25 * (z - 0.5)), frame) for z, frame in enumerate(INSIDE.repeat(2, axis=0))]
    assert np.array_equal(drawn(tmp_path, thin, between=1.25)[0], INSIDE)


def test_frames_beyond_the_image_are_refused(tmp_path):
    assert refused(tmp_path, frames(offset=(0, 0, 8 * 2.5), keep=np.any)).rule == "mask_outside_image"
    assert refused(tmp_path, frames(offset=(7 * 0.7, 0, 0))).rule == "mask_outside_image"


def test_frames_without_a_plane_are_refused(tmp_path):
    assert refused(tmp_path, frames(), orientation=(1, 0, 0, 1, 0, 0)).rule == "mask_unreadable"
    assert refused(tmp_path, frames(), spacing=(0.0, 0.8)).rule == "mask_unreadable"
    assert refused(tmp_path, frames(), PerFrameFunctionalGroupsSequence=None).rule == "mask_unreadable"
