"""Endpoints, subgroups, roles, group comparisons, confounding, sample size and survival by score."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import (
    METRIC_COLUMNS,
    PACKAGED_ENDPOINTS,
    PACKAGED_SUBGROUPS,
    BinaryEndpoint,
    auc_logit,
    endpoint_outcome,
    evaluate_scores,
    label_confounding,
    median_split_survival,
    sample_size,
    score_by_group,
    subgroup_members,
)
from tme_platform.statistics import youden_threshold


@pytest.fixture(scope="module")
def clinical():
    rng = np.random.default_rng(4)
    n = 80
    return pd.DataFrame(
        {
            "cd8_percent": np.r_[[20.0, 19.9, np.nan], rng.uniform(0, 60, n - 3)],
            "immune_phenotype": pd.array(["desert", "desert", "inflamed", *[pd.NA] * (n - 3)], dtype="string"),
            "pd_l1": np.r_[[1.0, 0.99], rng.uniform(0, 5, n - 2)],
            "recist": pd.array(["CR", "PR", "SD", "PD", pd.NA, *rng.choice(["PR", "SD", "PD"], n - 5)], dtype="string"),
            "her2": pd.array(rng.choice(["positive", "negative"], n), dtype="string"),
            "er": pd.array([pd.NA, *rng.choice(["positive", "negative"], n - 1)], dtype="string"),
            "pr": pd.array([pd.NA, *rng.choice(["positive", "negative"], n - 1)], dtype="string"),
        },
        index=[f"P{i:02d}" for i in range(n)],
    )


@pytest.fixture(scope="module")
def score(clinical):
    noise = np.random.default_rng(5).normal(0, 0.15, len(clinical))
    return (0.3 + clinical["cd8_percent"].fillna(30) / 120 + noise).clip(0, 1)


def outcome_of(clinical, name):
    endpoint = PACKAGED_ENDPOINTS.root[name]
    assert isinstance(endpoint, BinaryEndpoint)
    return endpoint_outcome(clinical, endpoint)


def members_of(clinical):
    return {name: subgroup_members(clinical, subgroup) for name, subgroup in PACKAGED_SUBGROUPS.root.items()}


def test_endpoints_at_their_cut_offs(clinical):
    assert outcome_of(clinical, "inflamed").iloc[:3].tolist() == [1, 0, 1]
    assert outcome_of(clinical, "pd_l1_positive").iloc[:2].tolist() == [1, 0]
    np.testing.assert_array_equal(outcome_of(clinical, "objective_response").iloc[:5], [1, 1, 0, 0, np.nan])
    np.testing.assert_array_equal(outcome_of(clinical, "disease_control").iloc[:5], [1, 1, 1, 0, np.nan])
    assert outcome_of(clinical[["er"]], "inflamed").isna().all()


def test_patients_with_unknown_receptors_are_in_no_subgroup(clinical):
    members = pd.DataFrame(members_of(clinical))
    by_receptors = members.drop(columns=["er_positive", "er_negative"])
    assert by_receptors.sum(axis=1).max() == 1
    assert not (members["er_positive"] & members["er_negative"]).any()
    negative = clinical["her2"].eq("negative").iloc[0]
    assert by_receptors.iloc[0].sum() == (0 if negative else 1)
    # By the definitions of the published study, written out.
    positive = clinical[["er", "pr"]].eq("positive").any(axis=1)
    expected = clinical["her2"].eq("negative") & positive
    assert members["her2_negative_hr_positive"].equals(expected.fillna(False).astype(bool))


def test_evaluation_has_one_row_per_metric(score, clinical):
    y = outcome_of(clinical, "inflamed")
    rows = evaluate_scores(y, score, endpoint="inflamed", analysis="paper", cohort="c", prevalence=0.3)
    assert list(rows.columns) == list(METRIC_COLUMNS)
    assert rows["metric"].is_unique
    by = rows.set_index("metric")
    area = auc_logit(y, score)
    assert by.loc["auc", ["value", "ci_low", "ci_high", "p"]].tolist() == list(area)
    assert by.loc["threshold", "value"] == youden_threshold(y, score).threshold
    assert by.loc["sensitivity", "value"] == youden_threshold(y, score).sensitivity
    assert "chosen on these patients" in by.loc["sensitivity", "method"]
    assert rows["n"].eq(80).all()
    assert rows["n_positive"].eq(y.sum()).all()
    assert {"ppv_at_prevalence", "calibration_slope", "brier"} <= set(rows["metric"])
    locked = evaluate_scores(y, score, endpoint="e", analysis="honest", threshold=0.6).set_index("metric")
    assert locked.loc["threshold", "value"] == 0.6
    assert "locked" in locked.loc["npv", "method"]


def test_single_outcome_gives_nan_with_reasons():
    rows = evaluate_scores([0, 0, 0], [0.1, 0.2, 0.3], endpoint="e", analysis="paper")
    assert rows["value"].isna().all()
    assert rows["reason"].ne("").all()
    empty = evaluate_scores([], [], endpoint="e", analysis="honest", threshold=0.5)
    assert empty.loc[empty["metric"] != "threshold", "value"].isna().all()


def test_a_useless_score_has_no_threshold_but_a_reason():
    reversed_score = evaluate_scores([0, 1, 1, 0], [0.9, 0.2, 0.3, 0.4], endpoint="e", analysis="paper")
    threshold = reversed_score.set_index("metric").loc["threshold"]
    assert np.isnan(threshold["value"])
    assert threshold["reason"] == "no threshold is better than calling every patient positive"


def test_score_by_group_tests_each_variable(score, clinical):
    table = score_by_group(score, clinical, ["recist", "her2", "stage"])
    assert table["variable"].unique().tolist() == ["recist", "her2"]
    recist = table[table["variable"] == "recist"]
    assert recist["n"].sum() == 79
    assert recist["test"].eq("kruskal").all()
    assert (table["fdr"] >= table["p"]).all()
    assert score_by_group(score, clinical, []).empty


def test_site_associated_with_the_label_gives_a_warning():
    labels = pd.Series(["hot"] * 10 + ["cold"] * 30, index=range(40))
    sites = pd.DataFrame({"site": ["A"] * 12 + ["B"] * 28, "scanner": ["x", "y"] * 20}, index=range(40))
    table = label_confounding(labels, sites).set_index("variable")
    assert "associated with the label" in table.loc["site", "warning"]
    assert table.loc["scanner", "warning"] == ""
    # rcompanion::cramerV(matrix(c(10, 0, 2, 28), 2)) = sqrt(chi2 / n), chi2 = 40 (10*28 - 0*2)^2 / (10*30*12*28)
    assert table.loc["site", "cramers_v"] == pytest.approx(280 / np.sqrt(10 * 30 * 12 * 28))
    constant = label_confounding(labels, sites.assign(site="A"), ["site", "magnet"])
    assert constant["p"].isna().tolist() == [True]
    assert constant["warning"].tolist() == [""]


def test_sample_size_matches_pmsampsize():
    # pmsampsize(type = "b", csrsquared = 0.288, parameters = 24, prevalence = 0.174): criterion 1 needs 623
    largest = 1 - np.exp(2 * (0.174 * np.log(0.174) + 0.826 * np.log(0.826)))
    result = sample_size(1000, 174, 24, nagelkerke=0.288 / largest)
    assert np.ceil(result.n_needed) == 623
    assert result.events_per_feature == 174 / 24
    small = sample_size(90, 20, 36)
    assert small.expected_shrinkage < 0.5
    assert "20 patients with the rarer outcome for 36" in small.warning
    enough = sample_size(4000, 1000, 4)
    assert enough.expected_shrinkage > 0.9
    assert enough.warning == ""
    assert np.isnan(sample_size(10, 0, 3).expected_shrinkage)
    minimal = sample_size(24, 8, 823)
    share = 1 / 3
    largest = 1 - np.exp(2 * (share * np.log(share) + (1 - share) * np.log(1 - share)))
    assert minimal.expected_shrinkage == pytest.approx(0.15 * largest, rel=1e-8), "the lower bound is R squared"
    assert minimal.warning


def test_expected_shrinkage_is_the_inverse_of_the_needed_size():
    needed = sample_size(100, 40, 5).n_needed
    n = int(np.ceil(needed / 5) * 5)
    assert sample_size(n, n * 2 // 5, 5).expected_shrinkage == pytest.approx(0.9, abs=0.002)


def test_median_split_compares_survival():
    rng = np.random.default_rng(7)
    score = pd.Series(rng.random(61), index=range(61))
    followed = pd.DataFrame(
        {"time_days": rng.exponential(np.where(score > 0.5, 2000, 300)), "event": 1.0}, index=range(61)
    )
    followed.loc[[3, 4]] = np.nan
    row = median_split_survival(score, followed).iloc[0]
    assert (row["n_high"], row["n_low"], row["events_high"]) == (29, 30, 29)
    assert row["cut"] == score.drop([3, 4]).median()
    assert row["ci_high"] < 1
    assert row["p"] < 0.01
    censored = median_split_survival(score, followed.assign(event=followed["event"] * 0)).iloc[0]
    assert np.isnan(censored["hr"])
    assert censored["reason"]
    assert median_split_survival(score, followed.iloc[:0]).empty
