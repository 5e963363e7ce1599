"""Odds ratios against R's fisher.test and glm."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, nchypergeom_fisher

from tme_platform.evaluation import auc_logit, odds_per_sd, odds_ratio

CARS = {
    "wt": (2.620, 2.875, 2.320, 3.215, 3.440, 3.460, 3.570, 3.190, 3.150, 3.440, 3.440, 4.070, 3.730, 3.780, 5.250,
           5.424, 5.345, 2.200, 1.615, 1.835, 2.465, 3.520, 3.435, 3.840, 3.845, 1.935, 2.140, 1.513, 3.170, 2.770,
           3.570, 2.780),
    "am": (1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1),
}  # fmt: skip
"""R's mtcars: weight and transmission."""


def of_table(counts: tuple[tuple[int, int], tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Outcome and membership of the first group; rows are groups, columns have and have not."""
    (a, b), (c, d) = counts
    return np.repeat([1.0, 0.0, 1.0, 0.0], [a, b, c, d]), np.repeat([1.0, 1.0, 0.0, 0.0], [a, b, c, d])


@pytest.mark.parametrize(
    ("counts", "p", "low", "high", "value"),
    [
        # fisher.test(TeaTasting), the example of R's help page, two-sided
        (((3, 1), (1, 3)), 0.4857, 0.2117329, 621.9337505, 6.408309),
        # fisher.test(Convictions), the same
        (((2, 15), (10, 3)), 0.0005367, 0.003325764, 0.363182271, 0.04693661),
    ],
)
def test_two_groups_match_fisher_test(counts, p, low, high, value):
    found = odds_ratio(*of_table(counts))
    # R searches odds ratios between 0 and 1, or their inverse, to a tolerance of 1.2e-4, so its last digits are noise
    for ours, theirs in ((found.value, value), (found.ci_low, low), (found.ci_high, high)):
        assert ours == pytest.approx(theirs, rel=1e-2)
        assert min(ours, 1 / ours) == pytest.approx(min(theirs, 1 / theirs), abs=1.2e-4)
    assert found.p == pytest.approx(p, rel=2e-4)
    assert found.reason == ""


def test_estimate_and_limits_satisfy_their_definition():
    """The mean of the first cell is what was observed; at each limit the tail holds 2.5 %."""
    found = odds_ratio(*of_table(((2, 15), (10, 3))))

    def first_cell(ratio):
        return nchypergeom_fisher(30, 12, 17, ratio)

    assert first_cell(found.value).mean() == pytest.approx(2, rel=1e-6)
    assert first_cell(found.ci_low).sf(1) == pytest.approx(0.025, rel=1e-6)
    assert first_cell(found.ci_high).cdf(2) == pytest.approx(0.025, rel=1e-6)


def test_shares_come_with_wilson_intervals_and_missing_patients_are_not_counted():
    outcome, first = of_table(((3, 1), (10, 10)))
    found = odds_ratio([*outcome, np.nan, 1], [*first, 1, np.nan])
    assert (found.first.n, found.first.n_positive, found.second.n, found.second.n_positive) == (4, 3, 20, 10)
    assert found.first.share == 0.75
    # R: prop.test(10, 20, correct = FALSE) prints 0.299298 0.700702
    assert (found.second.low, found.second.high) == pytest.approx((0.299298, 0.700702), abs=1e-6)


def test_an_empty_cell_leaves_one_finite_limit():
    found = odds_ratio(*of_table(((5, 0), (2, 4))))
    assert (found.value, found.ci_high) == (np.inf, np.inf)
    assert 0 < found.ci_low < 10
    assert "one finite limit" in found.reason
    # by hand: C(7, 5) C(4, 0) / C(11, 5) = 21 / 462; of the other tables, the one with a single responder in the first
    # group is less likely: C(7, 1) C(4, 4) / 462
    assert found.p == pytest.approx((21 + 7) / 462)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (((3, 1), (0, 0)), "one of the two groups has no patient"),
        (((3, 0), (4, 0)), "all 7 patients have the same outcome"),
    ],
)
def test_without_a_second_group_or_outcome_the_reason_is_given(counts, reason):
    found = odds_ratio(*of_table(counts))
    assert np.isnan([found.value, found.ci_low, found.ci_high, found.p]).all()
    assert reason in found.reason
    assert found.first.n == counts[0][0] + counts[0][1]


def test_per_sd_matches_glm():
    # glm(am ~ wt, mtcars, family = binomial) prints -4.024 (se 1.436), null deviance 43.230, residual 19.176
    cars = pd.DataFrame(CARS)
    row = odds_per_sd(cars["am"], cars[["wt"]]).iloc[0]
    sd = cars["wt"].std()
    assert np.log(row["odds_ratio"]) / sd == pytest.approx(-4.024, abs=5e-4)
    assert np.log(row["ci_high"] / row["ci_low"]) / sd / (2 * 1.959964) == pytest.approx(1.436, abs=1e-3)
    assert row["p"] == pytest.approx(chi2.sf(43.230 - 19.176, 1), rel=2e-3)
    assert (row["n"], row["n_positive"], row["reason"]) == (32, 13, "")
    area = auc_logit(cars["am"], cars["wt"])
    assert tuple(row[["auc", "auc_low", "auc_high"]]) == (area.auc, area.ci_low, area.ci_high)


def test_per_sd_does_not_depend_on_the_unit_and_corrects_over_scores():
    cars = pd.DataFrame(CARS)
    frame = pd.DataFrame({"pounds": cars["wt"], "grams": cars["wt"] * 453592.0, "noise": np.arange(32.0) % 5})
    found = odds_per_sd(cars["am"], frame).set_index("score")
    assert found.loc["grams", "odds_ratio"] == pytest.approx(found.loc["pounds", "odds_ratio"], rel=1e-9)
    assert found.loc["pounds", "fdr"] == pytest.approx(1.5 * found.loc["pounds", "p"])


def test_what_cannot_be_fitted_has_a_reason_and_no_number():
    outcome = pd.Series([0.0, 0, 0, 0, 1, 1, 1, 1])
    scores = pd.DataFrame(
        {
            "complete": [1.0, 2, 3, 4, 5, 6, 7, 8],
            "quasi": [1.0, 2, 3, 4, 4, 6, 7, 8],
            "overlapping": [1.0, 2, 3, 5, 4, 6, 7, 8],
            "flat": 2.0,
            "missing": np.nan,
        }
    )
    found = odds_per_sd(outcome, scores).set_index("score")
    lost = ["complete", "quasi", "flat", "missing"]
    assert found.loc[lost, ["odds_ratio", "ci_low", "ci_high", "p", "fdr"]].isna().all(axis=None)
    assert list(found.loc[lost, "reason"]) == [
        "the outcomes are separated: the odds ratio is not finite",
        "the outcomes are separated: the odds ratio is not finite",
        "the score is the same in all patients",
        "no patient has both an outcome and a score",
    ]
    assert found.loc["overlapping", "reason"] == ""
    assert found.loc["overlapping", "p"] < 0.05
    assert found.loc["complete", "auc"] == 1


def test_a_score_with_one_far_outlier_has_a_reason_instead_of_an_infinite_limit():
    near = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    scores = pd.DataFrame({"outlier": [*near, 1e6], "near": [*near, 11]})
    outcome = pd.Series([0.0, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = odds_per_sd(outcome, scores).set_index("score")
    assert found.loc["outlier", ["odds_ratio", "ci_low", "ci_high", "p"]].isna().all()
    assert "nearly all patients have the same score" in found.loc["outlier", "reason"]
    assert np.isfinite(found.loc["near", "ci_high"])


def test_intervals_cover_and_tests_keep_their_level():
    """600 cohorts of 120 patients with an odds ratio of 2 per standard deviation, and as many without an effect."""
    random = np.random.default_rng(11)
    covered, rejected = [], []
    score = pd.DataFrame({"score": random.normal(size=120)})
    score = (score - score.mean()) / score.std()
    for _ in range(600):
        draw = random.random(120)
        effect = odds_per_sd(pd.Series((draw < 1 / (1 + 1 / (0.5 * 2 ** score["score"]))) * 1.0), score).iloc[0]
        covered.append(effect["ci_low"] <= 2 <= effect["ci_high"])
        rejected.append(odds_per_sd(pd.Series((draw < 0.3) * 1.0), score).loc[0, "p"] < 0.05)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.02)
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.02)
