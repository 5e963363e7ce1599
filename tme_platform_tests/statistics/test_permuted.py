import numpy as np
import pytest

from tme_platform.statistics import permutation_p


def test_observed_statistic_is_counted() -> None:
    # Phipson & Smyth 2010: (b + 1) / (m + 1), of which ties count towards b
    assert permutation_p(0.7, [0.5, 0.6, 0.7, 0.8]) == pytest.approx(3 / 5)
    assert permutation_p(2.0, np.zeros(999)) == pytest.approx(1 / 1000)
    assert permutation_p(0.0, []) == 1
