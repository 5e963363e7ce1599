"""Scale scores for clustering: each sample across its populations, or each population over a reference cohort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Scaling = Literal["within_sample", "over_cohort"]
"""`within_sample` is the published way for scores from RNA, `over_cohort` the way for fractions."""


@dataclass(frozen=True)
class PopulationScale:
    """Mean and standard deviation (n - 1) of each population over a reference cohort."""

    mean: pd.Series
    sd: pd.Series

    @classmethod
    def of(cls, scores: pd.DataFrame) -> PopulationScale:
        """Measure them on scores, populations x samples.

        Raises
        ------
        ValueError
            If a population is constant, or there are fewer than two samples.
        """
        if constant := constant_populations(scores):
            raise ValueError(
                f"These populations do not vary over the {scores.shape[1]} samples: {', '.join(constant[:5])}. Leave "
                "them out of the map of `groups` or `lineages` in cohort.yaml."
            )
        return cls(scores.mean(axis=1), scores.std(axis=1))

    def apply(self, scores: pd.DataFrame) -> pd.DataFrame:
        """Standardise scores; returns samples x populations in units of the reference's standard deviation."""
        own = scores.loc[self.mean.index].astype(float)
        return own.sub(self.mean, axis=0).div(self.sd, axis=0).T


def constant_populations(scores: pd.DataFrame) -> list[str]:
    """Name the populations that do not vary over the samples, and so cannot be scaled over a cohort.

    Parameters
    ----------
    scores
        Populations x samples. With fewer than two samples every population is constant.
    """
    values = scores.astype(float)
    deviation = values.std(axis=1)
    return [str(name) for name in scores.index[~(deviation > _noise(values))]]


def scale_scores(scores: pd.DataFrame, scaling: Scaling) -> pd.DataFrame:
    """Scale the scores of a cohort by its own rule; populations x samples in, samples x populations out.

    Over the cohort, `constant_populations` are left out: they have no scale and tell no samples apart.
    """
    if scaling == "within_sample":
        return scale_samples(scores)
    varying = scores.drop(index=constant_populations(scores))
    return PopulationScale.of(varying).apply(varying)


def scale_samples(scores: pd.DataFrame) -> pd.DataFrame:
    """Standardise each sample across its populations, as R's ``t(scale(scores))``.

    Parameters
    ----------
    scores
        Populations (sets) x samples, in any unit: the result does not depend on the scale or offset of a sample.

    Returns
    -------
    pandas.DataFrame
        Samples x populations. Each sample has mean 0 and standard deviation 1 (n - 1). Missing scores stay missing
        and are ignored in scaling. A sample with constant scores is NaN, as in R.

    Raises
    ------
    ValueError
        If a sample or a population occurs more than once.
    """
    for axis, name in ((scores.columns, "sample"), (scores.index, "population")):
        if not axis.is_unique:
            repeated = ", ".join(map(str, axis[axis.duplicated()].unique()[:5]))
            raise ValueError(f"Scores contain a {name} more than once ({repeated}): keep one row or column for each.")
    values = scores.T.astype(float)
    deviation = values.std(axis=1)
    return values.sub(values.mean(axis=1), axis=0).div(deviation.where(deviation > _noise(values)), axis=0)


def _noise(values: pd.DataFrame) -> pd.Series:
    """The rounding noise of a few ulp that equal values of a row leave, which must not be scaled to unit variance."""
    return 8 * np.finfo(float).eps * values.abs().max(axis=1)
