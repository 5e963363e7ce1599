"""Cox regression against R's coxph and against lifelines."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.survival import cox_multivariable, cox_univariate


def test_univariate_matches_r(scanb: pd.DataFrame, r_value: pd.Series) -> None:
    row = cox_univariate(scanb, "time", "event", ["aurka"], standardise=True).iloc[0]
    found = row[["hr", "ci_low", "ci_high", "p"]].astype(float)
    expected = r_value[["cox_aurka_hr", "cox_aurka_low", "cox_aurka_high", "cox_aurka_p"]]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert (row["n"], row["events"], row["n_dropped"], row["reason"]) == (400, 48, 0, "")


def test_multivariable_matches_r(scanb: pd.DataFrame, r_value: pd.Series) -> None:
    scaled = scanb.assign(aurka=(scanb["aurka"] - scanb["aurka"].mean()) / scanb["aurka"].std())
    row = cox_multivariable(scaled, "time", "event", ["aurka", "age"]).iloc[0]
    assert row["hr"] == pytest.approx(r_value["cox_aurka_age_adjusted_hr"], rel=1e-10)
    assert row["p"] == pytest.approx(r_value["cox_aurka_age_adjusted_p"], rel=1e-10)


def test_tied_times_match_lifelines(lung: pd.DataFrame) -> None:
    from lifelines import CoxPHFitter

    ours = cox_univariate(lung, "time", "status", ["sex", "age", "wt.loss"]).set_index("covariate")
    for name in ours.index:
        used = lung[["time", "status", name]].dropna()
        theirs = CoxPHFitter().fit(used, "time", "status", fit_options={"precision": 1e-12}).summary.loc[name]
        assert ours.loc[name, "coefficient"] == pytest.approx(theirs["coef"], rel=1e-6)
        assert ours.loc[name, "se"] == pytest.approx(theirs["se(coef)"], rel=1e-6)
    assert ours.loc["wt.loss", "n_dropped"] == 14
    # R: coxph(Surv(time, status) ~ sex, lung) prints coef -0.5310, se 0.1672, p 0.00149
    np.testing.assert_allclose(ours.loc["sex", ["coefficient", "se"]].astype(float), [-0.5310, 0.1672], atol=5e-5)
    assert ours.loc["sex", "p"] == pytest.approx(0.00149, abs=5e-6)


def test_result_does_not_depend_on_the_unit_of_a_covariate(lung: pd.DataFrame) -> None:
    tiny = lung.assign(age=lung["age"] * 1e-9 + 5)
    per_year = cox_univariate(lung, "time", "status", ["age"])
    per_billion = cox_univariate(tiny, "time", "status", ["age"])
    assert per_billion.loc[0, "p"] == pytest.approx(per_year.loc[0, "p"], rel=1e-5)
    assert per_billion.loc[0, "coefficient"] * 1e-9 == pytest.approx(per_year.loc[0, "coefficient"], rel=1e-5)


def test_unfittable_covariates_are_missing_with_a_reason(lung: pd.DataFrame) -> None:
    frame = lung.assign(
        flat=3.1,
        empty=np.nan,
        separates=lung["status"] * 1.0,
        censored=lung["age"].where(lung["status"] == 0),
    )
    result = cox_univariate(frame, "time", "status", ["age", "flat", "empty", "separates", "censored"])
    result = result.set_index("covariate")
    unfittable = ["flat", "empty", "separates", "censored"]
    assert result.loc[unfittable, ["hr", "ci_low", "ci_high", "p", "fdr"]].isna().all(axis=None)
    assert list(result.loc[unfittable, "reason"]) == [
        "the covariate is constant",
        "no usable row",
        "no finite estimate: the covariate separates events from survivors",
        "no event",
    ]
    assert result.loc["age", "fdr"] == result.loc["age", "p"]


def test_collinear_covariates_have_a_reason(lung: pd.DataFrame) -> None:
    result = cox_multivariable(lung.assign(months=lung["age"] * 12), "time", "status", ["age", "months"])
    assert result["p"].isna().all()
    assert set(result["reason"]) == {"covariates are linear combinations of each other"}


def test_negative_and_missing_times_are_dropped_and_counted(lung: pd.DataFrame) -> None:
    spoiled = pd.concat([lung, lung.head(4)], ignore_index=True)
    spoiled["time"] = spoiled["time"].astype(float)
    spoiled["status"] = spoiled["status"].astype(float)
    spoiled.loc[[228, 229], "time"] = [-5.0, np.nan]
    spoiled.loc[[230, 231], "status"] = np.nan
    result = cox_univariate(spoiled, "time", "status", ["age"]).iloc[0]
    assert result["n_dropped"] == 4
    assert result["hr"] == cox_univariate(lung, "time", "status", ["age"]).iloc[0]["hr"]


def test_missing_and_invalid_columns_are_named(lung: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="lacks the columns grade"):
        cox_univariate(lung, "time", "status", ["grade"])
    with pytest.raises(ValueError, match="stage is not"):
        cox_univariate(lung.assign(stage="II"), "time", "status", ["stage"])
    with pytest.raises(ValueError, match="not 2: recode"):
        cox_univariate(lung.assign(status=lung["status"] + 1), "time", "status", ["age"])


def test_no_covariates_give_an_empty_table(lung: pd.DataFrame) -> None:
    result = cox_univariate(lung, "time", "status", [])
    assert result.empty
    assert "fdr" in result
