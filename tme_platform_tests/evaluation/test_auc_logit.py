"""AUC intervals on the logit scale."""

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from tme_platform.evaluation import auc_delong, auc_logit
from tme_platform.evaluation.auc_logit import auc_from_estimate


def test_interval_transforms_delongs_standard_error():
    rng = np.random.default_rng(3)
    y = np.arange(60) < 25
    score = rng.normal(size=60) + 0.8 * y
    wald, found = auc_delong(y, score), auc_logit(y, score)
    assert (found.auc, found.se, found.n, found.n_positive) == (wald.auc, wald.se, 60, 25)
    se = wald.se / (wald.auc * (1 - wald.auc))
    assert found.ci_low == pytest.approx(expit(logit(wald.auc) - 1.959963984540054 * se))
    assert found.ci_high == pytest.approx(expit(logit(wald.auc) + 1.959963984540054 * se))
    assert found.p == pytest.approx(2 * norm.sf(logit(wald.auc) / se))


def test_mirrored_score_gives_the_mirrored_interval():
    rng = np.random.default_rng(5)
    y, score = np.arange(30) < 12, rng.normal(size=30)
    up, down = auc_logit(y, score), auc_logit(y, -score)
    assert (1 - down.auc, 1 - down.ci_high, 1 - down.ci_low) == pytest.approx((up.auc, up.ci_low, up.ci_high))
    assert down.p == pytest.approx(up.p)


@pytest.mark.parametrize(("cases", "controls"), [(4, 4), (10, 30)])
def test_perfect_separation_has_newcombes_limit(cases, controls):
    y = np.arange(cases + controls) < cases
    found, mirrored = auc_logit(y, y * 1.0), auc_logit(y, ~y * 1.0)
    assert (found.auc, found.ci_high) == (1, 1)
    # the limit solves Newcombe's equation: 1 - A = z sqrt(V(A))
    a, more = found.ci_low, (cases + controls) / 2 - 1
    variance = a * (1 - a) * (1 + more * ((1 - a) / (2 - a) + a / (1 + a))) / (cases * controls)
    assert 1 - a == pytest.approx(1.959963984540054 * np.sqrt(variance))
    assert mirrored.ci_high == pytest.approx(1 - a)
    assert found.p < 0.05
    assert "Newcombe" in found.reason


def test_no_interval_has_a_reason():
    for y, score in (([1, 1, 1], [1, 2, 3]), ([1, 0, 0], [1, 2, 3]), ([1, 1, 0, 0], [1, 1, 1, 1])):
        found = auc_logit(y, score)
        assert np.isnan([found.ci_low, found.ci_high, found.p]).all()
        assert found.reason
    assert auc_from_estimate(0.7, 0.1, 40, 20, confidence=0.5).ci_low > auc_from_estimate(0.7, 0.1, 40, 20).ci_low


def test_coverage_with_few_cases():
    """10 cases, 20 controls, AUC 0.85, where pROC's interval covers in 88 % of cohorts."""
    rng = np.random.default_rng(8)
    y, shift = np.arange(30) < 10, norm.ppf(0.85) * np.sqrt(2)
    found = [auc_logit(y, rng.normal(size=30) + shift * y) for _ in range(400)]
    covered = np.mean([area.ci_low <= 0.85 <= area.ci_high for area in found])
    # 95 % expected; three standard errors of 400 cohorts are 3.3 %
    assert covered > 0.92
