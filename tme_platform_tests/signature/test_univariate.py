"""Each feature alone: effect, interval, p and false discovery rate over all features."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from tme_platform.signature import feature_univariate


def test_features_are_compared_one_by_one(cohort):
    features, labels = cohort
    found = feature_univariate(features, labels, kept_features=["signal", "noise0"]).set_index("feature")
    signal = found.loc["signal"]
    hot, cold = (features.loc[labels == side, "signal"] for side in ("hot", "cold"))
    assert found.index[0] in ("signal", "copy")
    assert signal["p"] == pytest.approx(mannwhitneyu(hot, cold, method="asymptotic").pvalue)
    assert signal["auc"] == pytest.approx(mannwhitneyu(hot, cold).statistic / (len(hot) * len(cold)))
    assert signal["ci_low"] > 0.5
    assert signal["median_hot"] == hot.median()
    assert signal["mean_cold"] == pytest.approx(cold.mean())
    assert found.index[found["kept"]].sort_values().tolist() == ["noise0", "signal"]
    assert found.loc["constant", "reason"] == "all values are the same"
    assert found.loc["noise2", "n"] == 57
    assert np.isnan(found.loc["constant", "fdr"])


def test_false_discovery_rate_is_over_all_features_and_holds_on_noise():
    """100 cohorts of noise: 5 % of them are expected to have any feature below 0.05; uncorrected, nearly all have."""
    rng = np.random.default_rng(8)
    any_found, any_uncorrected = 0, 0
    for _ in range(100):
        features = pd.DataFrame(rng.normal(size=(60, 15))).add_prefix("f")
        labels = pd.Series(np.where(rng.permutation(60) < 18, "hot", "cold"))
        found = feature_univariate(features, labels, kept_features=["f0"])
        any_found += (found["fdr"] < 0.05).any()
        any_uncorrected += (found["p"] < 0.05).any()
    assert any_found <= 11
    assert any_uncorrected > 30
