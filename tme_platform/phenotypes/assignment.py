"""Assign samples to the phenotype of the nearest centroid of a fitted model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.phenotypes.model import PhenotypeModel


def assign_phenotypes(model: PhenotypeModel, scores: pd.DataFrame) -> pd.DataFrame:
    """Assign each sample to the nearest centroid of a fitted model.

    Parameters
    ----------
    model
        From `fit_phenotypes`, or read back with `PhenotypeModel.from_frame`.
    scores
        Populations x samples, on the scale of the scores that the model was fitted on. Populations unknown to the model
        are ignored, also in scaling.

    Returns
    -------
    pandas.DataFrame
        By sample: ``cluster``, ``phenotype``, ``distance`` to its centroid, ``margin`` (distance to the second nearest
        centroid minus ``distance``), ``immune_mean`` (see `PhenotypeModel.immune_mean`).
        Distances are in units of the scaled scores. All values are missing for a sample that cannot be scaled.

    Raises
    ------
    ValueError
        If the scores lack a population of the model.
    """
    missing = [p for p in model.populations if p not in scores.index]
    if missing:
        raise ValueError(
            f"The scores lack {len(missing)} of the model's {len(model.populations)} populations: "
            f"{', '.join(missing)}. Score the cohort with the same gene sets as the reference."
        )
    scaled = model.scale(scores)
    values = scaled.to_numpy()
    known = ~np.isnan(values).any(axis=1)
    distances = np.full((len(values), model.k), np.nan)
    distances[known] = np.linalg.norm(values[known][:, None, :] - model.centroids.to_numpy()[None], axis=2)
    nearest = np.zeros(len(values), dtype=int)
    nearest[known] = distances[known].argmin(axis=1)
    ordered = np.sort(distances, axis=1)
    cluster = pd.Series(model.centroids.index.to_numpy(dtype=object)[nearest], index=scaled.index)
    cluster[~known] = None
    return pd.DataFrame(
        {
            "cluster": cluster,
            "phenotype": cluster.map(model.phenotype),
            "distance": ordered[:, 0],
            "margin": ordered[:, 1] - ordered[:, 0],
            "immune_mean": model.immune_mean(scores).where(known),
        }
    )
