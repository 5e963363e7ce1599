"""Scaling, k-means and silhouette against R."""

import numpy as np
import pandas as pd
import pytest

from tme_platform.phenotypes import (
    adjusted_rand_index,
    fit_kmeans,
    kmeans_partitions,
    pairs,
    scale_samples,
    silhouette_by_k,
)


def _inertia(data: pd.DataFrame, labels: pd.Series) -> float:
    return sum(float(((data[labels == c] - data[labels == c].mean()) ** 2).to_numpy().sum()) for c in labels.unique())


def test_scaling_matches_r() -> None:
    # R: t(scale(matrix(c(1, 2, 4, 10, 10, 13), 3))); the variances are 7/3 and 3
    scores = pd.DataFrame({"s1": [1.0, 2, 4], "s2": [10.0, 10, 13]}, index=["a", "b", "c"])
    expected = np.array([[-4, -1, 5], [-3, -3, 6]]) / np.sqrt([[21.0], [27.0]])
    scaled = scale_samples(scores)
    np.testing.assert_allclose(scaled, expected, atol=1e-14)
    assert list(scaled.index) == ["s1", "s2"]
    assert list(scaled.columns) == ["a", "b", "c"]


def test_scaling_ignores_offset_and_scale(toy_scores: pd.DataFrame) -> None:
    np.testing.assert_allclose(scale_samples(toy_scores * 7.5 - 3), scale_samples(toy_scores), atol=1e-12)


def test_constant_samples_and_missing_scores_are_nan() -> None:
    scores = pd.DataFrame({"flat": [0.1 + 0.2] * 3, "gap": [1.0, np.nan, 3.0]}, index=["a", "b", "c"])
    scaled = scale_samples(scores)
    assert scaled.loc["flat"].isna().all()
    np.testing.assert_allclose(scaled.loc["gap", ["a", "c"]], [-np.sqrt(0.5), np.sqrt(0.5)])
    assert np.isnan(scaled.loc["gap", "b"])


def test_scaling_rejects_repeated_samples() -> None:
    with pytest.raises(ValueError, match=r"sample more than once \(P1"):
        scale_samples(pd.DataFrame([[1, 2], [3, 5]], columns=["P1", "P1"]))


def test_partitions_are_those_of_r_or_better(scanb_input: pd.DataFrame, r_partitions: pd.DataFrame) -> None:
    # R: sapply(1:9, function(k) {set.seed(1); kmeans(S, k)$cluster}), Hartigan-Wong from one start
    ours = kmeans_partitions(scanb_input)
    assert list(ours) == [f"k{k}" for k in range(1, 10)]
    same = []
    for column in ours:
        inertia, by_r = _inertia(scanb_input, ours[column]), _inertia(scanb_input, r_partitions[column])
        assert inertia <= by_r + 1e-9
        if inertia == pytest.approx(by_r, rel=1e-9):
            same.append(column)
            assert adjusted_rand_index(ours[column], r_partitions[column]) == 1
    assert same == ["k1", "k2", "k4"]  # for other k one start of R ends in a worse partition


def test_kmeans_does_not_depend_on_the_order_of_rows(scanb_input: pd.DataFrame) -> None:
    fit = fit_kmeans(scanb_input, 4, n_init=5)
    shuffled = fit_kmeans(scanb_input.sample(frac=1, random_state=8), 4, n_init=5)
    pd.testing.assert_series_equal(shuffled.labels.loc[scanb_input.index], fit.labels)
    assert fit.inertia == pytest.approx(_inertia(scanb_input, fit.labels))
    assert fit.labels.value_counts().sort_index().is_monotonic_decreasing
    np.testing.assert_allclose(fit.centroids, scanb_input.groupby(fit.labels).mean())


def test_kmeans_rejects_too_few_or_incomplete_samples(scanb_input: pd.DataFrame) -> None:
    three = scanb_input.iloc[[0, 1, 2, 2]]
    with pytest.raises(ValueError, match="4 clusters from 3 distinct samples"):
        fit_kmeans(three, 4)
    assert kmeans_partitions(three, 2, 3)["k4"].isna().all()
    incomplete = scanb_input.copy()
    incomplete.iloc[5, 2] = np.nan
    with pytest.raises(ValueError, match=incomplete.index[5]):
        fit_kmeans(incomplete, 2)


def test_silhouette_matches_r(
    scanb_input: pd.DataFrame, r_partitions: pd.DataFrame, r_silhouette: pd.Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    shuffled = r_partitions.sample(frac=1, random_state=1)
    ours = silhouette_by_k(scanb_input, shuffled)
    np.testing.assert_allclose(ours.loc[r_silhouette.index], r_silhouette, atol=1e-9)
    monkeypatch.setattr(pairs, "BLOCK_BYTES", 8 * 400 * 7)
    np.testing.assert_allclose(silhouette_by_k(scanb_input, shuffled), ours, atol=1e-14)


def test_silhouette_of_single_samples_and_missing_labels() -> None:
    data = pd.DataFrame({"x": [0.0, 1.0, 10.0]})
    partitions = pd.DataFrame({"k1": 1, "k2": [1, 1, 2], "k3": pd.array([1, pd.NA, 2], dtype="Int64")})
    # widths: (10 - 1) / 10, (9 - 1) / 9, 0
    result = silhouette_by_k(data, partitions)
    assert result.loc[2] == pytest.approx((0.9 + 8 / 9) / 3)
    assert np.isnan(result.loc[3])
    assert 1 not in result.index


def test_silhouette_rejects_samples_without_a_label(scanb_input: pd.DataFrame, r_partitions: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match=r_partitions.index[3]):
        silhouette_by_k(scanb_input, r_partitions.drop(r_partitions.index[3]))
