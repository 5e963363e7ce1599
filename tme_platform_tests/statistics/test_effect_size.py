import numpy as np
import pytest

from tme_platform.statistics import standardised_difference


def test_equals_statpsych() -> None:
    """R: ``statpsych::ci.stdmean2(.05, 35.1, 26.7, 7.32, 6.98, 30, 30)``, unweighted standardizer."""
    found = standardised_difference((35.1, 26.7), (7.32, 6.98), (30, 30))
    assert (found.value, found.ci_low, found.ci_high) == pytest.approx((1.159240, 0.6170771, 1.731909), rel=1e-6)


@pytest.mark.parametrize(("sds", "ns"), [((1.0, 1.0), (30, 60)), ((2.0, 1.0), (25, 75)), ((1.0, 2.0), (25, 75))])
def test_interval_covers_the_difference(sds: tuple[float, float], ns: tuple[int, int]) -> None:
    """With a standard deviation pooled over unequal groups, the second case covers in 84 % of the draws only."""
    random = np.random.default_rng(1)
    truth = 0.8 / np.sqrt(np.mean(np.square(sds)))
    covered = 0
    for _ in range(1500):
        first, second = random.normal(0.8, sds[0], ns[0]), random.normal(0, sds[1], ns[1])
        found = standardised_difference((first.mean(), second.mean()), (first.std(ddof=1), second.std(ddof=1)), ns)
        covered += found.ci_low <= truth <= found.ci_high
    assert 0.935 <= covered / 1500 <= 0.968


def test_sign_and_order() -> None:
    one, other = standardised_difference((1, 0), (1, 2), (9, 30)), standardised_difference((0, 1), (2, 1), (30, 9))
    assert one.value == -other.value > 0
    assert (one.ci_low, one.ci_high) == (-other.ci_high, -other.ci_low)


@pytest.mark.parametrize(("sds", "ns"), [((0, 0), (5, 5)), ((1, 1), (1, 5)), ((float("nan"), 1), (5, 5))])
def test_undefined_differences_are_missing(sds: tuple[float, float], ns: tuple[int, int]) -> None:
    assert np.isnan(standardised_difference((1, 0), sds, ns).value)


def test_impossible_input_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        standardised_difference((1, 0), (-1, 1), (5, 5))
    with pytest.raises(ValueError, match="confidence level"):
        standardised_difference((1, 0), (1, 1), (5, 5), level=95)
