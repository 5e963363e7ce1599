"""Units of expression: everything the scores need is log2.

Not here: identifiers and duplicated genes (``symbols``, ``duplicates``).
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

UNITS = ("counts", "tpm", "fpkm", "log2_counts", "log2_cpm", "log2_tpm", "log2_fpkm")
"""The units an expression matrix may have."""

_LARGEST_LOG2 = 30.0
"""2**30 counts of one gene in one sample have not been sequenced yet; a larger "log2" value is not a logarithm."""


def to_log2(matrix: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Bring an expression matrix to log2.

    Counts become log2(counts per million + 1), where the million is the sample's own sum over all genes given; TPM and
    FPKM become log2(x + 1); what is log2 already is returned as it is. Missing values stay missing.

    Parameters
    ----------
    matrix
        Genes x samples, numeric.
    unit
        One of ``UNITS``.

    Returns
    -------
    DataFrame
        Genes x samples, float64.

    Raises
    ------
    ValueError
        Unknown unit; negative counts, TPM or FPKM; a sample without a single count.

    Warns
    -----
    UserWarning
        The values fit another unit better (see ``unit_doubt``).
    """
    doubt = unit_doubt(matrix, unit)
    if doubt is not None:
        warnings.warn(doubt, UserWarning, stacklevel=2)
    if unit.startswith("log2_"):
        return matrix.astype("float64")
    _refuse_negative(matrix, unit)
    values = matrix.astype("float64")
    if unit == "counts":
        totals = values.sum()
        if (totals == 0).any():
            raise ValueError(f"Samples without a single count: {', '.join(map(str, totals.index[totals == 0]))}.")
        values = values / totals * 1e6
    return pd.DataFrame(np.log2(values.to_numpy() + 1), index=matrix.index, columns=matrix.columns)


def unit_doubt(matrix: pd.DataFrame, unit: str) -> str | None:
    """Say so when the values of a matrix do not look like the unit it declares; None when they do.

    Raises
    ------
    ValueError
        Unknown unit; the message lists the known ones.
    """
    if unit not in UNITS:
        raise ValueError(f"Unknown expression unit '{unit}'. Known units: {', '.join(UNITS)}.")
    values = matrix.to_numpy()
    largest = float(np.nanmax(values)) if values.size and not np.isnan(values).all() else float("nan")
    if unit.startswith("log2_") and largest > _LARGEST_LOG2:
        return (
            f"Declared as {unit}, but the largest value is {largest:g}, too large for a logarithm: "
            f"likely {'counts' if unit == 'log2_cpm' else unit.removeprefix('log2_')}."
        )
    if not unit.startswith("log2_") and largest < _LARGEST_LOG2:
        return (
            f"Declared as {unit}, but the largest value is {largest:g}: the values look like logarithms already, "
            f"likely log2_{unit}."
        )
    return None


def _refuse_negative(matrix: pd.DataFrame, unit: str) -> None:
    negative = matrix.to_numpy() < 0
    if negative.any():
        row, column = np.argwhere(negative)[0]
        raise ValueError(
            f"{unit} cannot be negative: gene '{matrix.index[row]}', sample '{matrix.columns[column]}' "
            f"is {matrix.iloc[row, column]}. If the file holds logarithms, declare one of the log2_ units."
        )
