"""Does the scanner or the site go with the label? Removing such an effect (harmonisation) does not belong here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics import compare_categories

if TYPE_CHECKING:
    from collections.abc import Sequence


def label_confounding(
    labels: pd.Series,
    circumstances: pd.DataFrame,
    variables: Sequence[str] = ("site", "scanner"),
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Test whether circumstances of imaging are associated with the label.

    Parameters
    ----------
    labels
        Label by patient (hot, cold).
    circumstances
        Site, scanner and the like by patient.
    variables
        Columns to test; those that are not there are left out.
    seed
        Of the simulated Fisher test for larger tables.

    Returns
    -------
    pandas.DataFrame
        One row per variable: variable, n, n_values, test, statistic, p, cramers_v, warning (a sentence where p < 0.05
        or Cramer's V >= 0.3, else empty), reason.
    """
    columns = ["variable", "n", "n_values", "test", "statistic", "p", "cramers_v", "warning", "reason"]
    patients = circumstances.index.intersection(labels.dropna().index, sort=True)
    rows = []
    for variable in variables:
        if variable not in circumstances:
            continue
        values = circumstances.loc[patients, variable].dropna().astype(str)
        label = labels.loc[values.index].astype(str)
        result = compare_categories(values.to_numpy(), label.to_numpy(), seed=seed)
        v = _cramers_v(values, label)
        goes = bool(result.p < 0.05 or v >= 0.3)
        warning = (
            f"{variable} goes with the label (Cramer's V {v:.2f}, p {result.p:.2g}): the signature may learn that"
            if goes
            else ""
        )
        row = (
            variable,
            len(values),
            values.nunique(),
            result.test,
            result.statistic,
            result.p,
            v,
            warning,
            result.reason,
        )
        rows.append(row)
    return pd.DataFrame(rows, columns=columns)


def _cramers_v(a: pd.Series, b: pd.Series) -> float:
    """Association from 0 to 1 (Cramer 1946), without correction for small tables."""
    counts = pd.crosstab(a, b).to_numpy(dtype=np.float64)
    if min(counts.shape, default=0) < 2:
        return float("nan")
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    chi2 = ((counts - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi2 / counts.sum() / (min(counts.shape) - 1)))
