"""Scaling each sample across its populations. Scaling across samples does not belong here: the study never does it."""

from __future__ import annotations

import numpy as np
import pandas as pd


def scale_samples(scores: pd.DataFrame) -> pd.DataFrame:
    """Scale each sample across its populations, as R's ``t(scale(scores))``.

    Parameters
    ----------
    scores
        Populations (sets) x samples, any unit: shifting or stretching one sample changes nothing.

    Returns
    -------
    pandas.DataFrame
        Samples x populations; each sample has mean 0 and standard deviation 1 (n - 1). A missing score stays missing
        and the others are scaled without it. A sample whose scores are all the same has no standard deviation: its
        row is NaN, as in R.

    Raises
    ------
    ValueError
        If a sample or a population occurs twice.
    """
    for axis, name in ((scores.columns, "sample"), (scores.index, "population")):
        if not axis.is_unique:
            twice = ", ".join(map(str, axis[axis.duplicated()].unique()[:5]))
            raise ValueError(f"Scores name a {name} more than once ({twice}): keep one row or column for each.")
    values = scores.T.astype(float)
    deviation = values.std(axis=1)
    # Equal scores leave rounding noise of a few ulp, which must not be blown up to unit variance.
    noise = 8 * np.finfo(float).eps * values.abs().max(axis=1)
    return values.sub(values.mean(axis=1), axis=0).div(deviation.where(deviation > noise), axis=0)
