"""A continuous target: rank correlation within held-out folds, and its p by permutation of the target."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tme_platform.signature import continuous_signature


def test_correlation_is_within_held_out_folds(cohort, quick):
    features = cohort[0]
    target = features["signal"] + np.random.default_rng(2).normal(0, 0.5, 60)
    target.iloc[4] = np.nan
    found = continuous_signature(features, target, settings=quick, n_permutations=19, n_jobs=1)
    assert (found.n, found.null.size, found.reason) == (59, 19, "")
    assert found.p == pytest.approx(1 / 20)
    assert found.rho > 0.5
    folds = found.out_of_fold.groupby("fold")
    assert len(folds) == quick.n_splits
    assert found.rho == pytest.approx(np.mean([spearmanr(f["target"], f["predicted"]).statistic for _, f in folds]))
    shuffled = features.sample(frac=1, random_state=1)
    again = continuous_signature(shuffled, target, settings=quick, n_permutations=1, n_jobs=1)
    assert again.rho == found.rho


def test_agreement_filter_applies(cohort, quick):
    features = cohort[0]
    found = continuous_signature(
        features, features["signal"], settings=quick, kept_features=["noise0", "noise1"], n_permutations=1, n_jobs=1
    )
    assert found.rho < 0.4


def test_error_rate_holds_without_anything_to_find(quick):
    """12 cohorts of noise at 5 %: more than two rejections have probability 0.02."""
    settings = quick.model_copy(update={"search_trees": 3, "n_splits": 2})
    rejected = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        features = pd.DataFrame(rng.normal(size=(40, 8))).add_prefix("f")
        target = pd.Series(rng.normal(size=40))
        rejected += continuous_signature(features, target, settings=settings, n_permutations=19, n_jobs=1).p <= 0.05
    assert rejected <= 2


def test_too_few_patients_and_a_constant_target_are_reasons(cohort, quick):
    few = continuous_signature(cohort[0].head(11), pd.Series(1.0, cohort[0].index), settings=quick, n_jobs=1)
    assert few.reason == "11 patients have features and a value: too few for 3 folds"
    constant = continuous_signature(cohort[0], pd.Series(1.0, cohort[0].index), settings=quick, n_jobs=1)
    assert constant.reason == "all values are the same"
    assert np.isnan(constant.rho)
