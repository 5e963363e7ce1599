"""Compute the silhouettes of partitions, by sample or their mean. The vote over other indices belongs in `nbclust`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.phenotypes.kmeans import finite_values
from tme_platform.phenotypes.pairs import summarise_pairs


def silhouette_by_k(data: pd.DataFrame, partitions: pd.DataFrame) -> pd.Series[float]:
    """Compute the mean silhouette width (Rousseeuw 1987, Euclidean) by number of clusters; R's ``cluster::silhouette``.

    A sample alone in its cluster has width 0. Distances are computed in blocks: memory grows with n, not n squared.

    Parameters
    ----------
    data
        Samples x features, no missing values.
    partitions
        Samples x (``k2``, ``k3``, ...) with labels 1..k, as returned by `kmeans_partitions`; ``k1`` is ignored. Rows
        are matched to `data` by name.

    Returns
    -------
    pandas.Series
        Mean silhouette by k; NaN if a partition has missing labels.

    Raises
    ------
    ValueError
        If the partitions lack a sample of `data`.
    """
    values = finite_values(data)
    labels = partition_labels(data, partitions)
    usable = {k: own for k, own in labels.items() if k > 1 and own is not None}
    means = {
        k: float(silhouette_widths(pairs.to_cluster, usable[k]).mean())
        for k, pairs in summarise_pairs(values, usable).items()
    }
    return pd.Series({k: means.get(k, np.nan) for k in labels if k > 1}, name="silhouette").rename_axis("k")


def silhouette_by_sample(data: pd.DataFrame, partitions: pd.DataFrame) -> pd.DataFrame:
    """Compute the silhouette width (Rousseeuw 1987, Euclidean) of every sample in each partition.

    Parameters
    ----------
    data, partitions
        As for `silhouette_by_k`. Partitions with missing labels are left out.

    Returns
    -------
    pandas.DataFrame
        One row per sample and partition: index of `data`; columns ``k``, ``cluster`` (1..k), ``width`` (-1 to 1).

    Raises
    ------
    ValueError
        If the partitions lack a sample of `data`.
    """
    values = finite_values(data)
    usable = {k: own for k, own in partition_labels(data, partitions).items() if k > 1 and own is not None}
    parts = [
        pd.DataFrame(
            {"k": k, "cluster": usable[k], "width": silhouette_widths(pairs.to_cluster, usable[k])}, index=data.index
        )
        for k, pairs in summarise_pairs(values, usable).items()
    ]
    return pd.concat(parts) if parts else pd.DataFrame(columns=["k", "cluster", "width"])


def silhouette_widths(to_cluster: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute each sample's width from its summed distances to each cluster; 0 for a cluster of one."""
    sizes = np.bincount(labels)[1:]
    own = (np.arange(len(labels)), labels - 1)
    own_size = sizes[labels - 1]
    within = to_cluster[own] / np.maximum(own_size - 1, 1)
    means = to_cluster / sizes
    means[own] = np.inf
    nearest = means.min(axis=1)
    larger = np.maximum(within, nearest)
    widths = np.divide(nearest - within, larger, out=np.zeros(len(labels)), where=larger > 0)
    return np.where(own_size == 1, 0.0, widths)


def partition_labels(data: pd.DataFrame, partitions: pd.DataFrame) -> dict[int, NDArray[np.int64] | None]:
    """Return labels by k in the order of the samples of `data`; None if a partition has missing labels.

    Raises
    ------
    ValueError
        If a sample has no row, a column is not named k1, k2, ..., or its labels are not exactly 1..k.
    """
    missing = data.index.difference(partitions.index)
    if len(missing):
        raise ValueError(f"The partitions lack {len(missing)} sample(s) of the data, starting with {missing[0]}.")
    return {_number(str(column)): _labels(str(column), labels) for column, labels in partitions.loc[data.index].items()}


def _number(column: str) -> int:
    if not column.removeprefix("k").isdigit():
        raise ValueError(f"Partition columns must be named k1, k2, ... by their number of clusters; '{column}' is not.")
    return int(column.removeprefix("k"))


def _labels(column: str, labels: pd.Series[int]) -> NDArray[np.int64] | None:
    if labels.isna().any():
        return None
    found: NDArray[np.int64] = np.asarray(labels, dtype=np.int64)
    k = _number(column)
    if not np.array_equal(np.unique(found), np.arange(1, k + 1)):
        raise ValueError(f"Partition {column} must use each of the labels 1 to {k}.")
    return found
