"""The difference of two net benefits: its value, its pairing, and the coverage of its interval."""

import numpy as np
import pytest
from scipy.special import expit

from tme_platform.evaluation import decision_curve, net_benefit_difference

AT = [0.1, 0.3, 0.5]


@pytest.fixture
def predicted():
    rng = np.random.default_rng(21)
    truth = rng.normal(-0.7, 1.0, 90)
    models = [expit(truth[:, None] + rng.normal(0, noise, (90, 3))) for noise in (0.5, 1.5)]  # three repeats
    return rng.random(90) < expit(truth), *models


def test_it_is_the_difference_of_the_two_curves(predicted):
    y, better, worse = predicted
    found = net_benefit_difference(y, better, worse, thresholds=AT)
    curves = [decision_curve(y, p, thresholds=AT)["net_benefit"] for p in (better, worse)]
    np.testing.assert_allclose(found["gain"], curves[0] - curves[1], atol=1e-12)
    other_way = net_benefit_difference(y, worse, better, thresholds=AT)
    np.testing.assert_allclose(other_way["gain_low"], -found["gain_high"], atol=1e-12)
    assert (found["n"] == 90).all()


def test_a_model_gains_nothing_over_itself(predicted):
    y, model, _ = predicted
    found = net_benefit_difference(y, model, model[:, ::-1], thresholds=AT)  # the order of repeats plays no role
    np.testing.assert_allclose(found[["gain", "gain_low", "gain_high"]], 0, atol=1e-12)


def test_patients_without_both_probabilities_do_not_count(predicted):
    y, better, worse = predicted
    missing = worse.copy()
    missing[:30] = np.nan
    found = net_benefit_difference(y, better, missing, thresholds=AT)
    np.testing.assert_allclose(
        found["gain"], net_benefit_difference(y[30:], better[30:], worse[30:], thresholds=AT)["gain"]
    )
    assert (found["n"] == 60).all()
    with pytest.raises(ValueError, match="strictly between"):
        net_benefit_difference(y, better, worse, thresholds=[0.0])


def test_intervals_cover_the_expected_gain():
    """In 300 samples of 150 patients from a population of which the gain is known."""
    rng = np.random.default_rng(5)

    def sample(n):
        truth = rng.normal(-0.5, 1.0, n)
        return rng.random(n) < expit(truth), expit(truth), expit(truth + rng.normal(0, 1.5, n))

    y, better, worse = sample(200_000)
    expected = [(((a >= 0.3) & y).mean() - ((a >= 0.3) & ~y).mean() * 3 / 7) for a in (better, worse)]
    gain, covered = expected[0] - expected[1], 0
    assert gain > 0.01
    for seed in range(300):
        found = net_benefit_difference(*sample(150), thresholds=[0.3], n_bootstrap=300, seed=seed).iloc[0]
        covered += found["gain_low"] <= gain <= found["gain_high"]
    assert 0.91 <= covered / 300 <= 0.98
