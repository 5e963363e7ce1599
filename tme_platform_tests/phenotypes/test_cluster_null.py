"""Clusters compared with one Gaussian cloud, and the gap statistic."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from tme_platform.phenotypes import compare_with_cloud, fit_kmeans, gap_statistic, scale_samples


def cloud(seed: int, n: int = 40, p: int = 4) -> np.ndarray:
    """One Gaussian whose covariance is that of no other."""
    spread = np.random.default_rng(5).normal(size=(p, p)) / 3 + np.eye(p)
    return np.random.default_rng(seed).normal(size=(n, p)) @ spread


def scaled(values: np.ndarray) -> pd.DataFrame:
    return scale_samples(pd.DataFrame(values).T)


def compare(data: pd.DataFrame, **settings: object) -> pd.DataFrame:
    return compare_with_cloud(data, 2, n_boot=4, references=2, n_init=1, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("rescale", [False, True])
def test_p_values_of_single_clouds_are_not_too_small(rescale: bool) -> None:
    found = []
    for seed in range(15):
        data = scaled(cloud(100 + seed)) if rescale else pd.DataFrame(cloud(100 + seed))
        found.append(compare(data, draws=19, seed=seed, rescale=rescale).set_index(["measure", "cluster"])["p"])
    p = pd.DataFrame(found)
    assert ((p <= 0.05).sum() <= binom.ppf(0.999, len(p), 0.05)).all()
    assert ((p <= 0.5).sum() <= binom.ppf(0.999, len(p), 0.5)).all()
    # the Jaccard index is the same for the data and for the clouds, however high
    assert p["jaccard"].to_numpy().mean() == pytest.approx(0.5, abs=0.2)


def test_two_separate_clusters_have_the_smallest_p() -> None:
    values = cloud(1)
    values[:18] += 12
    table = compare(pd.DataFrame(values), draws=19).set_index(["measure", "cluster"])
    assert table.loc["silhouette", "p"].tolist() == [1 / 20]
    assert table.loc["gap", "p"].tolist() == [1 / 20]
    assert (table["null_low"] <= table["null_mean"]).all()
    assert (table["null_mean"] <= table["null_high"]).all()
    assert table.loc["jaccard", "value"].tolist() == [1, 1]


def test_scaled_samples_have_a_singular_covariance() -> None:
    data = scaled(cloud(2))
    assert np.linalg.matrix_rank(np.cov(data, rowvar=False)) == 3
    table = compare(data, draws=5, rescale=True)
    assert np.isfinite(table.drop(columns=["measure"]).to_numpy(float)).all()


def test_measures_of_the_chosen_and_of_two_clusters_are_reproducible() -> None:
    data = pd.DataFrame(cloud(3))
    table = compare_with_cloud(data, 3, draws=2, n_boot=2, references=2, seed=4)
    assert list(zip(table["measure"], table["k"], table["cluster"], strict=True)) == [
        ("silhouette", 2, 0),
        ("silhouette", 3, 0),
        ("gap", 2, 0),
        ("gap", 3, 0),
        ("jaccard", 3, 1),
        ("jaccard", 3, 2),
        ("jaccard", 3, 3),
    ]
    pd.testing.assert_frame_equal(table, compare_with_cloud(data, 3, draws=2, n_boot=2, references=2, seed=4))
    with pytest.raises(ValueError, match="k = 1 and draws = 2"):
        compare_with_cloud(data, 1, draws=2)


def test_gap_is_larger_for_the_true_number_of_clusters() -> None:
    values = np.concatenate([cloud(seed, 30, 2) + 15 * seed for seed in range(3)])
    data = pd.DataFrame(values)
    gaps = gap_statistic(data, {k: fit_kmeans(data, k, n_init=5) for k in (1, 2, 3, 4)})
    assert gaps.idxmax() == 3
    # one feature: the reference is uniform over the range, with variance range^2 / 12
    line = pd.DataFrame({"x": np.linspace(0, 1, 2001)})
    assert gap_statistic(line, {1: fit_kmeans(line, 1)})[1] == pytest.approx(0, abs=0.02)
