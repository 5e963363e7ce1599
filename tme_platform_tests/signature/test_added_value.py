"""The rad-score added to clinical variables: a halved, one-sided likelihood ratio."""

import numpy as np
import pytest
from scipy.stats import norm

from tme_platform.signature.added_value import added_value
from tme_platform.statistics import fit_logistic

N, HOT = 94, 24


def _out_of_fold(rng, hot):
    """Scores of a heavily penalised linear model in five folds: each patient's sum of kernel x label of the others."""
    features = rng.normal(size=(N, 60))
    fold = rng.permutation(np.arange(N) % 5)
    kernel = (features @ features.T) * (fold[:, None] != fold[None, :])
    return kernel @ (hot - hot.mean())


def test_statistic_is_half_the_likelihood_ratio_and_p_is_one_sided():
    rng = np.random.default_rng(1)
    hot = rng.permutation(N) < HOT
    clinical, score = rng.normal(size=N) + hot, rng.normal(size=N) + hot
    found = added_value(hot, score, clinical)
    ones = np.ones(N)
    without = fit_logistic(hot, np.column_stack([ones, clinical])).log_likelihood
    both = fit_logistic(hot, np.column_stack([ones, clinical, score])).log_likelihood
    assert found.statistic == pytest.approx(both - without)
    assert found.p == pytest.approx(norm.sf(np.sqrt(both - without)))
    assert added_value(hot, -score, clinical).p == pytest.approx(1 - found.p)


def test_error_rate_is_at_most_five_per_cent_without_added_value():
    """Unhalved, the test rejects twice as often as promised, since each pair of patients enters twice."""
    rng = np.random.default_rng(2)
    statistics, rejected = [], 0
    for _ in range(400):
        clinical = rng.normal(size=N)
        hot = np.zeros(N, dtype=bool)
        hot[np.argsort(-(clinical + rng.logistic(size=N)))[:HOT]] = True
        found = added_value(hot, _out_of_fold(rng, hot), clinical)
        rejected += found.p < 0.05
        statistics.append(found.statistic if found.p < 0.5 else 0.0)
    assert rejected <= 28  # 20 expected; 28 is exceeded with probability 0.03 at exactly 5 %
    assert np.mean(norm.sf(np.sqrt(2 * np.array(statistics))) < 0.05) > 0.08


def test_clinical_model_that_separates_the_phenotypes_is_a_reason():
    hot = np.arange(N) < HOT
    found = added_value(hot, np.linspace(0, 1, N), hot * 2.0)
    assert np.isnan(found.p)
    assert "separated" in found.reason
