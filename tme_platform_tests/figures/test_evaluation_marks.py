"""What stands on the figures about the performance of the rad-score."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, precision_recall_curve

from tme_platform.evaluation import call_metrics, roc_curve_points
from tme_platform.figures import draw
from tme_platform_tests.figures.test_marks import with_gid, words
from tme_platform_tests.support.sample_tables import COHORT, HOT, N


def test_metric_bars_mark_calls_at_random_only_where_that_is_one_number(sample):
    (ticks,) = with_gid(draw("metric_bars", sample), "at random")
    heights = [path.vertices[0, 1] for path in ticks.get_paths()]
    np.testing.assert_allclose(heights, [0.5, np.nan, np.nan, np.nan, HOT / N, 1 - HOT / N])


def test_confusion_matrices_are_the_counts_behind_the_metrics(sample):
    outcome = np.arange(N) < HOT
    called = np.where(outcome, np.arange(N) % 4 > 0, np.arange(N) % 7 == 0) * 1.0
    called[0] = 0.25  # called in one of four repeats
    found = call_metrics(outcome, called).assign(analysis="honest", model="signature", subgroup="all")
    key = sample["cohort_metrics"][["cohort", "side", "endpoint"]].iloc[0].to_dict()
    made = draw("confusion_matrices", {"cohort_metrics": found.assign(**key, n=N, n_positive=HOT)})
    counts = made.data.set_index(["outcome", "call"])["patients"]
    expected = {
        ("positive", "positive"): called[outcome].sum(), ("positive", "negative"): (1 - called[outcome]).sum(),
        ("negative", "positive"): called[~outcome].sum(), ("negative", "negative"): (1 - called[~outcome]).sum(),
    }  # fmt: skip
    assert counts.to_dict() == pytest.approx(expected)
    said = words(made)
    assert "9.2 (77 %)" in said
    assert "24 (86 %)" in said
    assert "fractions of a patient" in said
    assert "no calls" in said  # of the other analysis


def test_confusion_matrices_state_why_there_is_none(sample):
    metrics = sample["cohort_metrics"]
    none = (metrics["metric"] == "sensitivity") & (metrics["analysis"] == "paper")
    missing = metrics.assign(value=metrics["value"].mask(none), reason=np.where(none, "no threshold", None))
    made = draw("confusion_matrices", {"cohort_metrics": missing})
    assert set(made.data["analysis"]) == {"honest"}
    assert "no threshold" in words(made)


def test_net_benefit_added_shows_three_models_and_what_two_of_them_gain(sample):
    made = draw("net_benefit_added", sample)
    curves = sample["clinical_decision_curves"].set_index("model")
    for name in ("signature", "clinical", "combined"):
        (line,) = with_gid(made, f"net_benefit:{name}")
        np.testing.assert_allclose(line.get_ydata(), curves.loc[name, "net_benefit"])
    (gain,) = with_gid(made, "gain:combined")
    difference = curves.loc["combined", "net_benefit"].to_numpy() - curves.loc["clinical", "net_benefit"].to_numpy()
    np.testing.assert_allclose(gain.get_ydata(), difference, atol=1e-12)
    assert "n = 40, 12 hot" in words(made)


def test_rad_score_by_group_shows_every_patient_on_an_axis_that_fits_the_scores(sample):
    narrow = sample["rad_score_group_members"].assign(rad_score=lambda rows: 0.3 + 0.1 * rows["rad_score"])
    groups = sample["rad_score_groups"].copy()
    numbers = ["mean", "median", "q1", "q3"]
    groups[numbers] = 0.3 + 0.1 * groups[numbers]
    groups["sd"] *= 0.1
    made = draw("rad_score_by_group", {"rad_score_groups": groups, "rad_score_group_members": narrow})
    panel = made.figure.axes[0]
    points = np.concatenate([np.asarray(drawn.get_offsets()) for drawn in panel.collections if drawn.get_gid()])
    own = narrow.query("variable == 'phenotype'")
    np.testing.assert_allclose(np.sort(points[:, 1]), np.sort(own["rad_score"]))
    low, high = panel.get_ylim()
    assert low < own["rad_score"].min()
    assert high > own["rad_score"].max()
    assert high - low < 0.2
    assert set(made.data["variable"]) == {"phenotype", "her2"}  # outcomes have their own figure


def test_sites_are_named_as_codes(sample):
    sites = sample["rad_score_groups"].query("variable == 'phenotype'").assign(variable="site", group=["BH", "E2"])
    made = draw("rad_score_by_group", {"rad_score_groups": sites})
    assert made.figure.axes[0].get_xlabel() == "site (code)"


def test_rad_score_by_endpoint_has_boxes_tests_and_roc_curves(sample):
    roc = sample["roc_curves"].assign(endpoint="objective_response")
    made = draw("rad_score_by_endpoint", {**sample, "roc_curves": roc})
    assert made.data.groupby("variable")["n"].sum().to_dict() == {"inflamed": N, "objective_response": N}
    said = words(made)
    assert "p = 0.03, FDR = 0.04" in said
    assert "AUC 0.85 (0.75–0.95)" in said
    assert "no ROC curve" in said  # of the other endpoint
    (curve,) = with_gid(made, "roc:")
    own = roc.query("subgroup == 'all'").sort_values("point")
    np.testing.assert_allclose(curve.get_ydata(), own["sensitivity"])


def test_subgroups_have_curves_and_a_row_of_the_forest(sample):
    curves, forest = draw("roc_by_subgroup", sample), draw("auc_by_subgroup", sample)
    assert [line.get_gid() for line in with_gid(curves, "roc:")] == ["roc:all", "roc:er_positive"]
    assert forest.data["subgroup"].tolist() == ["all", "er_positive"]
    assert "1 with fewer than 5 patients of either outcome" in words(forest)
    assert "ER positive" in words(forest)
    only = {"roc_curves": sample["roc_curves"].query("subgroup == 'all'")}
    assert draw("roc_by_subgroup", only).is_empty


def test_the_published_auc_is_another_quantity_than_ours(sample):
    metrics = sample["cohort_metrics"].assign(side="external", endpoint="inflamed")
    roles = pd.DataFrame({"cohort": [COHORT], "roles": ["immune_phenotype"]})
    made = draw("auc_by_cohort", {"cohort_metrics": metrics, "cohorts": roles})
    assert made.data.set_index("source")["value"].to_dict() == {
        "our study, honest": 0.8, "our reading of the paper": 0.8, "published": 0.814,
    }  # fmt: skip
    assert "need not be the same quantity" in words(made)
    without = draw("auc_by_cohort", {"cohort_metrics": metrics})  # nobody knows the cohort's role
    assert "published" not in set(without.data["source"])
    assert "Han et al." not in words(without)


def test_precision_and_recall_equal_those_of_scikit_learn(sample):
    random = np.random.default_rng(3)
    outcome = random.random(60) < 0.3
    score = np.round(random.normal(outcome * 1.0, 1), 1)  # with ties
    curve = roc_curve_points(outcome, score).assign(n=60, n_positive=outcome.sum(), subgroup="all")
    curve["point"] = range(len(curve))
    key = sample["roc_curves"][["cohort", "side", "endpoint"]].iloc[0].to_dict()
    made = draw("precision_recall", {"roc_curves": curve.assign(**key)})
    assert made.data["average_precision"].iloc[0] == pytest.approx(average_precision_score(outcome, score))
    precision, recall, _ = precision_recall_curve(outcome, score)
    expected = {(round(p, 9), round(r, 9)) for p, r in zip(precision[:-1], recall[:-1], strict=True)}
    found = {(round(p, 9), round(r, 9)) for p, r in zip(made.data["precision"], made.data["recall"], strict=True)}
    assert found == expected
    (line,) = with_gid(made, "prevalence")
    assert line.get_ydata()[0] == pytest.approx(outcome.mean())
