"""Partition samples by k-means. Choosing and naming clusters belongs in `choice` and `fitting`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class KMeansFit:
    """A partition: labels 1..k by sample, centroids (clusters x features), inertia (total within sum of squares)."""

    labels: pd.Series[int]
    centroids: pd.DataFrame
    inertia: float


def fit_kmeans(data: pd.DataFrame, k: int, *, n_init: int = 50, seed: int = 0) -> KMeansFit:
    """Partition samples by k-means (scikit-learn: Lloyd, k-means++), keeping the best of `n_init` starts.

    Samples are first sorted by their values, so that the partition does not depend on the order of the rows. Clusters
    are numbered by decreasing size, ties by centroid.

    Parameters
    ----------
    data
        Samples x features, no missing values.
    k
        Number of clusters, 1 to the number of distinct samples.
    n_init
        Number of random starts.
    seed
        Seed of the starts.

    Raises
    ------
    ValueError
        If a value is missing or infinite, or if there are fewer distinct samples than clusters.
    """
    values = finite_values(data)
    distinct = len(np.unique(values, axis=0))
    if not 1 <= k <= distinct:
        raise ValueError(
            f"k-means cannot form {k} clusters from {distinct} distinct samples: choose k in 1..{distinct}."
        )
    order = np.lexsort(values.T[::-1])
    labels = np.ones(len(values), dtype=np.int64)
    if k > 1:
        labels[order] = _by_size(_lloyd(values[order], k, n_init, seed), values[order])
    centroids = np.vstack([values[labels == cluster].mean(axis=0) for cluster in range(1, k + 1)])
    inertia = float(np.square(values - centroids[labels - 1]).sum())
    clusters = pd.RangeIndex(1, k + 1, name="cluster")
    return KMeansFit(
        labels=pd.Series(labels, index=data.index, name=f"k{k}"),
        centroids=pd.DataFrame(centroids, index=clusters, columns=data.columns),
        inertia=inertia,
    )


def kmeans_partitions(
    data: pd.DataFrame, k_min: int = 2, k_max: int = 8, *, n_init: int = 50, seed: int = 0
) -> pd.DataFrame:
    """Partition samples into k_min - 1 to k_max + 1 clusters, as indices that compare neighbouring k need.

    Returns
    -------
    pandas.DataFrame
        Samples x (``k1`` ... ``k9`` for k 2..8), labels 1..k. All missing if k exceeds the number of distinct samples.

    Raises
    ------
    ValueError
        If `k_min` is below 2 or above `k_max`, or a value is missing.
    """
    check_k_range(k_min, k_max)
    distinct = len(np.unique(finite_values(data), axis=0))
    columns = {
        f"k{k}": fit_kmeans(data, k, n_init=n_init, seed=seed).labels.astype("Int64")
        if k <= distinct
        else pd.Series(pd.NA, index=data.index, dtype="Int64")
        for k in range(k_min - 1, k_max + 2)
    }
    return pd.DataFrame(columns, index=data.index)


def check_k_range(k_min: int, k_max: int) -> None:
    """Raise ValueError unless 2 <= k_min <= k_max."""
    if not 2 <= k_min <= k_max:
        raise ValueError(f"k_min = {k_min} and k_max = {k_max} do not satisfy 2 <= k_min <= k_max.")


def finite_values(data: pd.DataFrame) -> NDArray[np.float64]:
    """Return samples x features as an array. Missing or infinite values raise ValueError with the first samples."""
    values = data.to_numpy(dtype=float)
    bad = ~np.isfinite(values).all(axis=1)
    if bad.any():
        names = ", ".join(map(str, data.index[bad][:5]))
        raise ValueError(f"{int(bad.sum())} sample(s) have missing or infinite values ({names}): remove them.")
    return values


def _lloyd(values: NDArray[np.float64], k: int, n_init: int, seed: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    # sums depend on the number of threads; with one thread, every machine gets the same partition
    with threadpool_limits(limits=1):
        fitted = KMeans(n_clusters=k, n_init=n_init, random_state=seed, tol=0.0, max_iter=1000).fit(values)
    return np.asarray(fitted.labels_, dtype=np.int64)


def _by_size(labels: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    found = np.unique(labels)
    keys = [(-int((labels == c).sum()), *values[labels == c].mean(axis=0)) for c in found]
    rank = np.empty(found.max() + 1, dtype=np.int64)
    rank[found[sorted(range(len(found)), key=keys.__getitem__)]] = np.arange(1, len(found) + 1)
    return rank[labels]
