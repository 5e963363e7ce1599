"""Comparing versions on common patients, and the promotion rule."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.evaluation import compare_auc_delong
from tme_platform.signature import PromotionSettings, compare_versions, promotion_criteria

CHECKS = {"patients_on_one_side": (True, "0 patients stand on both sides.")}


def out_of_fold(n: int, strength: float, *, first: int = 0, seed: int = 1, scale: float = 1.0) -> pd.DataFrame:
    """Out-of-fold scores that are calibrated at `scale` 1."""
    numbers = np.arange(first, first + n)
    latent = np.array([np.random.default_rng([seed, number]).normal() for number in numbers])
    uniform = np.array([np.random.default_rng([7, number]).uniform() for number in numbers])
    base = np.array([np.random.default_rng([1, number]).normal() for number in numbers])
    hot = uniform < 1 / (1 + np.exp(-(1.5 * base - 0.8)))
    logit = scale * (strength * base + (1 - strength) * latent - 0.5)
    rows = pd.DataFrame({"patient_id": [f"P{k:04d}" for k in numbers], "hot": hot, "score": 1 / (1 + np.exp(-logit))})
    return pd.concat([rows.assign(repeat=repeat) for repeat in (0, 1)], ignore_index=True)


def met(criteria: list) -> dict[str, bool]:
    return {one.criterion: one.met for one in criteria}


def test_versions_are_compared_on_common_patients() -> None:
    older, newer = out_of_fold(120, 1.0), out_of_fold(150, 0.0, first=30, seed=5)
    found = compare_versions(older, newer)
    assert (found.n_common, found.n_only_older, found.n_only_newer, found.n_relabelled) == (90, 30, 60, 0)
    a, b = (frame[frame["repeat"] == 0].set_index("patient_id") for frame in (newer, older))
    common = a.index.intersection(b.index)
    z, p = compare_auc_delong(a.loc[common, "hot"], a.loc[common, "score"], b.loc[common, "score"])
    assert (found.auc.z, found.auc.p) == pytest.approx((z, p), abs=1e-12)
    assert found.larger_than_noise
    assert "larger than noise" in found.sentence()


def test_equal_versions_are_within_noise() -> None:
    older = out_of_fold(100, 1.0)
    found = compare_versions(older, out_of_fold(110, 1.0))
    assert found.difference == 0
    assert not found.larger_than_noise


def test_relabelled_patient_is_left_out_of_both_aucs() -> None:
    older, newer = out_of_fold(60, 1.0), out_of_fold(60, 1.0)
    newer.loc[newer["patient_id"] == "P0003", "hot"] ^= True
    found = compare_versions(older, newer)
    assert (found.n_common, found.n_relabelled, found.auc.n) == (60, 1, 59)


def test_versions_without_common_patients() -> None:
    assert "no patient in common" in compare_versions(out_of_fold(20, 1.0), out_of_fold(20, 1.0, first=50)).sentence()


def test_calibrated_first_version_meets_the_rule() -> None:
    criteria = promotion_criteria(out_of_fold(400, 1.0), None, CHECKS, settings=PromotionSettings())
    assert met(criteria) == {
        "auc_not_worse": True,
        "calibration_slope": True,
        "calibration_in_the_large": True,
        "check_patients_on_one_side": True,
    }


def test_worse_challenger_fails_and_equal_one_passes() -> None:
    champion = out_of_fold(200, 1.0)
    worse = promotion_criteria(out_of_fold(200, 0.0, seed=5), champion, CHECKS, settings=PromotionSettings())
    assert not met(worse)["auc_not_worse"]
    equal = promotion_criteria(out_of_fold(220, 1.0), champion, CHECKS, settings=PromotionSettings())
    assert met(equal)["auc_not_worse"]


def test_extreme_scores_fail_the_calibration_slope() -> None:
    criteria = promotion_criteria(out_of_fold(400, 1.0, scale=6.0), None, CHECKS, settings=PromotionSettings())
    assert met(criteria)["auc_not_worse"]
    assert not met(criteria)["calibration_slope"]
    (slope,) = [one for one in criteria if one.criterion == "calibration_slope"]
    assert slope.value < 0.5
    assert "must lie in 0.5 to 2" in slope.explanation


def test_failed_check_is_an_unmet_criterion() -> None:
    failed = {"patients_on_one_side": (False, "1 patient stands on both sides: P1")}
    criteria = promotion_criteria(out_of_fold(400, 1.0), None, failed, settings=PromotionSettings())
    assert [one.criterion for one in criteria if not one.met] == ["check_patients_on_one_side"]
