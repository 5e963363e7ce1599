"""The adjusted Cox model: against R and lifelines, and the rule of events per term."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.survival import adjusted_cox, clinical_terms


def test_adjusted_ratio_matches_r(scanb: pd.DataFrame, r_value: pd.Series) -> None:
    # R: coxph(Surv(time, event) ~ scale(aurka) + age), see reference/survival
    scaled = scanb.assign(aurka=(scanb["aurka"] - scanb["aurka"].mean()) / scanb["aurka"].std())
    row = adjusted_cox(scaled, "time", "event", "aurka", {"age": scaled[["age"]]}).iloc[0]
    assert row["hr"] == pytest.approx(r_value["cox_aurka_age_adjusted_hr"], rel=1e-10)
    assert row["p"] == pytest.approx(r_value["cox_aurka_age_adjusted_p"], rel=1e-10)
    assert (row["n"], row["events"], row["n_left_out"], row["events_per_term"]) == (400, 48, 0, 24)


def test_every_term_matches_lifelines(lung: pd.DataFrame) -> None:
    from lifelines import CoxPHFitter
    from lifelines.statistics import proportional_hazard_test

    frame = lung.assign(female=(lung["sex"] == 2) * 1.0)
    terms = {"age": frame[["age"]], "wt.loss": frame[["wt.loss"]], "ph.ecog": frame[["ph.ecog"]]}
    found = adjusted_cox(frame, "time", "status", "female", terms).set_index("term")
    used = frame[["time", "status", "female", "age", "wt.loss", "ph.ecog"]].dropna()
    model = CoxPHFitter().fit(used, "time", "status", fit_options={"precision": 1e-12})
    theirs = model.summary.loc[found.index]
    np.testing.assert_allclose(found["hr"].astype(float), theirs["exp(coef)"], rtol=1e-6)
    np.testing.assert_allclose(found["ci_low"].astype(float), theirs["exp(coef) lower 95%"], rtol=1e-5)
    np.testing.assert_allclose(found["p"].astype(float), theirs["p"], rtol=1e-4)
    assert set(found["n_left_out"]) == {len(lung) - len(used)}
    # lifelines tests by the residuals of one term, survival 3 by the score of all; they agree roughly.
    test = proportional_hazard_test(model, used, time_transform="km").summary
    assert found.loc["female", "proportional_hazards_p"] == pytest.approx(test.loc["female", "p"], abs=0.05)


def followed(n: int, events: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"time": random.exponential(1, n), "event": 0.0, "hot": random.integers(0, 2, n) * 1.0})
    frame.loc[: events - 1, "event"] = 1.0
    return frame.assign(**{name: random.normal(size=n) for name in "abcd"})


def test_covariates_enter_in_order_while_there_are_ten_events_per_term() -> None:
    frame = followed(300, 42)
    terms = {"a": frame[["a"]], "b": frame[["b", "c"]], "d": frame[["d"]]}
    found = adjusted_cox(frame, "time", "event", "hot", terms).set_index("term")
    assert found["hr"].notna().to_dict() == {"hot": True, "a": True, "b": True, "c": True, "d": False}
    assert set(found["events_per_term"].dropna()) == {10.5}
    assert found.loc["d", "reason"] == "not in the model: 8.4 events per term, at least 10 are needed"
    fewer = adjusted_cox(followed(300, 35), "time", "event", "hot", terms).set_index("term")
    assert fewer["hr"].notna().to_dict() == {"hot": True, "a": True, "b": False, "d": True}, "d fits where b does not"


def test_too_few_events_are_not_estimable() -> None:
    frame = followed(100, 9)
    row = adjusted_cox(frame, "time", "event", "hot", {"a": frame[["a"]]}).iloc[0]
    assert row["reason"] == "not estimable: 9 events, at least 10 per term are needed"
    assert np.isnan(row["hr"])
    alone = adjusted_cox(followed(100, 15), "time", "event", "hot", {"a": frame[["a"]]}).iloc[0]
    assert alone["reason"] == "not estimable: no covariate can enter, so there is nothing to adjust for"


def test_a_covariate_of_few_patients_does_not_cost_the_others() -> None:
    frame = followed(200, 80)
    frame.loc[60:, "a"] = np.nan
    found = adjusted_cox(
        frame, "time", "event", "hot", {"a": frame[["a"]], "b": frame[["b"]], "c": frame[["c"]]}, instead={"c": "b"}
    ).set_index("term")
    assert found.loc["hot", ["n", "n_left_out"]].tolist() == [200, 0]
    assert found.loc["a", "reason"] == "not in the model: recorded for 30% of the patients"
    assert found.loc["c", "reason"] == "not in the model: b is"


def test_clinical_variables_are_coded_as_stated() -> None:
    clinical = pd.DataFrame(
        {
            "age_years": [50.0, 60.0, 70.0, None] * 10,
            "stage": ["IIA", "I", "IIIC", None] * 10,
            "pam50": ["LumA"] * 18 + ["Basal"] * 12 + ["Her2"] * 6 + ["Normal"] * 4,
            "sex": "female",
            "site": None,
        }
    )
    event = pd.Series([1.0] * 18 + [0.0] * 5 + [1.0] * 7 + [1.0] * 3 + [0.0] * 3 + [1.0] * 3 + [0.0])
    terms = clinical_terms(clinical, event, ["age_years", "stage", "pam50", "sex", "site", "grade"])
    assert list(terms) == ["age_years", "stage", "pam50"]
    assert terms["age_years"].iloc[:2, 0].tolist() == [5.0, 6.0]
    assert terms["stage"].iloc[:3, 0].tolist() == [2.0, 1.0, 3.0]
    assert list(terms["pam50"]) == ["pam50: Basal against LumA", "pam50: other against LumA"]
    assert terms["pam50"].sum().tolist() == [12, 10]
    fewer = clinical_terms(clinical.iloc[:36], event.iloc[:36], ["pam50"])["pam50"]
    assert list(fewer) == ["pam50: Basal against LumA"]
    assert fewer.isna().sum().item() == 6, "too few events even when pooled"
