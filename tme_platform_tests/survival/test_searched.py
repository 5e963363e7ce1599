"""Log-rank over many labellings: each p as by the single test, and the corrected one keeps its level."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.survival import log_rank, searched_log_rank


def labellings(random: np.random.Generator, n: int) -> dict[str, pd.Series]:
    """Cuts of one score in 2 to 8 groups: the highest is hot, the lowest cold, the rest missing, like phenotypes."""
    score = pd.Series(random.normal(size=n))
    return {
        f"k = {k}": pd.qcut(score, k, labels=False).map({0: "cold", k - 1: "hot"}).astype("object") for k in range(2, 9)
    }


def test_each_p_is_that_of_the_single_test(lung: pd.DataFrame) -> None:
    random = np.random.default_rng(1)
    labels = labellings(random, len(lung)) | {"stage": lung["ph.ecog"].map(str).where(lung["ph.ecog"].notna())}
    found = searched_log_rank(lung["time"], lung["status"], labels, permutations=1).set_index("labelling")
    for name, label in labels.items():
        assert found.loc[name, "p"] == pytest.approx(log_rank(lung["time"], lung["status"], label).p), name
        assert found.loc[name, "n"] == label.notna().sum()


def test_the_corrected_p_keeps_its_level_and_the_smallest_naive_one_does_not() -> None:
    random = np.random.default_rng(2)
    naive, corrected = [], []
    for repeat in range(200):
        time, limit = random.exponential(1, 120), random.uniform(0.2, 2, 120)
        found = searched_log_rank(
            np.minimum(time, limit), time <= limit, labellings(random, 120), permutations=59, seed=repeat
        )
        naive.append(found["p"].min() < 0.05)
        corrected.append(found["p_corrected"].min() <= 0.05)
    assert np.mean(naive) > 0.12
    assert 0.02 <= np.mean(corrected) <= 0.085


def test_a_difference_is_found_and_seeded() -> None:
    random = np.random.default_rng(3)
    labels = labellings(random, 200)
    time = random.exponential(np.where(labels["k = 2"] == "hot", 3.0, 1.0))
    found = searched_log_rank(time, np.ones(200), labels, permutations=199, seed=4)
    assert found["p_corrected"].min() == pytest.approx(1 / 200)
    assert (found["p_corrected"] >= found["p"]).all()
    pd.testing.assert_frame_equal(found, searched_log_rank(time, np.ones(200), labels, permutations=199, seed=4))


def test_what_cannot_be_compared_is_missing() -> None:
    labels = {"one": pd.Series(["hot"] * 6), "two": pd.Series(["hot", "cold"] * 3)}
    found = searched_log_rank([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0], labels, permutations=19)
    assert found["p"].isna().tolist() == [True, False]
    assert found["p_corrected"].isna().tolist() == [True, False]
    assert searched_log_rank([1, 2], [0, 0], {"two": pd.Series(["a", "b"])}, permutations=19)["p"].isna().all()
    with pytest.raises(ValueError, match="labelling one has 6 rows"):
        searched_log_rank([1, 2], [0, 1], labels)
