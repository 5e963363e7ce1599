"""Measure how far a patient lies outside the training data.

Deciding whether an image can be scored at all belongs in ``scoring``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass(frozen=True)
class ApplicabilityDomain:
    """The training patients in feature space."""

    features: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    centre: NDArray[np.float64]
    spread: NDArray[np.float64]
    training: NDArray[np.float64]
    """Training patients x features, standardised; missing values are 0, the centre."""
    distances: NDArray[np.float64]
    """Mean distance of each training patient to its nearest other training patients, ascending."""
    neighbours: int


def fit_applicability(
    features: pd.DataFrame, *, names: Iterable[str] | None = None, neighbours: int = 5
) -> ApplicabilityDomain:
    """Fit the applicability domain to the training patients.

    Parameters
    ----------
    features
        Training patients x features.
    names
        Features to compare (those the signature uses); all if None. Constant features are left out.
    neighbours
        Number of nearest training patients over which the distance is averaged.

    Raises
    ------
    ValueError
        If there are not more patients than neighbours, or no feature varies.
    """
    table = features[list(features.columns if names is None else names)].astype(np.float64)
    varying = table.columns[table.max() > table.min()]
    if len(table) <= neighbours or varying.empty:
        raise ValueError(
            f"{len(table)} training patients with {len(varying)} varying features: the applicability domain needs more "
            f"than {neighbours} patients and a feature that varies"
        )
    values = table[varying].to_numpy()
    centre, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0, ddof=1)
    training = np.nan_to_num((values - centre) / spread)
    between = _distances(training, training)
    np.fill_diagonal(between, np.inf)
    distances = np.sort(_nearest(between, neighbours))
    return ApplicabilityDomain(
        tuple(varying),
        np.nanmin(values, axis=0),
        np.nanmax(values, axis=0),
        centre,
        spread,
        training,
        distances,
        neighbours,
    )


def applicability(domain: ApplicabilityDomain, features: pd.DataFrame) -> pd.DataFrame:
    """Measure how different new patients are from the training patients.

    Parameters
    ----------
    domain
        From `fit_applicability`.
    features
        Patients x features, including all features of the domain.

    Returns
    -------
    pandas.DataFrame
        By patient: ``share_outside`` (share of features beyond the training minimum or maximum), ``distance`` (mean
        over the nearest training patients of the root mean square difference in standard deviations), ``percentile``
        (share of training patients that lie closer to the others), ``unlike_training`` (percentile above 0.95),
        ``furthest_feature`` and its ``furthest_sd``, ``missing_features``. A patient with none of the features has NaN.

    Raises
    ------
    ValueError
        If features are missing from the table.
    """
    absent = [name for name in domain.features if name not in features.columns]
    if absent:
        raise ValueError(f"the table lacks {len(absent)} of the domain's features, such as {absent[0]}")
    values = features[list(domain.features)].to_numpy(dtype=np.float64)
    known = ~np.isnan(values)
    standard = (values - domain.centre) / domain.spread
    distance = _nearest(_distances(np.nan_to_num(standard), domain.training), domain.neighbours)
    percentile = np.searchsorted(domain.distances, distance, side="left") / domain.distances.size
    outside = (values < domain.low) | (values > domain.high)
    furthest = np.abs(np.nan_to_num(standard)).argmax(axis=1)
    result = pd.DataFrame(
        {
            "share_outside": outside.sum(axis=1) / np.maximum(known.sum(axis=1), 1),
            "distance": distance,
            "percentile": percentile,
            "unlike_training": pd.array(percentile > 0.95, dtype="boolean"),
            "furthest_feature": pd.array(np.asarray(domain.features, dtype=object)[furthest], dtype="string"),
            "furthest_sd": standard[np.arange(len(values)), furthest],
            "missing_features": (~known).sum(axis=1),
        },
        index=features.index,
    )
    measured = [column for column in result.columns if column != "missing_features"]
    result.loc[~known.any(axis=1), measured] = pd.NA
    return result


def _distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.spatial.distance import cdist

    return np.asarray(cdist(a, b) / np.sqrt(a.shape[1]), dtype=np.float64)


def _nearest(distances: NDArray[np.float64], neighbours: int) -> NDArray[np.float64]:
    return np.asarray(np.sort(distances, axis=1)[:, :neighbours].mean(axis=1), dtype=np.float64)
