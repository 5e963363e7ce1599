"""Logistic regression against statsmodels; separation is found before anything is fitted."""

import numpy as np
import pytest
import statsmodels.api as sm

from tme_platform.statistics import fit_logistic
from tme_platform.statistics.logistic import COLLINEAR, SEPARATED


def test_several_predictors_and_an_offset_match_statsmodels() -> None:
    random = np.random.default_rng(2)
    design = np.column_stack([np.ones(80), random.normal(size=(80, 2)) * [1, 50]])
    positive, offset = random.random(80) < 0.4, random.normal(size=80)
    ours = fit_logistic(positive, design, offset)
    theirs = sm.GLM(positive * 1.0, design, family=sm.families.Binomial(), offset=offset).fit(tol=1e-12)
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-7)
    np.testing.assert_allclose(ours.standard_errors, theirs.bse, rtol=1e-6)
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-10)


def test_separation_by_a_combination_of_predictors_is_found() -> None:
    random = np.random.default_rng(4)
    first, second = random.normal(size=(2, 60))
    positive = first + second > 0.3
    design = np.column_stack([np.ones(60), first, second])
    assert fit_logistic(positive, design).reason == SEPARATED
    assert np.isnan(fit_logistic(positive, design).coefficients).all()
    assert fit_logistic(positive, design[:, :2]).reason == ""
    one_moved = positive.copy()
    one_moved[np.argmax(first + second)] = False
    assert fit_logistic(one_moved, design).reason == ""


def test_separation_in_one_group_only_is_found() -> None:
    # nobody in the second group has the outcome: its coefficient runs to minus infinity
    positive = np.array([True, False, True, False, False, False])
    group = np.array([0.0, 0, 0, 0, 1, 1])
    assert fit_logistic(positive, np.column_stack([np.ones(6), group])).reason == SEPARATED


def test_dependent_columns_have_a_reason() -> None:
    assert fit_logistic(np.array([True, False, True]), np.ones((3, 2))).reason == COLLINEAR
