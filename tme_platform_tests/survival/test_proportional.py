"""Proportional hazards, and Cox regression by group."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.survival import cox_univariate, cox_univariate_by_group, proportional_hazards_test


def test_joint_test_matches_r(lung: pd.DataFrame) -> None:
    # R 4, survival 3: cox.zph(coxph(Surv(time, status) ~ age + sex + wt.loss, data = lung))
    #          chisq df    p
    # age     0.5077  1 0.48
    # sex     2.5489  1 0.11
    # wt.loss 0.0144  1 0.90
    # GLOBAL  3.0051  3 0.39
    result = proportional_hazards_test(lung, "time", "status", ["age", "sex", "wt.loss"], together=True)
    assert list(result["covariate"]) == ["age", "sex", "wt.loss", "GLOBAL"]
    np.testing.assert_allclose(result["statistic"], [0.5077, 2.5489, 0.0144, 3.0051], atol=5.1e-5)
    np.testing.assert_allclose(result["p"], [0.48, 0.11, 0.90, 0.39], atol=5.1e-3)
    assert list(result["degrees_of_freedom"]) == [1, 1, 1, 3]
    assert set(result["n_dropped"]) == {14}


def test_single_covariate_equals_the_score_test_of_a_time_varying_coefficient(lung: pd.DataFrame) -> None:
    # Score and information of exp(x (b + c g(t))) at c = 0, by finite differences of the partial likelihood; no ties.
    frame = lung.drop_duplicates("time").sort_values("time")[["time", "status", "age"]].reset_index(drop=True)
    x = ((frame["age"] - frame["age"].mean()) / frame["age"].std()).to_numpy()
    n, died = len(frame), frame["status"].to_numpy() == 1
    survival = np.cumprod(1 - died / (n - np.arange(n)))
    course = 1 - np.concatenate(([1.0], survival[:-1]))

    def likelihood(b: float, c: float) -> float:
        return sum(
            x[i] * (b + c * course[i]) - np.log(np.exp(x[i:] * (b + c * course[i])).sum()) for i in np.flatnonzero(died)
        )

    b = cox_univariate(frame, "time", "status", ["age"], standardise=True).loc[0, "coefficient"]
    h = 1e-3
    slope = (likelihood(b, h) - likelihood(b, -h)) / (2 * h)
    second = {
        (1, 0): (likelihood(b + h, 0) - 2 * likelihood(b, 0) + likelihood(b - h, 0)) / h**2,
        (0, 1): (likelihood(b, h) - 2 * likelihood(b, 0) + likelihood(b, -h)) / h**2,
        (1, 1): sum(s * t * likelihood(b + s * h, t * h) for s in (1, -1) for t in (1, -1)) / (4 * h**2),
    }
    expected = slope**2 / -(second[0, 1] - second[1, 1] ** 2 / second[1, 0])
    result = proportional_hazards_test(frame, "time", "status", ["age"]).iloc[0]
    assert result["statistic"] == pytest.approx(expected, rel=1e-4)


def test_too_few_events_give_a_reason() -> None:
    frame = pd.DataFrame({"t": [2.0, 4.0, 2.0, 1.0, 3.0], "e": [1, 0, 0, 0, 1], "x": [1.0, 2.0, 0.0, 0.0, 2.0]})
    row = proportional_hazards_test(frame, "t", "e", ["x"]).iloc[0]
    assert np.isnan(row["p"])
    assert row["reason"] == "too few events to test for a change over time"


def test_single_covariates_and_reasons(lung: pd.DataFrame) -> None:
    frame = lung.assign(flat=2.0, separates=lung["status"])
    result = proportional_hazards_test(frame, "time", "status", ["age", "flat", "separates"])
    assert result["p"].notna().tolist() == [True, False, False]
    assert list(result["reason"][1:]) == ["the covariate is constant", "the Cox model has no finite estimate"]
    one_time = pd.DataFrame({"t": [1.0, 1.0, 2.0, 3.0], "e": [1, 1, 0, 0], "x": [1.0, 3.0, 2.0, 5.0]})
    assert proportional_hazards_test(one_time, "t", "e", ["x"]).loc[0, "reason"] == "all events are at the same time"
    assert proportional_hazards_test(lung, "time", "status", []).empty


def test_by_group_fits_all_patients_and_each_group(lung: pd.DataFrame) -> None:
    frame = lung.assign(cluster=lung["sex"].map({1: "A", 2: "B"}))
    frame.loc[0, "cluster"] = None
    result = cox_univariate_by_group(frame, "time", "status", ["age", "wt.loss"], "cluster")
    assert list(result["group"]) == ["all", "all", "A", "A", "B", "B"]
    assert list(result["n"][::2]) == [228, 137, 90]
    alone = cox_univariate(frame[frame["cluster"] == "B"], "time", "status", ["age", "wt.loss"])
    pd.testing.assert_frame_equal(result[result["group"] == "B"].drop(columns="group").reset_index(drop=True), alone)
    with pytest.raises(ValueError, match="group column phenotype"):
        cox_univariate_by_group(frame, "time", "status", ["age"], "phenotype")
