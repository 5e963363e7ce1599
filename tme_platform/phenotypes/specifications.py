"""Label tumours by other definitions of hot and cold. What the labels are worth is measured by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from tme_platform.phenotypes.assignment import assign_phenotypes
from tme_platform.phenotypes.choice import choose_k
from tme_platform.phenotypes.fitting import IMMUNE_GROUPS, fit_phenotypes
from tme_platform.phenotypes.kmeans import fit_kmeans, kmeans_partitions
from tme_platform.phenotypes.nbclust import nbclust
from tme_platform.phenotypes.scaling import Scaling, scale_scores
from tme_platform.phenotypes.silhouette import silhouette_by_k


@dataclass(frozen=True)
class SpecificationLabels:
    """Labels by one definition.

    Attributes
    ----------
    phenotype
        hot, cold or intermediate by sample.
    k
        Number of clusters.
    silhouette
        Mean silhouette width of the partition.
    """

    phenotype: pd.Series
    k: int
    silhouette: float


def label_by(
    scores: pd.DataFrame,
    groups: Mapping[str, str | None],
    *,
    scaling: Scaling,
    k: int | None = None,
    k_max: int = 8,
    like: pd.Series | None = None,
    seed: int = 0,
    n_init: int = 50,
) -> SpecificationLabels:
    """Cluster scores by one definition and name the clusters.

    Parameters
    ----------
    scores
        Populations (or gene sets) x samples.
    groups
        Group of each population. If none is adaptive or activated innate (such as in hallmark gene sets), the clusters
        are named by `like`.
    scaling
        See `scale_scores`.
    k
        Number of clusters; None takes the vote of the indices (ties by silhouette) for 2 to `k_max`.
    like
        hot, cold or intermediate by sample, by another definition: the cluster with the largest share of its hot
        samples is hot, the one with the smallest is cold.
    seed, n_init
        Seed and number of the k-means starts.

    Raises
    ------
    ValueError
        If neither `groups` nor `like` names the clusters, or as raised by `fit_phenotypes`.
    """
    from sklearn.metrics import silhouette_score

    scaled = scale_scores(scores, scaling).dropna()
    if k is None:
        partitions = kmeans_partitions(scaled, 2, k_max, n_init=n_init, seed=seed)
        widths = silhouette_by_k(scaled, partitions).loc[2:k_max]
        k = choose_k(nbclust(scaled, 2, k_max, partitions=partitions), widths).k
    if any(groups.get(str(population)) in IMMUNE_GROUPS for population in scores.index):
        known = {population: group for population, group in groups.items() if group is not None}
        model = fit_phenotypes(scores[scaled.index], known, k=k, seed=seed, n_init=n_init, scaling=scaling)
        labels = assign_phenotypes(model, scores[scaled.index])
        return SpecificationLabels(labels["phenotype"], k, float(silhouette_score(scaled, labels["cluster"])))
    if like is None:
        raise ValueError(
            "no population is adaptive or activated innate: name the clusters by another definition (like)"
        )
    clusters = fit_kmeans(scaled, k, n_init=n_init, seed=seed).labels
    hot = (like.reindex(clusters.index) == "hot").groupby(clusters).mean().sort_values(kind="stable")
    names = dict.fromkeys(hot.index, "intermediate") | {hot.index[0]: "cold", hot.index[-1]: "hot"}
    return SpecificationLabels(clusters.map(names), k, float(silhouette_score(scaled, clusters)))
