"""Compute the gap statistic. Its distribution under one Gaussian cloud belongs in `cluster_null`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tme_platform.phenotypes.kmeans import KMeansFit, finite_values, fit_kmeans


def gap_statistic(
    data: pd.DataFrame, fits: Mapping[int, KMeansFit], *, references: int = 10, n_init: int = 5, seed: int = 0
) -> pd.Series[float]:
    """Compute the gap statistic (Tibshirani et al. 2001): log W of uniform reference data minus log W of the data.

    W is the within-cluster sum of squares. References are uniform over the box of the data along their principal
    components (choice b of the paper).

    Parameters
    ----------
    data
        Samples x features, no missing values.
    fits
        Partitions of `data` by number of clusters.
    references
        Number of reference data sets, at least 1.
    n_init, seed
        Smallest number of k-means starts of each reference, and the seed.

    Returns
    -------
    pandas.Series
        Gap by k; larger values speak for k clusters. Infinite if W is 0.

    Raises
    ------
    ValueError
        If a value is missing.

    References
    ----------
    Tibshirani, Walther & Hastie 2001, J. R. Stat. Soc. B 63:411.
    """
    values = finite_values(data)
    centred = values - values.mean(axis=0)
    # sums of squares do not depend on a rotation, so references stay in the coordinates of the components
    along = centred @ np.linalg.eigh(centred.T @ centred)[1]
    generator = np.random.default_rng(seed)
    logs = np.empty((references, len(fits)))
    for row in range(references):
        drawn = pd.DataFrame(generator.uniform(along.min(axis=0), along.max(axis=0), along.shape))
        logs[row] = [np.log(fit_kmeans(drawn, k, n_init=n_init, seed=seed + row).inertia) for k in fits]
    with np.errstate(divide="ignore"):
        own = np.log([fit.inertia for fit in fits.values()])
    return pd.Series(logs.mean(axis=0) - own, index=pd.Index(list(fits), name="k"), name="gap")
