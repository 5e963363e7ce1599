"""Intervals of a difference of means, compared with R."""

import math

import numpy as np
import pytest

from tme_platform.statistics.mean_difference import Summary, mean_difference

# R: t.test(extra ~ group, data = sleep)
#    mean 0.75 and 2.33, 95 percent confidence interval -3.3654832 0.2054832
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def summary(values: list[float]) -> Summary:
    return Summary(float(np.mean(values)), float(np.std(values, ddof=1)), len(values))


def test_the_interval_equals_that_of_r() -> None:
    found = mean_difference(summary(FIRST), summary(SECOND))
    assert found == pytest.approx((-1.58, -3.3654832, 0.2054832), abs=5e-8)


def test_a_group_of_one_has_no_interval() -> None:
    difference, low, high = mean_difference(Summary(1.0, math.nan, 1), summary(SECOND))
    assert difference == pytest.approx(-1.33)
    assert math.isnan(low)
    assert math.isnan(high)


def test_a_wrong_level_is_refused() -> None:
    with pytest.raises(ValueError, match="level 95 is not between 0 and 1"):
        mean_difference(summary(FIRST), summary(SECOND), 95)
