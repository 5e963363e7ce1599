"""Metrics at a threshold."""

import numpy as np
import pytest

from tme_platform.evaluation import threshold_metrics


def test_threshold_metrics_by_hand():
    y = [1] * 10 + [0] * 20
    score = [0.9] * 8 + [0.1] * 2 + [0.9] * 5 + [0.1] * 15
    table = threshold_metrics(y, score, 0.5, prevalence=0.1, seed=1).set_index("metric")
    np.testing.assert_allclose(table["value"].iloc[:5], [23 / 30, 0.8, 0.75, 8 / 13, 15 / 17])
    assert table["n"].iloc[:5].tolist() == [30, 10, 20, 13, 17]
    assert table.loc["ppv_at_prevalence", "value"] == pytest.approx(0.08 / (0.08 + 0.225))
    assert table.loc["npv_at_prevalence", "value"] == pytest.approx(0.675 / (0.675 + 0.02))
    assert (table["ci_low"] < table["value"]).all()
    assert (table["value"] < table["ci_high"]).all()


def test_bootstrap_matches_resampling_patients_within_outcomes():
    rng = np.random.default_rng(5)
    y = np.r_[np.ones(30, bool), np.zeros(50, bool)]
    called = np.r_[rng.random(30) < 0.7, rng.random(50) < 0.3]
    draws = np.array(
        [[called[:30][rng.integers(0, 30, 30)].mean(), called[rng.integers(30, 80, 50)].mean()] for _ in range(8000)]
    )
    accuracy = (draws[:, 0] * 30 + (1 - draws[:, 1]) * 50) / 80
    table = threshold_metrics(y, called.astype(float), 0.5, n_bootstrap=8000, seed=2).set_index("metric")
    limits = table[["ci_low", "ci_high"]]
    np.testing.assert_allclose(limits.loc["accuracy"], np.quantile(accuracy, [0.025, 0.975]), atol=0.015)
    np.testing.assert_allclose(limits.loc["sensitivity"], np.quantile(draws[:, 0], [0.025, 0.975]), atol=0.035)


def test_perfect_proportion_has_a_wilson_interval():
    # binom::binom.wilson(5, 5): 0.5655175 to 1
    row = threshold_metrics([1] * 5 + [0] * 4, [1] * 5 + [0] * 3 + [1], 0.5).set_index("metric").loc["sensitivity"]
    assert (row["value"], row["ci_high"], row["method"]) == (1, 1, "Wilson")
    assert row["ci_low"] == pytest.approx(0.5655175, abs=1e-7)


def test_ppv_is_undefined_without_positive_calls():
    table = threshold_metrics([1, 0, 0], [0.1, 0.2, 0.3], 0.9).set_index("metric")
    assert np.isnan(table.loc["ppv", "value"])
    assert table.loc["ppv", "reason"] == "nobody is called positive"
    assert threshold_metrics([1, 0], [0.1, 0.2], float("nan"))["value"].isna().all()
