"""Represent a phenotype model and convert it to and from a table. Fitting is in `fitting`, use in `assignment`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

_COLUMNS = ["cluster", "phenotype", "population", "is_immune", "centroid", "k", "seed", "n_samples"]


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
        Clusters (A, B, ...) x populations, in units of each sample's own standard deviation across populations.
    phenotype
        Phenotype of each cluster: hot, cold or intermediate.
    k, seed, n_samples
        Number of clusters, seed of the k-means starts, number of clustered samples.
    """

    populations: tuple[str, ...]
    immune_populations: tuple[str, ...]
    centroids: pd.DataFrame
    phenotype: dict[str, str]
    k: int
    seed: int
    n_samples: int

    def to_frame(self) -> pd.DataFrame:
        """Return the model as one row per cluster and population; `from_frame` is the inverse."""
        wide = self.centroids.rename_axis(index="cluster", columns="population")
        long = wide.reset_index().melt(id_vars="cluster", value_name="centroid")
        long["phenotype"] = long["cluster"].map(self.phenotype)
        long["is_immune"] = long["population"].isin(self.immune_populations)
        return long.assign(k=self.k, seed=self.seed, n_samples=self.n_samples)[_COLUMNS]

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
        immune = set(frame.loc[frame["is_immune"].astype(bool), "population"])
        return cls(
            populations=populations,
            immune_populations=tuple(p for p in populations if p in immune),
            centroids=centroids,
            phenotype={str(cluster): str(phenotype) for cluster, phenotype in named.items()},
            k=int(first["k"]),
            seed=int(first["seed"]),
            n_samples=int(first["n_samples"]),
        )
