"""Benjamini-Hochberg against R's p.adjust."""

import numpy as np
import pytest

from tme_platform.statistics import benjamini_hochberg


def test_benjamini_hochberg_matches_r() -> None:
    # p.adjust(c(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    #            0.7590, 1.0000), "BH"): the example of Benjamini & Hochberg 1995
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p += [0.324, 0.4262, 0.5719, 0.6528, 0.759, 1]
    expected = [0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.0298 * 15 / 7, 0.0298 * 15 / 7, 0.0645, 0.0765, 0.486]
    expected += [0.4262 * 15 / 11, 0.714875, 0.6528 * 15 / 13, 0.759 * 15 / 14, 1]
    shuffled = np.random.default_rng(0).permutation(15)
    np.testing.assert_allclose(benjamini_hochberg(np.array(p)[shuffled]), np.array(expected)[shuffled], rtol=1e-12)


def test_missing_p_values_are_not_counted_and_shape_is_kept() -> None:
    # p.adjust(c(0.01, NA, 0.02, 0.03), "BH"): 0.03 NA 0.03 0.03
    adjusted = benjamini_hochberg([[0.01, np.nan], [0.02, 0.03]])
    np.testing.assert_allclose(adjusted, [[0.03, np.nan], [0.03, 0.03]])
    assert benjamini_hochberg([]).size == 0


def test_values_outside_zero_to_one_are_rejected() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg([1.2])
