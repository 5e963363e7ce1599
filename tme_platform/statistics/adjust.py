"""Adjust p values for multiple testing. The caller decides which tests form a family."""

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
        P values, of any shape. NaN stays NaN and is not counted as a test.

    Returns
    -------
    numpy.ndarray
        Adjusted p values in the shape of `p`; equal to R's ``p.adjust(p, "BH")``.

    Raises
    ------
    ValueError
        If a value is outside 0 to 1.

    References
    ----------
    Benjamini & Hochberg 1995, J R Stat Soc B 57:289.
    """
    values = np.asarray(p, dtype=np.float64)
    if ((values < 0) | (values > 1)).any():
        raise ValueError("benjamini_hochberg needs p values between 0 and 1")
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
