"""Convert units of expression to the log2 scale that the scores use. Relative units are passed through.

Identifiers belong in `symbols`, repeated genes in `duplicates`.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from numpy.typing import NDArray

RELATIVE_UNITS = ("normal_score", "z_score")
"""Units in which each gene is relative to the cohort: absolute levels are lost.

Ranks within a sample then compare genes relative to their own distribution over the cohort.
"""

UNITS = ("counts", "tpm", "fpkm", "log2_counts", "log2_cpm", "log2_tpm", "log2_fpkm", *RELATIVE_UNITS)
"""Supported units of an expression matrix."""

_LARGEST_CENTRE = 1.0
"""Absolute median of a typical gene in a relative unit; over a whole cohort it is near 0."""

_LARGEST_LOG2 = 30.0
"""No sample has 2**30 reads of one gene, so a larger value is not a logarithm."""

_LARGEST_TOTAL = 2e6
"""TPM of a sample sum to a million, FPKM to less; rounding adds little."""


def to_log2(matrix: pd.DataFrame, unit: str, lengths: pd.Series[float] | None = None) -> pd.DataFrame:
    """Convert an expression matrix to log2.

    Counts become log2(TPM + 1): counts over gene length, per million of the sample's total over all genes of the
    matrix. Without lengths they become log2(CPM + 1), counts per million of the total. TPM and FPKM become
    log2(x + 1). Values on the log2 scale and relative units are not changed. Missing values stay missing.

    Parameters
    ----------
    matrix
        Genes x samples, numeric.
    unit
        One of ``UNITS``.
    lengths
        Length of every gene, for counts (see ``find_gene_lengths``); ignored for other units.

    Returns
    -------
    DataFrame
        Genes x samples, float64.

    Raises
    ------
    ValueError
        If the unit is unknown, counts, TPM or FPKM are negative, a sample has no counts, or a gene has no length.

    Warns
    -----
    UserWarning
        If the values look like another unit (see ``unit_warning``).
    """
    warning = unit_warning(matrix, unit)
    if warning is not None:
        warnings.warn(warning, UserWarning, stacklevel=2)
    if unit.startswith("log2_") or unit in RELATIVE_UNITS:
        return matrix.astype("float64")
    if (problem := negative_amount(matrix, unit)) is not None:
        raise ValueError(problem)
    values = matrix.astype("float64")
    if unit == "counts":
        totals = values.sum()
        if (totals == 0).any():
            raise ValueError(f"Samples without counts: {', '.join(map(str, totals.index[totals == 0]))}.")
        if lengths is not None:
            values = values.div(_positive(lengths.reindex(values.index)), axis=0)
        values = values / values.sum() * 1e6
    return pd.DataFrame(np.log2(values.to_numpy() + 1), index=matrix.index, columns=matrix.columns)


def unit_warning(matrix: pd.DataFrame, unit: str) -> str | None:
    """Return a warning if the values of a matrix do not look like its declared unit, otherwise None.

    Raises
    ------
    ValueError
        If the unit is unknown. The message lists the known units.
    """
    if unit not in UNITS:
        raise ValueError(f"Unknown expression unit '{unit}'. Known units: {', '.join(UNITS)}.")
    values = matrix.to_numpy()
    largest = float(np.nanmax(values)) if values.size and not np.isnan(values).all() else float("nan")
    if unit in RELATIVE_UNITS:
        return _relative_warning(matrix, unit)
    if unit.startswith("log2_") and largest > _LARGEST_LOG2:
        return (
            f"Declared as {unit}, but the largest value is {largest:g}, too large for a logarithm: "
            f"likely {'counts' if unit == 'log2_cpm' else unit.removeprefix('log2_')}."
        )
    return None if unit.startswith("log2_") or np.isnan(largest) else _amount_warning(values, unit, largest)


def negative_amount(matrix: pd.DataFrame, unit: str) -> str | None:
    """Return what is negative and what to do if counts, TPM or FPKM are below 0, otherwise None."""
    negative = matrix.to_numpy() < 0
    if unit.startswith("log2_") or unit in RELATIVE_UNITS or not negative.any():
        return None
    row, column = np.argwhere(negative)[0]
    others = f" ({int(negative.sum()):,} values in all)" if negative.sum() > 1 else ""
    return (
        f"{unit} cannot be negative: gene '{matrix.index[row]}', sample '{matrix.columns[column]}' "
        f"is {matrix.iloc[row, column]}{others}. If the file holds logarithms, declare one of the log2_ units; "
        "otherwise correct the values."
    )


def _amount_warning(values: NDArray[np.float64], unit: str, largest: float) -> str | None:
    """Return a warning if counts, TPM or FPKM look like logarithms, or TPM or FPKM like counts."""
    whole = _are_whole(values[0]) and _are_whole(values)
    total = float(np.median(np.nansum(values, axis=0))) if whole else 0.0
    if unit != "counts" and total > _LARGEST_TOTAL:
        return (
            f"Declared as {unit}, but all values are whole numbers, and those of a typical sample sum to {total:,.0f}, "
            "more than a million: likely counts."
        )
    if whole or not largest < _LARGEST_LOG2:
        return None
    return (
        f"Declared as {unit}, but the largest value is {largest:g}: the values look like logarithms already, "
        f"likely log2_{unit}. If they are none, save log2(value + 1) and declare log2_{unit}."
    )


def _are_whole(values: NDArray[np.float64]) -> bool:
    return bool((np.floor(values) == values)[~np.isnan(values)].all())


def _relative_warning(matrix: pd.DataFrame, unit: str) -> str | None:
    """Return a warning unless the median gene is centred on 0, as scores relative to the cohort are."""
    centre = float(matrix.median(axis=1).abs().median())
    if not centre > _LARGEST_CENTRE:
        return None
    return (
        f"Declared as {unit}, but the median of a typical gene is {centre:.2g} from 0: the values do not look relative "
        "to the cohort, likely log2_tpm or log2_fpkm."
    )


def _positive(lengths: pd.Series[float]) -> pd.Series[float]:
    unusable = ~(lengths > 0)
    if unusable.any():
        raise ValueError(f"Gene '{lengths.index[unusable][0]}' has no length above 0.")
    return lengths
