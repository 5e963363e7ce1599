"""No move of a single sample improves a partition."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from tme_platform.phenotypes import fit_kmeans
from tme_platform.phenotypes.transfers import Transfers


def inertia(values: np.ndarray, labels: np.ndarray) -> float:
    return sum(float(np.square(values[labels == c] - values[labels == c].mean(axis=0)).sum()) for c in set(labels))


def best_after_one_move(values: np.ndarray, labels: np.ndarray) -> float:
    """Smallest within-cluster sum of squares among all partitions in which one sample is elsewhere."""
    clusters, found = sorted(set(labels)), []
    for sample in range(len(values)):
        for cluster in clusters:
            moved = labels.copy()
            moved[sample] = cluster
            if len(set(moved)) == len(clusters):
                found.append(inertia(values, moved))
    return min(found)


def cloud(seed: int, n: int = 80, p: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, p))


@pytest.mark.parametrize("seed", range(12))
def test_no_single_move_improves_the_result(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, p, k = int(random.integers(6, 60)), int(random.integers(1, 6)), int(random.integers(2, 6))
    # rounding makes ties and repeated samples; the offset and the scale must not matter
    values = np.unique(random.normal(size=(n, p)).round(1), axis=0).repeat(1 + seed % 2, axis=0)
    for scaled in (values, 1e3 + 1e-3 * values):
        fit = fit_kmeans(pd.DataFrame(scaled), k, n_init=1 + seed % 5, seed=seed)
        assert fit.inertia <= best_after_one_move(scaled, fit.labels.to_numpy()) + 1e-9 * scaled.var() * scaled.size


def test_lloyd_stops_where_a_move_improves() -> None:
    values = cloud(0)
    lloyd = KMeans(4, n_init=50, random_state=0, tol=0, max_iter=1000).fit(values)
    assert best_after_one_move(values, lloyd.labels_) < lloyd.inertia_ - 0.04
    fit = fit_kmeans(pd.DataFrame(values), 4)
    assert fit.inertia < lloyd.inertia_ - 0.04
    assert fit.inertia <= best_after_one_move(values, fit.labels.to_numpy())
    # from Lloyd's own partition
    settled = Transfers(values).settle(lloyd.cluster_centers_ - values.mean(axis=0))
    assert settled.within < lloyd.inertia_ - 0.04
    assert settled.within == pytest.approx(inertia(values, settled.labels))
    np.testing.assert_allclose(settled.centroids[0], values[settled.labels == 0].mean(axis=0) - values.mean(axis=0))


def test_the_result_is_a_fixed_point_of_lloyd() -> None:
    values = cloud(1, 300, 8)
    fit = fit_kmeans(pd.DataFrame(values), 6, n_init=5)
    centroids = fit.centroids.to_numpy()
    again = KMeans(6, init=centroids, n_init=1, tol=0, max_iter=1000).fit(values)
    np.testing.assert_array_equal(again.labels_ + 1, fit.labels)


def test_a_centroid_without_samples_gets_the_farthest() -> None:
    values = np.array([[0.0], [1.0], [2.0], [9.0]])
    settled = Transfers(values).settle(np.array([[0.0], [100.0]]))
    assert settled.labels.tolist() == [0, 0, 0, 1]
    assert settled.within == pytest.approx(2)


def test_every_sample_alone() -> None:
    fit = fit_kmeans(pd.DataFrame({"x": [3.0, 1.0, 7.0]}), 3)
    assert sorted(fit.labels) == [1, 2, 3]
    assert fit.inertia == 0


def test_more_starts_do_not_find_better_partitions(scanb_input: pd.DataFrame) -> None:
    for k in (2, 5, 7):
        few = fit_kmeans(scanb_input, k)
        many = fit_kmeans(scanb_input, k, n_init=300, seed=9)
        assert few.inertia == pytest.approx(many.inertia, rel=1e-12)


def test_starts_are_limited() -> None:
    with pytest.raises(ValueError, match="n_init = 5 and max_starts = 3"):
        fit_kmeans(pd.DataFrame(cloud(0)), 2, n_init=5, max_starts=3)
    with pytest.raises(ValueError, match="n_init = 0"):
        fit_kmeans(pd.DataFrame(cloud(0)), 2, n_init=0)
