"""Turning scores into probabilities."""

import numpy as np
import pytest
from scipy.special import expit, logit

from tme_platform.evaluation import calibration
from tme_platform.signature import Recalibration, fit_recalibration


def scored(n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcomes, true probabilities, and scores as of a forest with balanced classes: too high and too moderate."""
    rng = np.random.default_rng(seed)
    linear = rng.normal(-1.6, 1.2, n)
    return rng.random(n) < expit(linear), expit(linear), expit(0.5 * linear + 0.8)


def test_recovers_the_probabilities_behind_distorted_scores():
    positive, _, score = scored(4000)
    learned = fit_recalibration(positive, score)
    new, new_truth, new_score = scored(4000, seed=2)
    found = learned.probability(new_score)
    assert np.abs(found - new_truth).mean() < 0.015
    assert np.abs(new_score - new_truth).mean() > 0.2
    slope = calibration(new, found, n_bootstrap=2).set_index("metric").loc["calibration_slope"]
    assert slope["ci_low"] < 1 < slope["ci_high"]


def test_is_the_logistic_regression_with_platts_targets():
    """The gradient of the likelihood is zero: residuals add up to nothing, also weighted by the logit."""
    positive, _, score = scored(60)
    learned = fit_recalibration(positive, score)
    target = np.where(positive, (positive.sum() + 1) / (positive.sum() + 2), 1 / ((~positive).sum() + 2))
    residual = target - learned.probability(score)
    assert abs(residual.sum()) < 1e-4
    assert abs((residual * logit(score)).sum()) < 1e-4


def test_separated_scores_keep_a_finite_slope():
    positive = np.arange(20) < 8
    learned = fit_recalibration(positive, np.where(positive, 0.9, 0.1))
    assert learned.probability([0.9, 0.1]) == pytest.approx([9 / 10, 1 / 14], abs=1e-4)


def test_a_score_that_points_the_wrong_way_or_nowhere_gives_everybody_the_same():
    positive = np.arange(20) < 8
    for score in (np.where(positive, 0.2, 0.7), np.full(20, 0.4)):
        learned = fit_recalibration(positive, score)
        assert learned.slope == 0
        assert learned.probability([0.1, 0.9]) == pytest.approx(np.full(2, (8 * 0.9 + 12 / 14) / 20))


def test_missing_scores_stay_missing_and_order_is_kept():
    learned = Recalibration(-1.0, 0.7)
    found = learned.probability([0.0, 0.2, np.nan, 1.0])
    assert np.isnan(found[2])
    assert 0 < found[0] < found[1] < found[3] < 1
