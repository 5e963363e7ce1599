"""Mean silhouette of partitions. The vote over the other indices is in `nbclust`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.phenotypes.kmeans import finite_values
from tme_platform.phenotypes.pairs import distance_blocks, membership


def silhouette_by_k(data: pd.DataFrame, partitions: pd.DataFrame) -> pd.Series[float]:
    """Mean silhouette width (Rousseeuw 1987), Euclidean, by number of clusters; R's ``cluster::silhouette``.

    A sample alone in its cluster has width 0. Distances are made block by block: memory grows with n, not n squared.

    Parameters
    ----------
    data
        Samples x features, no missing value.
    partitions
        Samples x (``k2``, ``k3``, ...) with labels 1..k, as `kmeans_partitions` gives; ``k1`` is passed over. The
        rows are matched to `data` by name.

    Returns
    -------
    pandas.Series
        By k; NaN where a partition has one cluster only or missing labels.

    Raises
    ------
    ValueError
        If the partitions lack a sample of `data`.
    """
    values = finite_values(data)
    labels = partition_labels(data, partitions)
    usable = {k: lab for k, lab in labels.items() if k > 1 and lab is not None and len(np.unique(lab)) > 1}
    sums = {k: np.empty((len(values), int(lab.max()))) for k, lab in usable.items()}
    indicators = {k: membership(lab) for k, lab in usable.items()}
    for rows, block in distance_blocks(values):
        for k, indicator in indicators.items():
            sums[k][rows] = block @ indicator
    means = {k: float(silhouette_widths(sums[k], usable[k]).mean()) for k in usable}
    return pd.Series({k: means.get(k, np.nan) for k in labels if k > 1}, name="silhouette").rename_axis("k")


def silhouette_widths(sums: NDArray[np.float64], labels: NDArray[np.int64], alone: float = 0.0) -> NDArray[np.float64]:
    """Silhouette width of each sample from its summed distances to each cluster; `alone` for one-member clusters."""
    sizes = np.bincount(labels, minlength=sums.shape[1] + 1)[1:]
    own = (np.arange(len(labels)), labels - 1)
    own_size = sizes[labels - 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        within = sums[own] / (own_size - 1)
        between = sums / sizes
        between[own] = np.inf
        between[:, sizes == 0] = np.inf
        nearest = between.min(axis=1)
        widths = (nearest - within) / np.maximum(within, nearest)
    widths[np.isnan(widths)] = 0.0
    widths[own_size == 1] = alone
    return np.asarray(widths)


def partition_labels(data: pd.DataFrame, partitions: pd.DataFrame) -> dict[int, NDArray[np.int64] | None]:
    """Labels by k in the order of `data`'s samples; None where a partition has missing labels."""
    lacking = data.index.difference(partitions.index)
    if len(lacking):
        raise ValueError(f"The partitions lack {len(lacking)} sample(s) of the data, the first being {lacking[0]}.")
    aligned = partitions.loc[data.index]
    return {
        int(str(column).removeprefix("k")): None if labels.isna().any() else labels.to_numpy(dtype=np.int64)
        for column, labels in aligned.items()
    }
