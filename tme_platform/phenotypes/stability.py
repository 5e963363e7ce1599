"""Measure how stable the phenotypes are against other patients, another number of clusters or other gene sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from tme_platform.phenotypes.assignment import assign_phenotypes
from tme_platform.phenotypes.fitting import fit_phenotypes
from tme_platform.phenotypes.kmeans import fit_kmeans
from tme_platform.phenotypes.labels import compare_labels
from tme_platform.phenotypes.scaling import Scaling


def bootstrap_jaccard(
    data: pd.DataFrame,
    labels: pd.Series[str],
    k: int,
    *,
    n_boot: int = 100,
    seed: int = 0,
    n_init: int = 5,
    level: float = 0.95,
) -> pd.DataFrame:
    """Measure cluster stability by the bootstrap (Hennig 2007, ``fpc::clusterboot``).

    Samples are drawn with replacement, duplicates dropped, and clustered again. Each original cluster is compared with
    the most similar new cluster over the drawn samples.

    Parameters
    ----------
    data
        Samples x features.
    labels
        Cluster of each sample. Samples of `data` without a label are left out.
    k
        Number of clusters of each resample.
    n_boot, seed, n_init
        Number of resamples, their seed, and number of k-means starts.
    level
        Confidence level of the intervals.

    Returns
    -------
    pandas.DataFrame
        By ``cluster``: ``n``, ``jaccard`` (mean), ``ci_low`` and ``ci_high`` (percentiles over the resamples),
        ``share_recovered`` (resamples with a Jaccard index of at least 0.75) and ``share_dissolved`` (at most 0.5).

    Raises
    ------
    ValueError
        If a value is missing, or a resample has fewer distinct samples than `k`.
    """
    known = labels.reindex(data.index).dropna()
    used = data.loc[known.index]
    codes, clusters = pd.factorize(known, sort=True)
    original_of = np.eye(len(clusters))[codes]
    generator = np.random.default_rng(seed)
    jaccard = np.full((n_boot, len(clusters)), np.nan)
    for draw in range(n_boot):
        rows = np.unique(generator.integers(0, len(used), len(used)))
        labels_now = fit_kmeans(used.iloc[rows], k, n_init=n_init, seed=seed + draw).labels.to_numpy()
        refitted, original = np.eye(k)[labels_now - 1], original_of[rows]
        intersection = original.T @ refitted
        union = original.sum(axis=0)[:, None] + refitted.sum(axis=0)[None, :] - intersection
        jaccard[draw] = (intersection / union).max(axis=1)
    tail = (1 - level) / 2
    return pd.DataFrame(
        {
            "cluster": clusters,
            "n": np.bincount(codes),
            "jaccard": jaccard.mean(axis=0),
            "ci_low": np.quantile(jaccard, tail, axis=0),
            "ci_high": np.quantile(jaccard, 1 - tail, axis=0),
            "share_recovered": (jaccard >= 0.75).mean(axis=0),
            "share_dissolved": (jaccard <= 0.5).mean(axis=0),
        }
    )


def label_stability_over_k(
    scores: pd.DataFrame,
    groups: Mapping[str, str],
    ks: Iterable[int] = range(2, 9),
    *,
    reference_k: int = 2,
    seed: int = 0,
    n_init: int = 50,
    scaling: Scaling = "within_sample",
) -> pd.DataFrame:
    """Fit the phenotypes with other numbers of clusters and compare which samples are hot.

    Parameters
    ----------
    scores, groups
        As for `fit_phenotypes`.
    ks
        Numbers of clusters.
    reference_k
        Number of clusters with which the others are compared.
    seed, n_init, scaling
        As for `fit_phenotypes`.

    Returns
    -------
    pandas.DataFrame
        By ``k``: ``n_hot``, ``hot_share``, ``ari`` of the two partitions, ``hot_jaccard`` of the two hot groups and
        ``hot_kept``, the share of the reference's hot samples that stay hot.

    Raises
    ------
    ValueError
        As for `fit_phenotypes`.
    """

    def label(k: int) -> pd.DataFrame:
        model = fit_phenotypes(scores, groups, k=k, seed=seed, n_init=n_init, scaling=scaling)
        return assign_phenotypes(model, scores).dropna(subset="cluster")

    reference = label(reference_k)
    was_hot = reference["phenotype"] == "hot"
    rows = []
    for k in ks:
        now = reference if k == reference_k else label(k)
        hot = now["phenotype"] == "hot"
        rows.append(
            {
                "k": k,
                "n_hot": int(hot.sum()),
                "hot_share": float(hot.mean()),
                "ari": compare_labels(reference["cluster"], now["cluster"]).ari,
                "hot_jaccard": float((hot & was_hot).sum() / (hot | was_hot).sum()),
                "hot_kept": float((hot & was_hot).sum() / was_hot.sum()),
            }
        )
    return pd.DataFrame(rows)


def label_agreement(labellings: Mapping[str, pd.Series[str]]) -> pd.DataFrame:
    """Compare labels of the same patients between pairs of sources, such as gene-set collections.

    Returns
    -------
    pandas.DataFrame
        By pair: ``first``, ``second``, ``n_common``, ``ari``, ``share_moved``.
    """
    rows = []
    for first, second in combinations(labellings, 2):
        change = compare_labels(labellings[first], labellings[second])
        rows.append((first, second, change.n_common, change.ari, change.share_moved))
    return pd.DataFrame(rows, columns=["first", "second", "n_common", "ari", "share_moved"])
