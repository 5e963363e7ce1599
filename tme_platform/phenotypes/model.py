"""Represent a phenotype model and convert it to and from a table. Fitting is in `fitting`, use in `assignment`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tme_platform.phenotypes.scaling import PopulationScale, Scaling, scale_samples

_COLUMNS = [
    "cluster", "phenotype", "population", "is_immune", "centroid", "scaling", "reference_mean", "reference_sd", "k",
    "seed", "n_samples",
]  # fmt: skip


@dataclass(frozen=True)
class PhenotypeModel:
    """Named cluster centroids, which suffice to assign another cohort.

    Attributes
    ----------
    populations
        Scored populations, in the order of the columns of `centroids`.
    immune_populations
        Populations whose mean score orders the clusters: adaptive and activated innate.
    centroids
        Clusters (A, B, ...) x populations, on the scaled scores.
    phenotype
        Phenotype of each cluster: hot, cold or intermediate.
    k, seed, n_samples
        Number of clusters, seed of the k-means starts, number of clustered samples.
    reference
        Mean and standard deviation of each population over the cohort that was fitted, by which other cohorts are
        standardised; None if each sample is scaled across its own populations.
    """

    populations: tuple[str, ...]
    immune_populations: tuple[str, ...]
    centroids: pd.DataFrame
    phenotype: dict[str, str]
    k: int
    seed: int
    n_samples: int
    reference: PopulationScale | None = None

    @property
    def scaling(self) -> Scaling:
        """How the scores are scaled before the distance to the centroids is taken."""
        return "within_sample" if self.reference is None else "over_cohort"

    def scale(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Scale scores (populations x samples) as the model was fitted; returns samples x populations."""
        own = scores.loc[list(self.populations)]
        return scale_samples(own) if self.reference is None else self.reference.apply(own)

    def immune_mean(self, scores: pd.DataFrame) -> pd.Series:
        """Mean of the immune populations by sample.

        It is the mean of the scores themselves where samples are scaled across populations: scaled scores of a sample
        sum to zero, so their mean would mirror the other populations. Otherwise it is the mean of the standardised
        scores.
        """
        if self.reference is None:
            return scores.loc[list(self.immune_populations)].mean()
        return self.scale(scores)[list(self.immune_populations)].mean(axis=1)

    def to_frame(self) -> pd.DataFrame:
        """Return the model as one row per cluster and population; `from_frame` is the inverse."""
        wide = self.centroids.rename_axis(index="cluster", columns="population")
        long = wide.reset_index().melt(id_vars="cluster", value_name="centroid")
        long["phenotype"] = long["cluster"].map(self.phenotype)
        long["is_immune"] = long["population"].isin(self.immune_populations)
        mean, sd = (None, None) if self.reference is None else (self.reference.mean, self.reference.sd)
        long["reference_mean"] = float("nan") if mean is None else long["population"].map(mean)
        long["reference_sd"] = float("nan") if sd is None else long["population"].map(sd)
        return long.assign(scaling=self.scaling, k=self.k, seed=self.seed, n_samples=self.n_samples)[_COLUMNS]

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> PhenotypeModel:
        """Create a model from the table of `to_frame`, whose rows may be in any order within a cluster.

        Raises
        ------
        ValueError
            If a column is missing or a cluster lacks a population.
        """
        missing = [column for column in _COLUMNS if column not in frame]
        if missing:
            raise ValueError(f"The phenotype model table lacks the columns {', '.join(missing)}.")
        populations = tuple(map(str, frame["population"].unique()))
        centroids = frame.pivot_table(index="cluster", columns="population", values="centroid", aggfunc="first")
        centroids = centroids.reindex(columns=list(populations)).rename_axis(columns="population")
        if centroids.isna().any(axis=None):
            incomplete = ", ".join(map(str, centroids.columns[centroids.isna().any()]))
            raise ValueError(f"The phenotype model table lacks a centroid for some cluster in: {incomplete}.")
        named = frame.drop_duplicates("cluster").set_index("cluster")["phenotype"].sort_index()
        first = frame.iloc[0]
        reference = None
        if first["scaling"] == "over_cohort":
            own = frame.drop_duplicates("population").set_index("population").loc[list(populations)]
            reference = PopulationScale(own["reference_mean"].astype(float), own["reference_sd"].astype(float))
        immune = set(frame.loc[frame["is_immune"].astype(bool), "population"])
        return cls(
            populations=populations,
            immune_populations=tuple(p for p in populations if p in immune),
            centroids=centroids,
            phenotype={str(cluster): str(phenotype) for cluster, phenotype in named.items()},
            k=int(first["k"]),
            seed=int(first["seed"]),
            n_samples=int(first["n_samples"]),
            reference=reference,
        )
