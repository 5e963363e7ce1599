"""Adjusted p values, threshold metrics and the correlation table."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tme_platform.evaluation import threshold_metrics
from tme_platform.statistics import benjamini_hochberg, spearman_table


def test_benjamini_hochberg_as_r():
    # p.adjust(c(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
    #            0.7590, 1.0000), "BH"): the example of Benjamini & Hochberg 1995
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.324,
        0.4262,
        0.5719,
        0.6528,
        0.759,
        1,
    ]
    expected = [0.0015, 0.003, 0.0095, 0.035625, 0.0603, 0.0298 * 15 / 7, 0.0298 * 15 / 7, 0.0645, 0.0765, 0.486]
    expected += [0.4262 * 15 / 11, 0.714875, 0.6528 * 15 / 13, 0.759 * 15 / 14, 1]
    shuffled = np.random.default_rng(0).permutation(15)
    np.testing.assert_allclose(benjamini_hochberg(np.array(p)[shuffled]), np.array(expected)[shuffled], rtol=1e-12)


def test_benjamini_hochberg_keeps_nan_uncounted_and_the_shape():
    # p.adjust(c(0.01, NA, 0.02, 0.03), "BH"): 0.03 NA 0.03 0.03
    adjusted = benjamini_hochberg([[0.01, np.nan], [0.02, 0.03]])
    np.testing.assert_allclose(adjusted, [[0.03, np.nan], [0.03, 0.03]])
    assert benjamini_hochberg([]).size == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg([1.2])


def test_threshold_metrics_count():
    y = [1] * 10 + [0] * 20
    score = [0.9] * 8 + [0.1] * 2 + [0.9] * 5 + [0.1] * 15
    table = threshold_metrics(y, score, 0.5, prevalence=0.1, seed=1).set_index("metric")
    np.testing.assert_allclose(table["value"].iloc[:5], [23 / 30, 0.8, 0.75, 8 / 13, 15 / 17])
    assert table["n"].iloc[:5].tolist() == [30, 10, 20, 13, 17]
    assert table.loc["ppv_at_prevalence", "value"] == pytest.approx(0.08 / (0.08 + 0.225))
    assert table.loc["npv_at_prevalence", "value"] == pytest.approx(0.675 / (0.675 + 0.02))
    assert (table["ci_low"] < table["value"]).all()
    assert (table["value"] < table["ci_high"]).all()


def test_bootstrap_equals_resampling_patients_within_outcomes():
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


def test_all_right_does_not_mean_no_uncertainty():
    # binom::binom.wilson(5, 5): 0.5655175 to 1
    row = threshold_metrics([1] * 5 + [0] * 4, [1] * 5 + [0] * 3 + [1], 0.5).set_index("metric").loc["sensitivity"]
    assert (row["value"], row["ci_high"], row["method"]) == (1, 1, "Wilson")
    assert row["ci_low"] == pytest.approx(0.5655175, abs=1e-7)


def test_nobody_called_positive_has_no_ppv():
    table = threshold_metrics([1, 0, 0], [0.1, 0.2, 0.3], 0.9).set_index("metric")
    assert np.isnan(table.loc["ppv", "value"])
    assert table.loc["ppv", "reason"] == "nobody is called positive"
    assert threshold_metrics([1, 0], [0.1, 0.2], float("nan"))["value"].isna().all()


def test_spearman_with_missing_values_equals_scipy_pair_by_pair():
    rng = np.random.default_rng(2)
    patients = [f"p{i}" for i in range(30)]
    x = pd.DataFrame(rng.normal(size=(30, 4)).round(1), index=patients, columns=list("abcd"))
    y = pd.DataFrame(rng.normal(size=(30, 3)).round(1), index=patients, columns=list("uvw"))
    x.iloc[:5, 1], y.iloc[3:9, 2] = np.nan, np.nan
    y = y.iloc[::-1]
    table = spearman_table(x, y)
    for row in table.itertuples():
        pair = pd.concat([x[row.feature], y[row.population]], axis=1).dropna()
        expected = spearmanr(pair.iloc[:, 0], pair.iloc[:, 1])
        assert (row.n, row.rho, row.p) == (len(pair), pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    np.testing.assert_allclose(table["fdr"], benjamini_hochberg(table["p"]))


def test_spearman_that_cannot_be_computed_says_why():
    x = pd.DataFrame({"constant": 1.0, "few": [1, 2, 3, np.nan, np.nan]}, index=list("abcde"))
    y = pd.DataFrame({"u": [3.0, 1, 2, 5, 4]}, index=list("abcde"))
    table = spearman_table(x, y).set_index("feature")
    assert table["rho"].isna().all()
    assert table["fdr"].isna().all()
    assert table["reason"].tolist() == ["a side is constant", "fewer than four patients"]
    with pytest.raises(ValueError, match="more than one row"):
        spearman_table(pd.concat([x, x]), y)
