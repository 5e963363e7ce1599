"""Against pROC 1.18 and base R on 400 SCAN-B tumours.

x <- read.csv("scanb_400_roc_inputs.csv")
r1 <- roc(x$er_status, x$ESR1, quiet = TRUE, direction = "<")
r2 <- roc(x$er_status, x$GATA3, quiet = TRUE, direction = "<")
r3 <- roc(x$overall_survival_event, x$AURKA, quiet = TRUE, direction = "<")
ci.auc(r1); ci.auc(r3); roc.test(r1, r2, method = "delong", paired = TRUE)
coords(r3, "best", best.method = "youden", transpose = FALSE)
cor.test(x$ESR1, x$GATA3, method = "spearman", exact = FALSE)
"""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import auc_delong, compare_auc_delong, placements, roc_curve_points
from tme_platform.statistics import spearman_table, youden_threshold

CLOSE = {"rel": 1e-9, "abs": 1e-12}


@pytest.mark.parametrize(
    ("outcome", "gene", "name"),
    [("er_status", "ESR1", "auc_esr1_er"), ("overall_survival_event", "AURKA", "auc_aurka_death")],
)
def test_auc_and_interval(scanb, proc, outcome, gene, name):
    auc, low, high, p = auc_delong(scanb[outcome], scanb[gene])
    assert auc == pytest.approx(proc[name], **CLOSE)
    assert low == pytest.approx(proc[f"{name}_low"], **CLOSE)
    assert high == pytest.approx(proc[f"{name}_high"], **CLOSE)
    assert 0 <= p < 0.1


def test_paired_comparison(scanb, proc):
    z, p = compare_auc_delong(scanb["er_status"], scanb["ESR1"], scanb["GATA3"])
    assert z == pytest.approx(proc["delong_paired_z"], **CLOSE)
    assert p == pytest.approx(proc["delong_paired_p"], **CLOSE)


def test_youden_point(scanb, proc):
    threshold, sensitivity, specificity = youden_threshold(scanb["overall_survival_event"], scanb["AURKA"])
    assert threshold == pytest.approx(proc["youden_aurka_threshold"], **CLOSE)
    assert sensitivity == pytest.approx(proc["youden_aurka_sensitivity"], **CLOSE)
    assert specificity == pytest.approx(proc["youden_aurka_specificity"], **CLOSE)


def test_spearman(scanb, proc):
    row = spearman_table(scanb[["ESR1"]], scanb[["GATA3"]]).iloc[0]
    assert row["rho"] == pytest.approx(proc["spearman_esr1_gata3_rho"], **CLOSE)
    assert row["p"] == pytest.approx(proc["spearman_esr1_gata3_p"], rel=1e-6)
    assert row["n"] == 400


def test_the_curve_encloses_the_area(scanb, proc):
    points = roc_curve_points(scanb["er_status"], scanb["ESR1"])
    area = np.trapezoid(points["sensitivity"][::-1], 1 - points["specificity"][::-1])
    assert area == pytest.approx(proc["auc_esr1_er"], **CLOSE)
    assert points["threshold"].is_monotonic_increasing
    assert points["threshold"].iloc[[0, -1]].tolist() == [-np.inf, np.inf]


def test_placements_are_the_pairwise_comparisons():
    rng = np.random.default_rng(3)
    y, score = rng.random(40) < 0.4, rng.integers(0, 6, 40).astype(float)
    beats = (score[y][:, None] > score[~y]) + 0.5 * (score[y][:, None] == score[~y])
    cases, controls = placements(y, score)
    np.testing.assert_allclose(cases, beats.mean(axis=1), rtol=0, atol=1e-12)
    np.testing.assert_allclose(controls, beats.mean(axis=0), rtol=0, atol=1e-12)


def test_missing_patients_are_left_out_and_not_counted():
    y = pd.Series([1, 0, 1, 0, pd.NA, 1], dtype="Int8")
    result = auc_delong(y, [0.9, 0.1, 0.8, 0.85, 0.3, np.nan])
    assert (result.n, result.n_positive) == (4, 2)
    assert result.auc == pytest.approx(0.75)


def test_one_outcome_gives_nan_with_a_reason():
    result = auc_delong([1, 1, 1], [0.1, 0.2, 0.3])
    assert np.isnan(list(result)).all()
    assert "same outcome" in result.reason
    assert np.isnan(list(compare_auc_delong([0, 0], [1, 2], [2, 1]))).all()
    assert np.isnan(list(youden_threshold([], []))).all()
    assert roc_curve_points([1, 1], [1, 2]).empty


def test_perfect_separation_says_that_its_interval_is_not_to_be_believed():
    result = auc_delong([0, 0, 1, 1], [1, 2, 3, 4])
    assert (result.auc, result.ci_low, result.ci_high) == (1, 1, 1)
    assert np.isnan(result.p)
    assert "understates" in result.reason


def test_equal_scores_compare_as_p_one():
    z, p = compare_auc_delong([0, 1, 0, 1, 1], [1, 2, 3, 4, 5], [10, 20, 30, 40, 50])
    assert (z, p) == (0, 1)


def test_interval_is_cut_at_one():
    result = auc_delong([0] * 5 + [1] * 5, [1, 2, 3, 4, 6, 5, 7, 8, 9, 10])
    assert result.ci_high == 1
    assert result.ci_low < result.auc < 1


def test_of_equally_good_thresholds_the_lowest():
    assert list(youden_threshold([0, 1, 0, 1], [1, 2, 3, 4])) == [1.5, 1.0, 0.5]


def test_a_threshold_never_rounds_onto_the_lower_score():
    low = 0.1
    high = np.nextafter(low, 1)
    assert list(youden_threshold([0, 1], [low, high])) == [high, 1, 1]


@pytest.mark.parametrize(
    ("y", "score", "says"),
    [
        ([0, 2], [1, 2], "code it 1"),
        ([0, 1], [1, 2, 3], "length"),
        ([0, 1], [1, np.inf], "infinite"),
        (["hot", "cold"], [1, 2], "not a number"),
    ],
)
def test_bad_input_says_what_to_do(y, score, says):
    with pytest.raises(ValueError, match=says):
        auc_delong(y, score)
