"""Performance of a rad-score for an outcome, in all patients and in subgroups, of held-out and of new patients."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import METRIC_COLUMNS, auc_logit
from tme_platform.signature import evaluate_signature, signature_decision_curve, signature_roc, within_fold_auc

N = 80


@pytest.fixture(scope="module")
def patients():
    rng = np.random.default_rng(4)
    index = [f"P{i:02d}" for i in range(N)]
    outcome = pd.Series((rng.random(N) < 0.4).astype(float), index=index)
    score = pd.Series((0.35 + 0.2 * outcome + rng.normal(0, 0.15, N)).clip(0, 1), index=index)
    outcome.iloc[0] = np.nan
    return outcome, pd.DataFrame({"rad_score": score, "probability": score / 2})


@pytest.fixture(scope="module")
def held_out(patients):
    _, scores = patients
    rng = np.random.default_rng(5)
    rows = [
        pd.DataFrame(
            {
                "patient_id": scores.index,
                "repeat": repeat,
                "fold": rng.permutation(N) % 5,
                "score": (scores["rad_score"] + rng.normal(0, 0.05, N)).clip(0, 1).to_numpy(),
            }
        )
        for repeat in range(3)
    ]
    table = pd.concat(rows, ignore_index=True)
    return table.assign(probability=table["score"] ** 2, called_hot=table["score"] >= 0.4 + 0.02 * table["fold"])


def test_new_patients_in_all_and_in_subgroups(patients):
    outcome, scores = patients
    half = pd.Series(np.arange(N) < 40, index=scores.index)
    nobody = half & False
    rows = evaluate_signature(
        outcome, scores.iloc[::-1], None, {"half": half, "nobody": nobody}, endpoint="pcr", threshold=0.5
    )
    assert list(rows.columns) == list(METRIC_COLUMNS)
    assert set(rows["subgroup"]) == {"all", "half"}
    assert not rows.duplicated(["subgroup", "analysis", "metric"]).any()
    one = rows.set_index(["subgroup", "analysis", "metric"])
    assert one.loc[("half", "honest", "auc"), "value"] == auc_logit(outcome[half], scores.loc[half, "rad_score"]).auc
    assert one.loc[("all", "honest", "auc"), "value"] == one.loc[("all", "paper", "auc"), "value"]
    assert one.loc[("all", "honest", "threshold"), "value"] == 0.5 != one.loc[("all", "paper", "threshold"), "value"]
    assert "recalibrated" in one.loc[("all", "honest", "brier"), "method"]
    assert rows.loc[rows["subgroup"] == "all", "n"].eq(N - 1).all(), "one patient has no outcome"
    assert evaluate_signature(outcome * np.nan, scores, None, {}, endpoint="pcr", threshold=0.5).empty


def test_held_out_patients_are_called_by_the_thresholds_of_their_folds(patients, held_out):
    outcome, scores = patients
    known = outcome.dropna()
    rows = evaluate_signature(outcome, scores, held_out, {}, endpoint="hot", threshold=0.9)
    honest = rows[rows["analysis"] == "honest"].set_index("metric")
    called = held_out.groupby("patient_id")["called_hot"].mean()[known.index]
    assert honest.loc["sensitivity", "value"] == pytest.approx(called[known == 1].mean())
    assert "chosen in the training folds" in honest.loc["sensitivity", "method"]
    assert honest.loc["threshold", "value"] == 0.9
    own = held_out[held_out["patient_id"].isin(known.index)]
    area = within_fold_auc(own.assign(hot=own["patient_id"].map(known) == 1))
    assert honest.loc["auc", ["value", "ci_low", "ci_high", "p"]].tolist() == list(area)
    brier = ((own["probability"] - own["patient_id"].map(known)) ** 2).mean()
    assert honest.loc["brier", "value"] == pytest.approx(brier)


def test_roc_curve_of_held_out_patients_has_the_area_within_folds(patients, held_out):
    outcome, scores = patients
    curve = signature_roc(outcome.dropna(), scores, held_out)
    x, y = 1 - curve["specificity"].to_numpy(), curve["sensitivity"].to_numpy()
    assert (np.diff(x) <= 0).all()
    assert (np.diff(y) <= 0).all()
    assert (x[0], y[0], x[-1], y[-1]) == (1, 1, 0, 0)
    assert -np.trapezoid(y, x) == pytest.approx(curve["auc"].iloc[0])


def test_roc_curve_of_new_patients(patients):
    outcome, scores = patients
    curve = signature_roc(outcome.dropna(), scores, None)
    area = auc_logit(outcome, scores["rad_score"])
    assert curve.loc[0, ["auc", "auc_low", "auc_high"]].tolist() == [area.auc, area.ci_low, area.ci_high]
    assert (curve["n"].iloc[0], curve["n_positive"].iloc[0]) == (N - 1, outcome.sum())


def test_decision_curve_is_the_mean_over_repeats_of_the_recalibrated_probability(patients, held_out):
    outcome, scores = patients
    known = outcome.dropna()
    curve = signature_decision_curve(known, scores, held_out).set_index("threshold")
    benefits = []
    for _, rows in held_out[held_out["patient_id"].isin(known.index)].groupby("repeat"):
        acts, hot = rows["probability"] >= 0.2, rows["patient_id"].map(known) == 1
        benefits.append(((acts & hot).sum() - (acts & ~hot).sum() * 0.2 / 0.8) / len(rows))
    assert curve.loc[0.2, "net_benefit"] == pytest.approx(np.mean(benefits))
    assert (curve["ci_low"] <= curve["net_benefit"]).all()
    new = signature_decision_curve(known, scores, None).set_index("threshold")
    assert new.loc[0.49, "net_benefit"] != curve.loc[0.49, "net_benefit"]
