"""Scale each sample across its populations."""

from __future__ import annotations

import numpy as np
import pandas as pd


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
    # constant scores leave rounding noise of a few ulp, which must not be scaled to unit variance
    noise = 8 * np.finfo(float).eps * values.abs().max(axis=1)
    return values.sub(values.mean(axis=1), axis=0).div(deviation.where(deviation > noise), axis=0)
