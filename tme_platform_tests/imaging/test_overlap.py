import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from tme_platform.imaging import overlap
from tme_platform_tests.imaging.conftest import as_image, ellipsoid


def box(low, high, shape=(20, 24, 30), spacing=(1.0, 2.0, 3.0)):
    values = np.zeros(shape, "uint8")
    values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = 1
    return as_image(values, spacing)


def test_equal_outlines_overlap_fully():
    _, mask = ellipsoid((8, 9, 10))
    found = overlap(mask, mask)
    assert (found.dice, found.hausdorff_mm, found.hausdorff_95_mm, found.volume_ratio) == (1, 0, 0, 1)


def test_known_shift():
    """Boxes of 10 voxels shifted by 4 along y (2 mm voxels): 60 % overlap, surfaces at most 8 mm apart."""
    found = overlap(box((5, 5, 5), (10, 15, 12)), box((5, 9, 5), (10, 19, 12)))
    assert found.dice == pytest.approx(0.6)
    assert found.hausdorff_mm == pytest.approx(8.0)


def test_overlap_matches_simpleitk():
    _, a = ellipsoid((10, 8, 9), (1.0, 1.0, 3.0))
    moved = np.roll(sitk.GetArrayFromImage(a), 3, axis=2)
    moved[:, 18:, :] = 0
    b = as_image(moved, a.GetSpacing())
    measures, distance = sitk.LabelOverlapMeasuresImageFilter(), sitk.HausdorffDistanceImageFilter()
    measures.Execute(a, b)
    distance.Execute(a, b)
    found = overlap(a, b)
    assert found.dice == pytest.approx(measures.GetDiceCoefficient())
    assert found.hausdorff_mm == pytest.approx(distance.GetHausdorffDistance(), abs=3.0)
    assert 0 < found.hausdorff_95_mm <= found.hausdorff_mm


def test_empty_outlines_give_missing_values():
    empty, some = box((0, 0, 0), (0, 0, 0)), box((5, 5, 5), (9, 9, 9))
    assert np.isnan([overlap(empty, empty).dice, overlap(empty, some).hausdorff_mm]).all()
    assert overlap(some, empty).dice == 0
