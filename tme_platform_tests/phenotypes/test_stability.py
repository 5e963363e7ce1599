"""Stability of the phenotypes under resampling, other k and other gene sets."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.phenotypes import bootstrap_jaccard, label_agreement, label_stability_over_k, scale_samples


def test_clear_clusters_are_stable_and_random_ones_are_not(toy_scores: pd.DataFrame) -> None:
    data = scale_samples(toy_scores)
    clear = pd.Series(["A"] * 20 + ["B"] * 40, index=data.index)
    stable = bootstrap_jaccard(data, clear, 2, n_boot=20)
    assert stable["cluster"].tolist() == ["A", "B"]
    assert stable["n"].tolist() == [20, 40]
    np.testing.assert_array_equal(stable[["jaccard", "ci_low", "share_recovered"]], 1.0)
    random = pd.Series(["A", "B"] * 30, index=data.index)
    unstable = bootstrap_jaccard(data, random, 2, n_boot=20)
    assert (unstable["jaccard"] < 0.6).all()
    assert (unstable["ci_low"] <= unstable["jaccard"]).all()


def test_bootstrap_is_reproducible_and_ignores_unlabelled_samples(toy_scores: pd.DataFrame) -> None:
    data = scale_samples(toy_scores)
    labels = pd.Series(["A", "B"] * 30, index=data.index)
    once = bootstrap_jaccard(data, labels, 2, n_boot=5, seed=3)
    pd.testing.assert_frame_equal(once, bootstrap_jaccard(data, labels, 2, n_boot=5, seed=3))
    labels.iloc[0] = None
    assert bootstrap_jaccard(data, labels, 2, n_boot=5)["n"].sum() == 59


def test_hot_samples_stay_hot_with_more_clusters(toy_scores: pd.DataFrame, toy_groups: dict[str, str]) -> None:
    table = label_stability_over_k(toy_scores, toy_groups, [2, 3], n_init=5).set_index("k")
    assert table.loc[2, ["n_hot", "ari", "hot_jaccard", "hot_kept"]].tolist() == [20, 1, 1, 1]
    assert table.loc[2, "hot_share"] == pytest.approx(1 / 3)
    assert table.loc[3, "ari"] < 1
    assert table.loc[3, ["n_hot", "hot_kept"]].tolist() == [20, 1]


def test_label_agreement_by_pair_of_collections() -> None:
    labels = pd.Series(list("AABB"), index=list("wxyz"))
    table = label_agreement({"tme24": labels, "mcp": labels.iloc[::-1], "other": labels.replace({"A": "B"})})
    assert table[["first", "second"]].to_numpy().tolist() == [["tme24", "mcp"], ["tme24", "other"], ["mcp", "other"]]
    assert table["share_moved"].tolist() == [0, 0.5, 0.5]
    assert table["ari"].tolist() == [1, 0, 0]
