"""Influence of single patients on a Cox coefficient, against refits without them and against lifelines."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.survival import cox_influence, cox_multivariable, cox_univariate
from tme_platform.survival.influence import null_contributions, score_residuals
from tme_platform.survival.partial_likelihood import maximise, risk_sets


def followed(n: int, seed: int, effect: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    values = random.normal(size=n)
    time, limit = random.exponential(np.exp(-effect * values)), random.exponential(1.5, n)
    return pd.DataFrame({"time": np.minimum(time, limit), "event": (time <= limit) * 1, "x": values})


def skewed(seed: int, *, die: bool = True) -> pd.DataFrame:
    """300 tumours without an effect, of which 3 (1 %) have a large fraction and die first, or outlive the others."""
    frame = followed(300, seed)
    frame["x"] = np.random.default_rng(seed + 1).exponential(0.01, 300)
    first = [[0.6, 1e-4, 1], [0.7, 2e-4, 1], [0.5, 3e-4, 1]]
    frame.loc[:2, ["x", "time", "event"]] = first if die else [[0.6, 6, 0], [0.7, 7, 0], [0.5, 5.5, 0]]
    return frame


def fitted(frame: pd.DataFrame, names: list[str]):
    sets = risk_sets(frame["time"].to_numpy(float), frame["event"].to_numpy(bool))
    values = frame[names].to_numpy(float)[sets.order]
    return values, sets, maximise(values, sets)


def dfbeta(values, sets, full):
    return score_residuals(values, sets, full.coefficients) @ np.linalg.inv(full.information)


def test_residuals_give_what_refits_without_each_patient_show(lung: pd.DataFrame) -> None:
    frame = lung.rename(columns={"status": "event"})[["time", "event", "age", "ph.ecog"]].dropna()
    names = ["age", "ph.ecog"]  # times are tied
    values, sets, full = fitted(frame, names)
    exact = np.array(
        [full.coefficients - fitted(frame.drop(index=row), names)[2].coefficients for row in frame.index[sets.order]]
    )
    found = dfbeta(values, sets, full)
    for column in range(2):
        assert np.corrcoef(found[:, column], exact[:, column])[0, 1] > 0.999
        assert np.polyfit(exact[:, column], found[:, column], 1)[0] == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(score_residuals(values, sets, full.coefficients).sum(axis=0), 0, atol=1e-8)


@pytest.mark.filterwarnings("ignore:It appears your weights are not integers")
def test_residuals_give_the_derivative_by_the_weight_of_a_patient_in_lifelines() -> None:
    from lifelines import CoxPHFitter

    frame = followed(25, 1, 0.5)
    values, sets, full = fitted(frame, ["x"])
    found = np.empty(len(frame))
    found[sets.order] = dfbeta(values, sets, full)[:, 0]

    def coefficient(row: int, weight: float) -> float:
        weighted = frame.assign(weight=np.where(frame.index == row, weight, 1.0))
        model = CoxPHFitter().fit(weighted, "time", "event", weights_col="weight", fit_options={"precision": 1e-12})
        return float(model.params_["x"])

    for row in (0, 7, 13, 24):
        derivative = (coefficient(row, 1.01) - coefficient(row, 0.99)) / 0.02
        assert found[row] == pytest.approx(derivative, rel=1e-3)


def test_contributions_are_what_the_score_statistic_loses_without_each_patient(lung: pd.DataFrame) -> None:
    frame = lung.rename(columns={"status": "event"})[["time", "event", "age", "ph.ecog"]].dropna()
    frame[["age", "ph.ecog"]] -= frame[["age", "ph.ecog"]].mean()

    def score(part: pd.DataFrame) -> float:
        """Score of age at 0, with the other coefficient at its maximum there."""
        values, sets, _ = fitted(part, ["age", "ph.ecog"])
        other = fitted(part, ["ph.ecog"])[2].coefficients
        return float(score_residuals(values, sets, np.array([0.0, other[0]]))[:, 0].sum())

    values, sets, _ = fitted(frame, ["age", "ph.ecog"])
    found = null_contributions(values, sets, 0)
    whole = score(frame)
    exact = [whole - score(frame.drop(index=row)) for row in frame.index[sets.order]]
    assert np.corrcoef(found, exact)[0, 1] > 0.999
    assert found.sum() == pytest.approx(whole)


def test_a_ratio_from_one_per_cent_of_the_tumours_is_seen() -> None:
    frame = skewed(3)
    assert cox_univariate(frame, "time", "event", ["x"], standardise=True).loc[0, "p"] < 1e-4
    row = cox_influence(frame, "time", "event", ["x"], standardise=True).iloc[0]
    assert row["n_influential"] == 3
    assert row["p_without_influential"] > 0.05
    assert "significance depends on 3 tumours" in row["caution"]
    rest = cox_univariate(frame.iloc[3:], "time", "event", ["x"]).iloc[0]
    assert row["hr_without_influential"] == pytest.approx(rest["hr"] ** frame["x"].std(), rel=1e-6)
    logged = frame.assign(x=np.log10(frame["x"] + 1e-4))
    assert cox_univariate(logged, "time", "event", ["x"], standardise=True).loc[0, "p"] > 1e-4


def test_a_protective_ratio_from_one_per_cent_is_seen_too() -> None:
    frame = skewed(3, die=False)
    assert cox_univariate(frame, "time", "event", ["x"]).loc[0, "p"] < 0.05
    row = cox_influence(frame, "time", "event", ["x"]).iloc[0]
    assert row["p_without_influential"] > 0.05
    assert "significance depends on 3 tumours" in row["caution"]


def test_clear_effects_and_those_that_are_not_significant_have_no_caution() -> None:
    flagged = []
    for seed in range(40):
        frame = followed(300, seed, 0.2)
        p = cox_univariate(frame, "time", "event", ["x"]).loc[0, "p"]
        flagged.append((p, cox_influence(frame, "time", "event", ["x"]).loc[0, "caution"] != ""))
    found = pd.DataFrame(flagged, columns=["p", "flagged"])
    assert not found.loc[(found["p"] < 0.001) | (found["p"] >= 0.05), "flagged"].any()
    assert found.loc[found["p"].between(0.001, 0.05), "flagged"].mean() < 0.5


def test_a_ratio_that_all_tumours_carry_has_no_caution() -> None:
    row = cox_influence(followed(300, 5, 0.6), "time", "event", ["x"]).iloc[0]
    assert row["caution"] == ""
    assert row["p_without_influential"] < 1e-6


def test_in_a_joint_model_the_others_stay(lung: pd.DataFrame) -> None:
    names = ["age", "sex"]
    found = cox_influence(lung, "time", "status", names, together=True, share=0.001).set_index("covariate")
    values, sets, _ = fitted(lung.rename(columns={"status": "event"}), names)
    most = sets.order[np.argmax(np.abs(null_contributions(values, sets, 1)))]
    rest = cox_multivariable(lung.drop(index=lung.index[most]), "time", "status", names).set_index("covariate")
    assert found.loc["sex", "n_influential"] == 1
    assert found.loc["sex", "hr_without_influential"] == pytest.approx(rest.loc["sex", "hr"])


def test_what_cannot_be_fitted_is_missing(lung: pd.DataFrame) -> None:
    found = cox_influence(lung.assign(flat=1.0), "time", "status", ["flat"]).iloc[0]
    assert np.isnan(found["hr_without_influential"])
    assert found["caution"] == ""
