"""Fit and name the phenotypes of a reference cohort. Assigning other cohorts belongs in `assignment`."""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_uppercase

import pandas as pd

from tme_platform.phenotypes.kmeans import fit_kmeans
from tme_platform.phenotypes.model import PhenotypeModel
from tme_platform.phenotypes.scaling import PopulationScale, Scaling, constant_populations, scale_samples

IMMUNE_GROUPS = ("adaptive", "innate_activated")


def fit_phenotypes(
    scores: pd.DataFrame,
    groups: Mapping[str, str],
    *,
    k: int = 2,
    seed: int = 0,
    n_init: int = 50,
    scaling: Scaling = "within_sample",
    previous: PhenotypeModel | None = None,
) -> PhenotypeModel:
    """Cluster the samples and name the clusters by their immune infiltration (Han et al. 2024).

    Each sample is scaled across populations, or each population over the cohort, and the samples are partitioned by
    k-means. Clusters are ordered by the mean of the adaptive and activated innate populations
    (`PhenotypeModel.immune_mean`): A is the highest and hot, the lowest is cold, any in between are intermediate.

    With `previous`, clusters take the letter of the previous centroid they match (smallest total distance, Hungarian
    algorithm), so that labels keep their meaning as a cohort grows. A cluster without a match gets the next free
    letter. If k is unchanged, each letter keeps its phenotype; otherwise phenotypes are named again.

    Parameters
    ----------
    scores
        Populations x samples, raw or normalised (the result is the same). Samples that cannot be scaled (constant or
        missing scores) are left out; over the cohort also populations that are the same in all samples.
    groups
        Group of each population: adaptive, innate_activated, innate_inactivated, non_immune.
    k
        Number of clusters.
    seed, n_init
        Seed and number of the k-means starts.
    scaling
        ``within_sample``: each sample across its populations, as published. ``over_cohort``: each population over the
        samples, whose mean and standard deviation the model keeps for other cohorts.
    previous
        Earlier model of the cohort, whose letters are kept.

    Raises
    ------
    ValueError
        If no population is adaptive or activated innate, if `k` is below 2 or above the number of distinct samples,
        or if `previous` was fitted on other populations.
    """
    if not 2 <= k <= len(ascii_uppercase):
        raise ValueError(f"Phenotypes need 2 to {len(ascii_uppercase)} clusters, not {k}.")
    if scaling == "over_cohort":
        scores = scores.drop(index=constant_populations(scores))
    populations = [str(p) for p in scores.index]
    immune = [p for p in populations if groups.get(p) in IMMUNE_GROUPS]
    if not immune:
        raise ValueError(
            f"None of the {len(populations)} populations has the group {' or '.join(IMMUNE_GROUPS)}: "
            "hot and cold cannot be distinguished. Check the names in the study's groups."
        )
    reference = None if scaling == "within_sample" else PopulationScale.of(scores)
    scaled = (scale_samples(scores) if reference is None else reference.apply(scores)).dropna()
    fit = fit_kmeans(scaled, k, n_init=n_init, seed=seed)
    ordered_by = scores.loc[immune, scaled.index].mean() if reference is None else scaled[immune].mean(axis=1)
    immune_mean = ordered_by.groupby(fit.labels).mean()
    centroids = fit.centroids.loc[immune_mean.sort_values(ascending=False, kind="stable").index]
    letters = list(ascii_uppercase[:k]) if previous is None else _matched_letters(centroids, previous)
    centroids.index = pd.Index(letters, name="cluster")
    centroids.columns = pd.Index(populations, name="population")
    inherits = previous is not None and previous.k == k
    phenotype = dict(previous.phenotype) if previous is not None and inherits else _phenotypes(letters)
    return PhenotypeModel(
        populations=tuple(populations),
        immune_populations=tuple(immune),
        centroids=centroids.sort_index(),
        phenotype=dict(sorted(phenotype.items())),
        k=k,
        seed=seed,
        n_samples=len(scaled),
        reference=reference,
    )


def _phenotypes(letters: list[str]) -> dict[str, str]:
    return dict(zip(letters, ["hot", *["intermediate"] * (len(letters) - 2), "cold"], strict=True))


def _matched_letters(centroids: pd.DataFrame, previous: PhenotypeModel) -> list[str]:
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    if set(centroids.columns) != set(previous.populations):
        differing = sorted(set(map(str, centroids.columns)) ^ set(previous.populations))
        raise ValueError(
            f"The previous phenotype model was fitted on other populations (differing: {', '.join(differing[:5])}), so "
            "its labels cannot be matched. Fit without it."
        )
    before = previous.centroids[list(centroids.columns)]
    rows, columns = linear_sum_assignment(cdist(centroids.to_numpy(), before.to_numpy()))
    matched = {r: str(before.index[c]) for r, c in zip(rows.tolist(), columns.tolist(), strict=True)}
    free = iter(letter for letter in ascii_uppercase if letter not in set(before.index))
    return [matched[i] if i in matched else next(free) for i in range(len(centroids))]
