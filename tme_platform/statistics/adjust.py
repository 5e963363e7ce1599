"""P values of many tests at once. Which tests form a family is the caller's to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def benjamini_hochberg(p: ArrayLike) -> NDArray[np.float64]:
    """Adjust p values for the false discovery rate.

    Parameters
    ----------
    p
        P values of any shape; NaN stays NaN and does not count as a test.

    Returns
    -------
    numpy.ndarray
        Adjusted values in the shape of `p`, as R's ``p.adjust(p, "BH")``.

    Raises
    ------
    ValueError
        If a value lies outside 0 to 1.

    References
    ----------
    Benjamini & Hochberg 1995, J R Stat Soc B 57:289.
    """
    values = np.asarray(p, dtype=np.float64)
    if ((values < 0) | (values > 1)).any():
        raise ValueError("p values lie between 0 and 1: something else was given to benjamini_hochberg")
    adjusted = np.full(values.shape, np.nan)
    tested = ~np.isnan(values)
    flat = values[tested]
    order = np.argsort(-flat, kind="stable")
    ranks = np.arange(flat.size, 0, -1)
    stepped = np.minimum.accumulate(flat[order] * flat.size / ranks)
    result = np.empty(flat.size)
    result[order] = np.minimum(stepped, 1.0)
    adjusted[tested] = result
    return adjusted
