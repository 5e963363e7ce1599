"""AUCs against pROC 1.18 on 400 SCAN-B tumours.

x <- read.csv("scanb_400_roc_inputs.csv")
r1 <- roc(x$er_status, x$ESR1, quiet = TRUE, direction = "<")
r2 <- roc(x$er_status, x$GATA3, quiet = TRUE, direction = "<")
r3 <- roc(x$overall_survival_event, x$AURKA, quiet = TRUE, direction = "<")
ci.auc(r1); ci.auc(r3); roc.test(r1, r2, method = "delong", paired = TRUE)
"""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import auc_delong, compare_auc_delong, placements

CLOSE = {"rel": 1e-9, "abs": 1e-12}


@pytest.mark.parametrize(
    ("outcome", "gene", "name"),
    [("er_status", "ESR1", "auc_esr1_er"), ("overall_survival_event", "AURKA", "auc_aurka_death")],
)
def test_auc_and_interval_match_proc(scanb, proc, outcome, gene, name):
    auc, low, high, p = auc_delong(scanb[outcome], scanb[gene])
    assert auc == pytest.approx(proc[name], **CLOSE)
    assert low == pytest.approx(proc[f"{name}_low"], **CLOSE)
    assert high == pytest.approx(proc[f"{name}_high"], **CLOSE)
    assert 0 <= p < 0.1


def test_paired_comparison_matches_proc(scanb, proc):
    z, p = compare_auc_delong(scanb["er_status"], scanb["ESR1"], scanb["GATA3"])
    assert z == pytest.approx(proc["delong_paired_z"], **CLOSE)
    assert p == pytest.approx(proc["delong_paired_p"], **CLOSE)


def test_placements_equal_pairwise_comparisons():
    rng = np.random.default_rng(3)
    y, score = rng.random(40) < 0.4, rng.integers(0, 6, 40).astype(float)
    beats = (score[y][:, None] > score[~y]) + 0.5 * (score[y][:, None] == score[~y])
    cases, controls = placements(y, score)
    np.testing.assert_allclose(cases, beats.mean(axis=1), rtol=0, atol=1e-12)
    np.testing.assert_allclose(controls, beats.mean(axis=0), rtol=0, atol=1e-12)


def test_patients_with_missing_values_are_not_counted():
    y = pd.Series([1, 0, 1, 0, pd.NA, 1], dtype="Int8")
    result = auc_delong(y, [0.9, 0.1, 0.8, 0.85, 0.3, np.nan])
    assert (result.n, result.n_positive) == (4, 2)
    assert result.auc == pytest.approx(0.75)


def test_single_outcome_gives_nan_with_a_reason():
    result = auc_delong([1, 1, 1], [0.1, 0.2, 0.3])
    assert np.isnan(list(result)).all()
    assert "same outcome" in result.reason
    assert np.isnan(list(compare_auc_delong([0, 0], [1, 2], [2, 1]))).all()


def test_perfect_separation_warns_about_its_interval():
    result = auc_delong([0, 0, 1, 1], [1, 2, 3, 4])
    assert (result.auc, result.ci_low, result.ci_high) == (1, 1, 1)
    assert np.isnan(result.p)
    assert "understates" in result.reason


def test_scores_with_equal_rankings_have_p_one():
    z, p = compare_auc_delong([0, 1, 0, 1, 1], [1, 2, 3, 4, 5], [10, 20, 30, 40, 50])
    assert (z, p) == (0, 1)


def test_interval_is_clipped_at_one():
    result = auc_delong([0] * 5 + [1] * 5, [1, 2, 3, 4, 6, 5, 7, 8, 9, 10])
    assert result.ci_high == 1
    assert result.ci_low < result.auc < 1


@pytest.mark.parametrize(
    ("y", "score", "message"),
    [
        ([0, 2], [1, 2], "code it 1"),
        ([0, 1], [1, 2, 3], "length"),
        ([0, 1], [1, np.inf], "infinite"),
        (["hot", "cold"], [1, 2], "not a number"),
    ],
)
def test_invalid_input_is_rejected(y, score, message):
    with pytest.raises(ValueError, match=message):
        auc_delong(y, score)
