"""The interaction of score and treatment against R's glm and lifelines, and its error rates in simulated trials."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from tme_platform.evaluation import treatment_interaction


@pytest.fixture(scope="module")
def moths() -> pd.DataFrame:
    """Tobacco budworm moths by sex and log2 dose, 20 each (Collett 1991; Venables & Ripley 2002, section 7.2)."""
    dead = {"M": (1, 4, 9, 13, 18, 20), "F": (0, 2, 6, 10, 12, 16)}
    rows = [(sex, dose, moth < n) for sex, ns in dead.items() for dose, n in enumerate(ns) for moth in range(20)]
    return pd.DataFrame(rows, columns=["sex", "dose", "dead"]).astype({"dose": float, "dead": float})


def test_two_arms_match_glm(moths):
    # glm(SF ~ sex * ldose, family = binomial) prints sexM:ldose 0.3529 (se 0.2700), residual deviance 4.9937 on 8;
    # without the product 6.7571 on 9
    found = treatment_interaction(moths["dead"], moths["dose"], moths["sex"], control="F", standardise=False)
    row = found.iloc[0]
    assert (len(found), row["arm"], row["reference_arm"], row["n"], row["n_positive"]) == (1, "M", "F", 240, 111)
    assert np.log(row["ratio"]) == pytest.approx(0.3529, abs=5e-5)
    assert np.log(row["ci_high"] / row["ci_low"]) / (2 * 1.959964) == pytest.approx(0.2700, abs=5e-5)
    assert row["p"] == pytest.approx(chi2.sf(6.7571 - 4.9937, 1), rel=1e-3)


def test_per_standard_deviation_is_the_same_test(moths):
    arguments = moths["dead"], moths["dose"], moths["sex"]
    raw = treatment_interaction(*arguments, control="F", standardise=False).iloc[0]
    scaled = treatment_interaction(*arguments, control="F").iloc[0]
    assert scaled["p"] == pytest.approx(raw["p"], rel=1e-9)
    assert np.log(scaled["ratio"]) == pytest.approx(np.log(raw["ratio"]) * moths["dose"].std(), rel=1e-9)


def test_the_other_control_arm_gives_the_inverse(moths):
    arguments = moths["dead"], moths["dose"], moths["sex"]
    female, male = (treatment_interaction(*arguments, control=name).iloc[0] for name in ("F", "M"))
    assert female["ratio"] == pytest.approx(1 / male["ratio"], rel=1e-9)
    assert female["p"] == pytest.approx(male["p"], rel=1e-9)


@pytest.mark.parametrize(("control", "said"), [(None, "no control arm is declared"), ("placebo", "arm placebo")])
def test_without_a_control_arm_there_is_a_test_but_no_estimate(moths, control, said):
    row = treatment_interaction(moths["dead"], moths["dose"], moths["sex"], control=control).iloc[0]
    assert row["p"] == pytest.approx(chi2.sf(6.7571 - 4.9937, 1), rel=1e-3)
    assert (row["arm"], row["df"]) == ("all", 1)
    assert np.isnan(row["ratio"])
    assert said in row["reason"]


def test_three_arms_are_compared_with_the_control_and_together(moths):
    third = moths[moths["sex"] == "F"].assign(sex="third")
    three = pd.concat([moths, third], ignore_index=True)
    found = treatment_interaction(three["dead"], three["dose"], three["sex"], control="F").set_index("arm")
    assert list(found.index) == ["M", "third", "all"]
    assert found.loc["third", "ratio"] == pytest.approx(1, abs=1e-6)
    assert found.loc["third", "p"] == pytest.approx(1, abs=1e-6)
    assert (found.loc["all", "df"], found.loc["all", "n"]) == (2, 360)
    one_dead_arm = pd.concat([three, third.assign(sex="none", dead=0.0)], ignore_index=True)
    found = treatment_interaction(one_dead_arm["dead"], one_dead_arm["dose"], one_dead_arm["sex"], control="F")
    joint = found.set_index("arm").loc["all"]
    assert (joint["df"], joint["n"]) == (2, 360)
    assert "left out, because nothing varies there: none" in joint["reason"]
    assert "separated" in found.set_index("arm").loc["none", "reason"]


def test_survival_matches_lifelines():
    from lifelines import CoxPHFitter
    from lifelines.datasets import load_rossi

    rossi = load_rossi()
    outcome = pd.DataFrame({"time_days": rossi["week"], "event": rossi["arrest"]})
    arm = rossi["fin"].map({1: "aid", 0: "none"})
    row = treatment_interaction(outcome, rossi["age"].astype(float), arm, control="none", standardise=False).iloc[0]
    columns = rossi[["week", "arrest", "fin", "age"]].assign(product=rossi["fin"] * rossi["age"])
    options = {"duration_col": "week", "event_col": "arrest", "fit_options": {"precision": 1e-12}}
    full = CoxPHFitter().fit(columns, **options)
    reduced = CoxPHFitter().fit(columns.drop(columns="product"), **options)
    theirs = full.summary.loc["product"]
    assert row["ratio"] == pytest.approx(theirs["exp(coef)"], rel=1e-6)
    assert row["ci_low"] == pytest.approx(theirs["exp(coef) lower 95%"], rel=1e-5)
    statistic = 2 * (full.log_likelihood_ - reduced.log_likelihood_)
    assert row["p"] == pytest.approx(chi2.sf(statistic, 1), rel=1e-5)
    assert (row["n"], row["n_positive"]) == (432, 114)


def test_missing_values_are_left_out_and_one_arm_gives_no_row(moths):
    spoiled = moths.astype({"sex": object})
    spoiled.loc[:2, "sex"], spoiled.loc[3:4, "dose"], spoiled.loc[5:8, "dead"] = None, np.nan, np.nan
    assert treatment_interaction(spoiled["dead"], spoiled["dose"], spoiled["sex"], control="F")["n"][0] == 240 - 9
    one = moths[moths["sex"] == "M"]
    assert treatment_interaction(one["dead"], one["dose"], one["sex"], control="M").empty


def test_level_and_coverage_in_simulated_trials():
    """600 trials of two arms of 100: prognostic score (odds ratio 2 in both arms), and one with a ratio of 3."""
    random = np.random.default_rng(5)
    arm = pd.Series(np.repeat(["control", "treated"], 100))
    score = pd.Series(random.normal(size=200))
    score = (score - score.mean()) / score.std()
    treated = (arm == "treated").to_numpy()
    rejected, covered = [], []
    for _ in range(600):
        draw = random.random(200)
        linear = -0.5 + 0.5 * treated + np.log(2) * score
        for slope, record in ((0.0, rejected), (np.log(3), covered)):
            outcome = pd.Series((draw < 1 / (1 + np.exp(-(linear + slope * treated * score)))) * 1.0)
            row = treatment_interaction(outcome, score, arm, control="control", standardise=False).iloc[0]
            record.append(row["p"] < 0.05 if slope == 0 else row["ci_low"] <= 3 <= row["ci_high"])
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.02)
    assert 0.93 < np.mean(covered) < 0.985  # Wald's interval of a large ratio is somewhat wide
