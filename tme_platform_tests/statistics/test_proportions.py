"""Intervals of proportions and means against R and statsmodels."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from tme_platform.statistics import mean_interval, proportion_interval


def test_wilson_interval_matches_r() -> None:
    # prop.test(15, 50, correct = FALSE)$conf.int: 0.1910 0.4375; binom::binom.wilson(5, 5): 0.5655175 1
    assert proportion_interval(15, 50) == pytest.approx((0.1910, 0.4375), abs=5e-5)
    assert proportion_interval(5, 5) == pytest.approx((0.5655175, 1), abs=1e-7)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize(("k", "n"), [(15, 50), (1, 7), (6, 7), (0, 20), (20, 20), (1, 1), (400, 100_000)])
def test_wilson_interval_matches_statsmodels(k: int, n: int, level: float) -> None:
    expected = proportion_confint(k, n, alpha=1 - level, method="wilson")
    assert proportion_interval(k, n, level) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_wilson_limits_are_exact_at_zero_and_one() -> None:
    for n in range(1, 60):
        assert proportion_interval(0, n)[0] == 0
        assert proportion_interval(n, n)[1] == 1
    # the upper limit of 0 in n is z^2 / (n + z^2)
    z2 = 1.959964**2
    assert proportion_interval(0, 10) == pytest.approx((0, z2 / (10 + z2)), abs=1e-6)


def test_proportion_without_trials_is_missing() -> None:
    assert np.isnan(proportion_interval(0, 0)).all()


@pytest.mark.parametrize(
    ("k", "n", "level", "message"),
    [
        (4, 3, 0.95, "4 of 3 is not a proportion"),
        (-1, 3, 0.95, "-1 of 3 is not a proportion"),
        (1, 3, 0.0, r"confidence level 0\.0"),
        (1, 3, 95, "confidence level 95"),
        (0, 0, 1.0, r"confidence level 1\.0"),
    ],
)
def test_invalid_proportions_and_levels_are_rejected(k: int, n: int, level: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        proportion_interval(k, n, level)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_mean_interval_matches_statsmodels(level: float) -> None:
    values = np.random.default_rng(1).normal(3, 2, 17)
    mean, low, high = mean_interval(values, level)
    assert mean == pytest.approx(values.mean())
    assert (low, high) == pytest.approx(DescrStatsW(values).tconfint_mean(alpha=1 - level), rel=1e-12)


def test_mean_interval_ignores_missing_values() -> None:
    # the 97.5 % point of Student's t with two degrees of freedom is 4.302653; the variance of 1, 2, 4 is 7/3
    half = 4.302653 * (7 / 3) ** 0.5 / 3**0.5
    assert mean_interval([1, 2, 4, np.nan]) == pytest.approx((7 / 3, 7 / 3 - half, 7 / 3 + half), abs=1e-6)


def test_mean_interval_of_few_values() -> None:
    assert np.isnan(mean_interval([np.nan])).all()
    mean, *limits = mean_interval([2.5])
    assert mean == 2.5
    assert np.isnan(limits).all()
    with pytest.raises(ValueError, match="confidence level 2"):
        mean_interval([1, 2], level=2)
