import numpy as np
import pytest

from tme_platform.statistics import permutation_p, sequential_p


def test_observed_statistic_is_counted() -> None:
    # Phipson & Smyth 2010: (b + 1) / (m + 1), of which ties count towards b
    assert permutation_p(0.7, [0.5, 0.6, 0.7, 0.8]) == pytest.approx(3 / 5)
    assert permutation_p(2.0, np.zeros(999)) == pytest.approx(1 / 1000)
    assert permutation_p(0.0, []) == 1


def test_sequential_p_stops_at_the_permutation_that_is_enough():
    found = sequential_p(0.7, [0.8, 0.5, 0.7, 0.1, 0.9, 0.9, 0.9], enough=3)
    assert (found.p, found.permutations, found.stopped) == (3 / 5, 5, True)
    assert found.se == pytest.approx(np.sqrt(0.6 * 0.4 / 5))
    going_on = sequential_p(0.7, [0.8, 0.5, 0.7], enough=3)
    assert (going_on.p, going_on.permutations, going_on.stopped) == (permutation_p(0.7, [0.8, 0.5, 0.7]), 3, False)
    assert sequential_p(0.0, [], enough=3).p == 1


def test_sequential_p_keeps_its_promise_and_its_precision():
    """20,000 tests without an effect, of at most 199 permutations and 20 exceedances, as the label permutations do."""
    rng = np.random.default_rng(3)
    found = [sequential_p(row[0], row[1:], enough=20) for row in rng.normal(size=(20_000, 200))]
    p = np.array([one.p for one in found])
    for alpha in (0.01, 0.05, 0.1, 0.2, 0.5):
        assert (p <= alpha).mean() <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / p.size)
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.006)
    assert all(one.se <= one.p / np.sqrt(20) for one in found if one.stopped)
    assert np.mean([one.permutations for one in found]) < 80


def test_standard_error_is_the_spread_of_p_over_repeated_tests():
    """The same data with a p value of 0.2: repeated tests differ as the standard error says."""
    rng = np.random.default_rng(4)
    found = [sequential_p(0.8, rng.random(499), enough=20) for _ in range(2_000)]
    spread = np.std([one.p for one in found])
    assert np.mean([one.se for one in found]) == pytest.approx(spread, rel=0.15)
