import numpy as np
import pandas as pd
import pytest

from tme_platform.signature import assign_split


@pytest.fixture
def strata():
    patients = [f"P{i:03d}" for i in range(90)]
    return pd.Series(["hot"] * 20 + ["cold"] * 70, index=patients)


def test_strata_have_equal_shares_on_both_sides(strata):
    split = assign_split(strata.index, strata, fraction=0.2, seed=1)
    validation = strata[split == "validation"]
    assert validation.value_counts().to_dict() == {"cold": 14, "hot": 4}
    assert assign_split(strata.index, strata, fraction=0.2, seed=2).ne(split).any()


def test_row_order_does_not_matter(strata):
    shuffled = strata.sample(frac=1, random_state=3)
    pd.testing.assert_series_equal(
        assign_split(shuffled.index, list(shuffled), fraction=0.2, seed=1),
        assign_split(strata.index, strata, fraction=0.2, seed=1),
    )


def test_assignments_are_kept_when_cohort_grows(strata):
    rng = np.random.default_rng(0)
    arriving = rng.permutation(strata.index)
    previous = None
    for n in (10, 11, 30, 55, 90):
        now = strata[arriving[:n]]
        split = assign_split(now.index, now, fraction=0.2, seed=7, previous=previous)
        if previous is not None:
            assert split[previous.index].equals(previous)
        previous = split.sort_index()
    assert abs((previous == "validation").sum() - 18) <= 2


def test_adding_patients_one_by_one_approaches_the_fraction(strata):
    previous = None
    for n in range(1, 91):
        now = strata.iloc[:n]
        previous = assign_split(now.index, now, fraction=0.2, seed=7, previous=previous)
    assert 16 <= (previous == "validation").sum() <= 22


def test_assignments_are_kept_when_phenotypes_change(strata):
    before = assign_split(strata.index, strata, fraction=0.2, seed=1)
    changed = strata.copy().astype(object)
    changed.iloc[:10] = "cold"
    changed.iloc[30:40] = None
    assert assign_split(changed.index, changed, fraction=0.2, seed=1, previous=before).equals(before)


def test_single_stratum_and_empty_cohort():
    split = assign_split(["a", "b", "c", "d", "e"], [None] * 5, fraction=0.2, seed=0)
    assert (split == "validation").sum() == 1
    assert assign_split([], [], fraction=0.2, seed=0).empty


def test_invalid_input_raises():
    with pytest.raises(ValueError, match="twice"):
        assign_split(["a", "a"], [1, 1], fraction=0.2, seed=0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        assign_split(["a"], [1], fraction=20, seed=0)
    with pytest.raises(ValueError, match="only discovery"):
        assign_split(["a"], [1], fraction=0.2, seed=0, previous=pd.Series({"a": "train"}))
