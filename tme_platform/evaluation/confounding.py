"""Test whether scanner or site is associated with the label. Harmonisation belongs in `radiomics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics import compare_categories

if TYPE_CHECKING:
    from collections.abc import Sequence


def label_confounding(
    labels: pd.Series,
    acquisition: pd.DataFrame,
    variables: Sequence[str] = ("site", "scanner"),
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Test whether acquisition variables are associated with the label.

    Parameters
    ----------
    labels
        Label by patient (hot, cold).
    acquisition
        Site, scanner and similar variables by patient.
    variables
        Columns to test; missing columns are skipped.
    seed
        Seed of the simulated Fisher test for larger tables.

    Returns
    -------
    pandas.DataFrame
        One row per variable: variable, n, n_values, test, statistic, p, cramers_v, warning (a sentence if p < 0.05 or
        Cramer's V >= 0.3, else empty), reason.
    """
    columns = ["variable", "n", "n_values", "test", "statistic", "p", "cramers_v", "warning", "reason"]
    patients = acquisition.index.intersection(labels.dropna().index, sort=True)
    rows = []
    for variable in variables:
        if variable not in acquisition:
            continue
        values = acquisition.loc[patients, variable].dropna().astype(str)
        label = labels.loc[values.index].astype(str)
        result = compare_categories(values.to_numpy(), label.to_numpy(), seed=seed)
        v = _cramers_v(values, label)
        warning = ""
        if result.p < 0.05 or v >= 0.3:
            warning = (
                f"{variable} is associated with the label (Cramer's V {v:.2f}, p {result.p:.2g}): "
                "the signature may learn that association"
            )
        tested = (result.test, result.statistic, result.p)
        rows.append((variable, len(values), values.nunique(), *tested, v, warning, result.reason))
    return pd.DataFrame(rows, columns=columns)


def _cramers_v(a: pd.Series, b: pd.Series) -> float:
    """Cramer's V, from 0 to 1 (Cramer 1946), without correction for small tables."""
    counts = pd.crosstab(a, b).to_numpy(dtype=np.float64)
    if min(counts.shape, default=0) < 2:
        return float("nan")
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    chi2 = ((counts - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi2 / counts.sum() / (min(counts.shape) - 1)))
