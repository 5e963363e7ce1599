"""Measure which populations separate the hot from the cold cluster. Judging the result belongs in `cautions`."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from tme_platform.phenotypes.fitting import IMMUNE_GROUPS
from tme_platform.phenotypes.model import PhenotypeModel


def separation(model: PhenotypeModel, groups: Mapping[str, str]) -> pd.DataFrame:
    """Split the squared distance between the hot and the cold centroid into the shares of the populations.

    Parameters
    ----------
    model
        The fitted phenotypes. With more than two clusters, intermediate ones play no part.
    groups
        Group of each population.

    Returns
    -------
    pandas.DataFrame
        By population, largest share first: ``population``, ``population_group``, ``hot`` and ``cold`` (centroids on
        the scaled scores), ``difference`` (hot minus cold), ``share`` of the squared distance (sums to 1) and
        ``inflamed``, whether the population is adaptive or activated innate and higher in hot tumours.
    """
    cluster = {phenotype: name for name, phenotype in model.phenotype.items()}
    centroids = model.centroids.astype(float).T
    hot, cold = centroids[cluster["hot"]], centroids[cluster["cold"]]
    difference = hot - cold
    squared = difference.pow(2)
    group = pd.Series({population: groups.get(population) for population in model.populations}, dtype="object")
    table = pd.DataFrame(
        {
            "population": list(model.populations),
            "population_group": group.to_numpy(),
            "hot": hot.to_numpy(),
            "cold": cold.to_numpy(),
            "difference": difference.to_numpy(),
            "share": squared.div(squared.sum()).to_numpy(),
            "inflamed": (group.isin(IMMUNE_GROUPS) & (difference > 0).to_numpy()).to_numpy(),
        }
    )
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
