"""Metrics at a threshold."""

import numpy as np
import pytest

from tme_platform.evaluation import call_metrics, threshold_metrics
from tme_platform.statistics import proportion_interval


def test_threshold_metrics_by_hand():
    y = [1] * 10 + [0] * 20
    score = [0.9] * 8 + [0.1] * 2 + [0.9] * 5 + [0.1] * 15
    table = threshold_metrics(y, score, 0.5, prevalence=0.1).set_index("metric")
    np.testing.assert_allclose(table["value"].iloc[:5], [23 / 30, 0.8, 0.75, 8 / 13, 15 / 17])
    assert table["n"].iloc[:5].tolist() == [30, 10, 20, 13, 17]
    assert table.loc["ppv_at_prevalence", "value"] == pytest.approx(0.08 / (0.08 + 0.225))
    assert table.loc["npv_at_prevalence", "value"] == pytest.approx(0.675 / (0.675 + 0.02))
    assert (table["ci_low"] < table["value"]).all()
    assert (table["value"] < table["ci_high"]).all()


def test_intervals_are_wilsons_with_the_denominator_of_each_proportion():
    y = [1] * 10 + [0] * 20
    table = call_metrics(y, [1] * 8 + [0] * 2 + [1] * 5 + [0] * 15).set_index("metric")
    for metric, (k, n) in {"accuracy": (23, 30), "sensitivity": (8, 10), "ppv": (8, 13), "npv": (15, 17)}.items():
        assert table.loc[metric, ["ci_low", "ci_high"]].tolist() == pytest.approx(proportion_interval(k, n))


def test_calls_of_several_repeats_count_with_their_share():
    table = call_metrics([1, 1, 0, 0], [1, 0.5, 0.25, 0]).set_index("metric")
    assert table.loc["sensitivity", "value"] == 0.75
    assert table.loc["specificity", "value"] == 0.875
    assert table.loc["ppv", "value"] == pytest.approx(1.5 / 1.75)
    assert table.loc["sensitivity", ["ci_low", "ci_high"]].tolist() == pytest.approx(proportion_interval(1.5, 2))


@pytest.mark.parametrize("metric", ["accuracy", "sensitivity", "ppv", "npv", "ppv_at_prevalence", "npv_at_prevalence"])
def test_intervals_cover_the_true_proportions(metric):
    """A stratified bootstrap covered 60 to 86 % here: it keeps the cases fixed and has no width at 0 and 1."""
    rng = np.random.default_rng(12)
    sensitivity, specificity, share = 0.8, 0.85, 0.25
    truth = {
        "accuracy": share * sensitivity + (1 - share) * specificity,
        "sensitivity": sensitivity,
        "ppv": share * sensitivity / (share * sensitivity + (1 - share) * (1 - specificity)),
        "npv": (1 - share) * specificity / ((1 - share) * specificity + share * (1 - sensitivity)),
        "ppv_at_prevalence": 0.1 * sensitivity / (0.1 * sensitivity + 0.9 * (1 - specificity)),
        "npv_at_prevalence": 0.9 * specificity / (0.9 * specificity + 0.1 * (1 - sensitivity)),
    }[metric]
    covered = []
    for _ in range(300):
        y = rng.random(40) < share
        called = np.where(y, rng.random(40) < sensitivity, rng.random(40) > specificity)
        row = call_metrics(y, called, prevalence=0.1).set_index("metric").loc[metric]
        if not np.isnan(row["value"]):
            covered.append(row["ci_low"] <= truth <= row["ci_high"])
    # 95 % expected; three standard errors of 300 cohorts are 3.8 %
    assert np.mean(covered) > 0.91


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
