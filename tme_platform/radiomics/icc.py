"""Intraclass correlation of all features at once. Selecting features by it belongs in ``agreement``."""

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IccForm = Literal["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"]

_KEYS = ("subject", "rater")


def icc(table: pd.DataFrame, *, form: IccForm = "ICC2") -> pd.DataFrame:
    """Compute an intraclass correlation with its 95 % confidence interval for every feature of a table.

    Parameters
    ----------
    table
        Columns ``subject``, ``rater`` and one per feature, with one row per subject and rater. A subject with a missing
        rating is dropped for the features in which it is missing.
    form
        Shrout & Fleiss' one-way random effects (ICC1), two-way random effects, absolute agreement (ICC2) and two-way
        mixed effects, consistency (ICC3), of a single rating; with ``k`` of the mean of all ratings.

    Returns
    -------
    DataFrame
        Indexed by ``feature``: icc, ci_low, ci_high, f, p, subjects, raters, reason. An undefined coefficient (constant
        feature, fewer than two subjects or raters) is NaN, and ``reason`` says why.

    Raises
    ------
    ValueError
        If a key column is missing, a subject has several rows of one rater, or the form is unknown.

    References
    ----------
    Shrout & Fleiss 1979, Psychol. Bull. 86:420-428; McGraw & Wong 1996, Psychol. Methods 1:30-46 (the intervals,
    table 7; R: ``psych::ICC``, ``irr::icc``).
    """
    if form not in ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"):
        raise ValueError(f"unknown form {form!r}: use ICC1, ICC2, ICC3, ICC1k, ICC2k or ICC3k")
    features, ratings = _ratings(table)
    out = pd.DataFrame(
        np.nan, index=pd.Index(features, name="feature"), columns=["icc", "ci_low", "ci_high", "f", "p"]
    ).assign(subjects=0, raters=ratings.shape[1], reason="")
    missing = np.isnan(ratings).any(axis=1)
    # Features with the same missing subjects are computed together: usually all of them at once.
    patterns, group = np.unique(missing, axis=1, return_inverse=True)
    for number in range(patterns.shape[1]):
        rows = np.flatnonzero(group.ravel() == number)
        chosen = ratings[~patterns[:, number]][:, :, rows]
        values, reason = _compute(chosen, form)
        out.iloc[rows, :5] = values
        out.iloc[rows, 5] = chosen.shape[0]
        out.iloc[rows, 7] = reason
    return out


def _ratings(table: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
    """Return the feature names and the array subjects x raters x features."""
    lacking = [key for key in _KEYS if key not in table.columns]
    if lacking:
        raise ValueError(f"the table of ratings lacks the column {lacking[0]!r}")
    repeated = table.duplicated(list(_KEYS))
    if repeated.any():
        subject, rater = table.loc[repeated, list(_KEYS)].iloc[0]
        raise ValueError(f"subject {subject!r} has more than one row for rater {rater!r}; keep one")
    features = [column for column in table.columns if column not in _KEYS]
    subjects, raters = pd.factorize(table["subject"])[0], pd.factorize(table["rater"])[0]
    ratings = np.full((subjects.max(initial=-1) + 1, raters.max(initial=-1) + 1, len(features)), np.nan)
    ratings[subjects, raters] = table[features].to_numpy(dtype=float)
    return features, ratings


def _compute(x: NDArray[np.float64], form: IccForm) -> tuple[NDArray[np.float64], NDArray[np.object_]]:
    """Return features x (icc, low, high, f, p) and the reason per feature, from subjects x raters x features."""
    n, k, count = x.shape
    values = np.full((count, 5), np.nan)
    reason = np.full(count, "", dtype=object)
    if n < 2 or k < 2:
        reason[:] = f"{n} subjects with all ratings and {k} raters: at least two of each are required"
        return values, reason
    with np.errstate(all="ignore"):
        between, within, raters, residual = _mean_squares(x)
        found = np.column_stack(_single(between, within, raters, residual, n, k, form[:4]))
        if form.endswith("k"):
            found[:, :3] = found[:, :3] * k / (1 + (k - 1) * found[:, :3])
    perfect = found[:, 0] > 1 - 1e-12
    found[perfect, :3] = 1.0
    found[perfect, 4] = 0.0
    constant = np.ptp(x, axis=(0, 1)) <= 1e-12 * np.abs(x).max(axis=(0, 1))
    reason[constant] = "the same value in every subject and rating"
    good = ~constant & np.isfinite(found[:, 0])
    reason[~good & ~constant] = "the coefficient is undefined (0 / 0)"
    values[good] = found[good]
    return values, reason


def _mean_squares(
    x: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean squares of each feature: between subjects, within subjects, between raters, residual."""
    n, k, _ = x.shape
    x = x - x.mean(axis=(0, 1))
    subject, rater = x.mean(axis=1), x.mean(axis=0)
    between = k * (subject**2).sum(axis=0) / (n - 1)
    within = ((x - subject[:, None]) ** 2).sum(axis=(0, 1)) / (n * (k - 1))
    raters = n * (rater**2).sum(axis=0) / (k - 1)
    residual = ((x - subject[:, None] - rater) ** 2).sum(axis=(0, 1)) / ((n - 1) * (k - 1))
    return between, within, raters, residual


def _single(
    between: NDArray[np.float64],
    within: NDArray[np.float64],
    raters: NDArray[np.float64],
    residual: NDArray[np.float64],
    n: int,
    k: int,
    kind: str,
) -> tuple[NDArray[np.float64], ...]:
    """Return the coefficient of a single rating, its limits, F and p. Spearman-Brown gives the limits of a mean."""
    from scipy import special

    error, df_error = (within, n * (k - 1)) if kind == "ICC1" else (residual, (n - 1) * (k - 1))
    f = between / error
    p = special.fdtrc(n - 1, df_error, f)
    if kind == "ICC2":
        value = (between - residual) / (between + (k - 1) * residual + k * (raters - residual) / n)
        low, high = _limits_icc2(value, between, raters, residual, n, k)
        return value, low, high, f, p
    value = (between - error) / (between + (k - 1) * error)
    f_low = f / special.fdtri(n - 1, df_error, 0.975)
    f_high = f * special.fdtri(df_error, n - 1, 0.975)
    return value, (f_low - 1) / (f_low + k - 1), (f_high - 1) / (f_high + k - 1), f, p


def _limits_icc2(
    value: NDArray[np.float64],
    between: NDArray[np.float64],
    raters: NDArray[np.float64],
    residual: NDArray[np.float64],
    n: int,
    k: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the limits of McGraw & Wong 1996, table 7, case 2 and 2A (Satterthwaite's degrees of freedom)."""
    from scipy import special

    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    df = (a * raters + b * residual) ** 2 / ((a * raters) ** 2 / (k - 1) + (b * residual) ** 2 / ((n - 1) * (k - 1)))
    upper = special.fdtri(n - 1, df, 0.975)
    lower = special.fdtri(df, n - 1, 0.975)
    spread = k * raters + (k * n - k - n) * residual
    low = n * (between - upper * residual) / (upper * spread + n * between)
    high = n * (lower * between - residual) / (spread + n * lower * between)
    return low, high
