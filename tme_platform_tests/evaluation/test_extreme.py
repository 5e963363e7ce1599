"""Extreme inputs: every number is finite or missing with a reason, and nothing warns on the console."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import (
    auc_delong,
    auc_logit,
    calibration,
    call_metrics,
    compare_auc_delong,
    decision_curve,
    label_confounding,
    median_split_survival,
    odds_per_sd,
    odds_ratio,
    reliability_curve,
    score_by_group,
    threshold_metrics,
    treatment_interaction,
)
from tme_platform.signature import added_value
from tme_platform.signature.recalibration import fit_recalibration
from tme_platform.statistics import compare_categories, compare_groups, fit_logistic, spearman_table, table_one

pytestmark = [pytest.mark.filterwarnings("error::RuntimeWarning"), pytest.mark.filterwarnings("error::UserWarning")]
N = 24
OUTCOME = np.resize([1.0, 0, 0, 1.0], N)
SCORES = {
    "perfectly separated": np.where(OUTCOME == 1, 0.9, 0.1) + np.linspace(0, 0.05, N),
    "separated the other way": np.where(OUTCOME == 1, 0.1, 0.9),
    "quasi-separated": np.where(OUTCOME == 1, 0.5, np.resize([0.5, 0.1, 0.2], N)),
    "constant": np.full(N, 0.3),
    "constant but for rounding": 0.3 + np.resize([0, 5.6e-17], N),
    "one patient differs": np.eye(N)[0] * 0.9,
    "one control differs": np.eye(N)[1] * 0.9,
    "all missing": np.full(N, np.nan),
    "one known": np.where(np.arange(N) == 3, 0.4, np.nan),
    "huge": np.r_[np.linspace(0, 1, N - 1), 1e300],
    "tiny": np.linspace(0, 1, N) * 1e-300,
    "nearly separated": np.where(OUTCOME == 1, 0.9, 0.1) + np.where(np.arange(N) == 1, 1.0, 0) + np.arange(N) * 1e-3,
}
OUTCOMES = {
    "both outcomes": OUTCOME,
    "no case": np.zeros(N),
    "only cases": np.ones(N),
    "one case": np.eye(N)[0],
    "one control": 1 - np.eye(N)[1],
}
PATIENTS = pd.Index([f"P{n:02d}" for n in range(N)], name="patient_id")


@pytest.fixture(params=list(OUTCOMES), ids=lambda name: name.replace(" ", "_"))
def outcome(request: pytest.FixtureRequest) -> pd.Series:
    return pd.Series(OUTCOMES[request.param], PATIENTS)


@pytest.fixture(params=list(SCORES), ids=lambda name: name.replace(" ", "_"))
def score(request: pytest.FixtureRequest) -> pd.Series:
    return pd.Series(SCORES[request.param], PATIENTS)


def finite_or_reason(table: pd.DataFrame, columns: list[str]) -> None:
    numbers = table[columns].to_numpy(dtype=float)
    said = table["reason"].fillna("").ne("").to_numpy()
    assert (np.isfinite(numbers).all(axis=1) | said).all(), table.to_string()


def test_odds(outcome: pd.Series, score: pd.Series) -> None:
    table = odds_per_sd(outcome, pd.DataFrame({"score": score}))
    finite_or_reason(table, ["odds_ratio", "ci_low", "ci_high", "p"])
    found = odds_ratio(outcome, (score > score.fillna(0).median()).astype(float))
    assert found.reason or np.isfinite([found.value, found.ci_low, found.ci_high, found.p]).all()


def test_areas(outcome: pd.Series, score: pd.Series) -> None:
    for found in (auc_delong(outcome, score), auc_logit(outcome, score)):
        assert found.reason or np.isfinite([found.auc, found.ci_low, found.ci_high]).all()
    other = pd.Series(np.resize([0.2, 0.7, 0.4], N), PATIENTS)
    compared = compare_auc_delong(outcome, score, other)
    assert compared.reason or np.isfinite(compared.p)


def test_probabilities_and_thresholds(outcome: pd.Series, score: pd.Series) -> None:
    probability = score.clip(0, 1)
    finite_or_reason(calibration(outcome, probability, n_bootstrap=20), ["value", "ci_low", "ci_high"])
    reliability_curve(outcome, probability)
    decision_curve(outcome, probability, n_bootstrap=20)
    threshold_metrics(outcome, score, 0.5)
    known = score.notna()
    call_metrics(outcome[known], score[known] > 0.5)


@pytest.mark.parametrize("treated", ["alternating", "one patient", "as the outcome"])
def test_interactions(outcome: pd.Series, score: pd.Series, treated: str) -> None:
    in_arm = {
        "alternating": np.arange(N) % 2 == 0,
        "one patient": np.arange(N) == 2,
        "as the outcome": outcome.to_numpy() == 1,
    }[treated]
    arm = pd.Series(np.where(in_arm, "drug", "control"), PATIENTS)
    followed = pd.DataFrame({"event": outcome, "time_days": np.arange(1.0, N + 1)})
    for measured in (outcome, followed):
        for control in ("control", None):
            table = treatment_interaction(measured, score, arm, control=control)
            finite_or_reason(table, ["ratio", "ci_low", "ci_high", "p"] if control else ["p"])


def test_groups_and_correlations(outcome: pd.Series, score: pd.Series) -> None:
    found = compare_groups(score, outcome)
    assert found.reason or np.isfinite(found.p)
    words = pd.Series(np.where(score > 0.3, "a", "b"), PATIENTS)
    counted = compare_categories(words, outcome)
    assert counted.reason or np.isfinite(counted.p)
    table = spearman_table(pd.DataFrame({"f": score}), pd.DataFrame({"p": outcome, "q": np.arange(float(N))}))
    finite_or_reason(table, ["rho", "p"])
    table_one(pd.DataFrame({"score": score, "words": words, "g": outcome.astype(str)}), "g", ["score", "words"])
    score_by_group(score, pd.DataFrame({"words": words}), ["words"])
    label_confounding(outcome.map({1.0: "hot", 0.0: "cold"}), pd.DataFrame({"site": words}))
    followed = pd.DataFrame({"event": outcome, "time_days": np.arange(1.0, N + 1)}, PATIENTS)
    median_split_survival(score, followed)


def test_models_of_the_signature(outcome: pd.Series, score: pd.Series) -> None:
    values = score.fillna(0.5).clip(0, 1).to_numpy()
    positive = outcome.to_numpy() == 1
    found = added_value(positive, values, np.arange(float(N)))
    assert found.reason or np.isfinite([found.statistic, found.p]).all()
    if positive.any() and not positive.all():
        assert np.isfinite(fit_recalibration(positive, values).probability(values)).all()


def test_a_logistic_regression_of_several_columns_is_finite_or_says_why(outcome: pd.Series, score: pd.Series) -> None:
    design = np.column_stack([np.ones(N), score.fillna(0.0), np.linspace(-1, 1, N) ** 2])
    fit = fit_logistic(outcome.to_numpy() == 1, design)
    assert fit.reason or np.isfinite([*fit.coefficients, *fit.standard_errors, fit.log_likelihood]).all()
