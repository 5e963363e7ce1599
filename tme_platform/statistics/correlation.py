"""Rank correlation: many pairs at once, and a confidence interval. The heat map belongs in `figures`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics.adjust import benjamini_hochberg

if TYPE_CHECKING:
    from numpy.typing import NDArray


def spearman_interval(rho: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Compute a confidence interval of Spearman's rho by Fisher's z with Bonett and Wright's standard error.

    Parameters
    ----------
    rho
        Spearman's rho, -1 to 1.
    n
        Number of patients.
    level
        Confidence level.

    Returns
    -------
    tuple of float
        Lower and upper limit; NaN for fewer than four patients or a missing rho, both equal to `rho` at -1 and 1.

    References
    ----------
    Bonett & Wright 2000, Psychometrika 65:23: variance (1 + rho^2 / 2) / (n - 3) on Fisher's z scale.
    """
    from scipy.stats import norm

    if n < 4 or np.isnan(rho):
        return float("nan"), float("nan")
    if abs(rho) == 1:
        return rho, rho
    half = norm.ppf((1 + level) / 2) * np.sqrt((1 + rho**2 / 2) / (n - 3))
    return float(np.tanh(np.arctanh(rho) - half)), float(np.tanh(np.arctanh(rho) + half))


def spearman_table(features: pd.DataFrame, populations: pd.DataFrame) -> pd.DataFrame:
    """Correlate every feature with every population.

    Parameters
    ----------
    features, populations
        Patients x features and patients x populations, joined by index. A missing value excludes the patient only
        from the pairs it affects.

    Returns
    -------
    pandas.DataFrame
        One row per pair: feature, population, n, rho, p, fdr, reason. `p` is two-sided, from the t distribution with
        n - 2 degrees of freedom, as in R's ``cor.test(x, y, method = "spearman", exact = FALSE)``; `fdr` is
        Benjamini-Hochberg over the whole table. NaN with a reason where n < 4 or a variable is constant.

    Raises
    ------
    ValueError
        If a patient has more than one row.
    """
    from scipy.stats import t as student

    for name, frame in (("features", features), ("populations", populations)):
        if frame.index.has_duplicates:
            raise ValueError(f"{name}: patient {frame.index[frame.index.duplicated()][0]} has more than one row")
    patients = features.index.intersection(populations.index, sort=True)
    x = features.loc[patients].to_numpy(dtype=np.float64)
    y = populations.loc[patients].to_numpy(dtype=np.float64)
    rho = np.full((x.shape[1], y.shape[1]), np.nan)
    n = np.zeros(rho.shape, dtype=np.int64)
    # columns with the same missing patients are ranked and multiplied together
    for x_rows, x_columns in _columns_by_missing(x):
        for y_rows, y_columns in _columns_by_missing(y):
            rows = x_rows & y_rows
            block = np.ix_(x_columns, y_columns)
            n[block] = rows.sum()
            if rows.sum() >= 4:
                rho[block] = _unit_ranks(x[rows][:, x_columns]).T @ _unit_ranks(y[rows][:, y_columns])
    rho = np.clip(rho, -1, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.abs(rho) * np.sqrt((n - 2) / (1 - rho**2))
    p = np.asarray(2 * student.sf(statistic, np.maximum(n - 2, 1)))
    table = pd.DataFrame(
        {
            "feature": np.repeat(features.columns.to_numpy(), y.shape[1]),
            "population": np.tile(populations.columns.to_numpy(), x.shape[1]),
            "n": n.ravel(),
            "rho": rho.ravel(),
            "p": p.ravel(),
            "fdr": benjamini_hochberg(p).ravel(),
        }
    )
    few = table["n"] < 4
    table["reason"] = np.where(
        few, "fewer than four patients", np.where(table["rho"].isna(), "a variable is constant", "")
    )
    return table


def _columns_by_missing(values: NDArray[np.float64]) -> list[tuple[NDArray[np.bool_], NDArray[np.int64]]]:
    """Group columns by their pattern of missing values: the complete rows, and the positions of the columns."""
    if values.shape[1] == 0:
        return []
    patterns, member = np.unique(~np.isnan(values).T, axis=0, return_inverse=True)
    return [(pattern, np.flatnonzero(member.ravel() == i)) for i, pattern in enumerate(patterns)]


def _unit_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank each column, centred and scaled to length 1; NaN for a constant column."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=0)
    ranks -= ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    return np.asarray(ranks / np.where(length == 0, np.nan, length), dtype=np.float64)
