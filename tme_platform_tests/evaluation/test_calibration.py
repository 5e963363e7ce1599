"""Calibration against statsmodels (R: glm(y ~ qlogis(p), binomial); glm(y ~ 1 + offset(qlogis(p)), binomial))."""

import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit

from tme_platform.evaluation import calibration, decision_curve, reliability_curve


@pytest.fixture(scope="module")
def predicted():
    rng = np.random.default_rng(8)
    truth = rng.normal(-0.5, 1.2, 150)
    return rng.random(150) < expit(truth), np.round(expit(2 * truth + 0.4), 2)


def test_slope_and_intercepts_match_logistic_regression(predicted):
    y, p = predicted
    table = calibration(y, p).set_index("metric")
    x = logit(np.clip(p, 0.005, 0.995))
    both = sm.Logit(y.astype(float), sm.add_constant(x)).fit(disp=0, tol=1e-14)
    limits = both.conf_int()
    for row, name in enumerate(["calibration_intercept", "calibration_slope"]):
        expected = [both.params[row], *limits[row]]
        np.testing.assert_allclose(table.loc[name, ["value", "ci_low", "ci_high"]].astype(float), expected, rtol=1e-7)
    large = sm.GLM(y.astype(float), np.ones(150), family=sm.families.Binomial(), offset=x).fit(tol=1e-14)
    assert table.loc["calibration_in_the_large", "value"] == pytest.approx(large.params[0], rel=1e-7)
    assert table.loc["calibration_slope", "ci_high"] < 1  # the logits were doubled
    assert table.loc["brier", "value"] == pytest.approx(np.mean((p - y) ** 2))
    assert table.loc["brier", "ci_low"] < table.loc["brier", "value"] < table.loc["brier", "ci_high"]
    assert table.loc["brier_scaled", "value"] == pytest.approx(1 - np.mean((p - y) ** 2) / (y.mean() * (1 - y.mean())))


@pytest.mark.parametrize(
    ("y", "p", "metric", "message"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], "calibration_slope", "separate"),
        ([0, 1, 0, 1], [0.3, 0.3, 0.3, 0.3], "calibration_slope", "the same"),
        ([1, 1], [0.3, 0.4], "brier", "same outcome"),
        ([0, 1, 0], [0.3, 4, -1], "brier", "not a probability"),
    ],
)
def test_undefined_metrics_are_nan_with_a_reason(y, p, metric, message):
    row = calibration(y, p).set_index("metric").loc[metric]
    assert np.isnan(row["value"])
    assert message in row["reason"]


def test_reliability_groups_contain_each_patient_once(predicted):
    y, p = predicted
    curve = reliability_curve(y, p, bins=5)
    assert len(curve) == 5
    assert (curve["n"].sum(), curve["n_positive"].sum()) == (150, y.sum())
    assert curve["predicted"].is_monotonic_increasing
    assert ((curve["ci_low"] <= curve["observed"]) & (curve["observed"] <= curve["ci_high"])).all()
    # binom::binom.wilson(0, 20): 0 to 0.1611251
    none = reliability_curve(np.zeros(20), np.full(20, 0.2)).iloc[0]
    assert (none["ci_low"], none["ci_high"]) == (0, pytest.approx(0.1611251, abs=1e-7))
    assert reliability_curve([], []).empty


def test_net_benefit_by_hand(predicted):
    y, p = predicted
    curve = decision_curve(y, p, thresholds=[0.2, 0.6])
    for row in curve.itertuples():
        called, odds = p >= row.threshold, row.threshold / (1 - row.threshold)
        assert row.net_benefit == pytest.approx(((called & y).sum() - (called & ~y).sum() * odds) / 150)
        assert row.treat_all == pytest.approx((y.sum() - (~y).sum() * odds) / 150)
    assert decision_curve(y, p, thresholds=[0.001])["net_benefit"].iloc[0] == pytest.approx(
        decision_curve(y, p, thresholds=[0.001])["treat_all"].iloc[0], abs=1e-2
    )
    with pytest.raises(ValueError, match="strictly between"):
        decision_curve(y, p, thresholds=[1.0])


def test_net_benefit_at_another_prevalence():
    y, p = [1, 1, 0, 0, 0, 0], [0.9, 0.1, 0.9, 0.1, 0.1, 0.1]
    row = decision_curve(y, p, thresholds=[0.5], prevalence=0.1).iloc[0]
    assert row["net_benefit"] == pytest.approx(0.5 * 0.1 - 0.25 * 0.9)


def test_prevalence_outside_0_to_1_is_refused():
    with pytest.raises(ValueError, match=r"prevalence 1\.5"):
        decision_curve([0, 1], [0.2, 0.8], prevalence=1.5)


def test_net_benefit_at_a_prevalence_needs_both_outcomes():
    assert decision_curve([1, 1, 1], [0.2, 0.6, 0.9], thresholds=[0.5])["net_benefit"].iloc[0] == pytest.approx(2 / 3)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert decision_curve([1, 1], [0.2, 0.6], thresholds=[0.5], prevalence=0.2)["net_benefit"].isna().all()
