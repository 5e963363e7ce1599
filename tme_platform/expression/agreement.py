"""Measure how well two estimates of the same cell populations agree.

Agreement of cluster labels belongs in `tme_platform.phenotypes`, agreement of readers in `tme_platform.radiomics`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from tme_platform.statistics import benjamini_hochberg


def score_agreement(
    scores: pd.DataFrame, fractions: pd.DataFrame, pairs: Mapping[str, str | Sequence[str]]
) -> pd.DataFrame:
    """Correlate scores with another estimate of the same populations, over the patients with both.

    Parameters
    ----------
    scores
        Populations x patients.
    fractions
        Populations x patients, from another method. Populations and patients may differ from those of ``scores``.
    pairs
        For each population of ``scores``, the population of ``fractions`` to compare it with; several are summed.

    Returns
    -------
    DataFrame
        One row per pair: ``population``, ``compared_with``, ``n``, ``rho`` (Spearman), ``p`` (two-sided), ``fdr``
        (Benjamini-Hochberg over the pairs) and ``reason`` if rho is NaN.
    """
    from scipy import stats

    patients = scores.columns.intersection(fractions.columns)
    rows = []
    for population, counterpart in pairs.items():
        names = [counterpart] if isinstance(counterpart, str) else list(counterpart)
        absent = [*({population} - set(scores.index)), *(name for name in names if name not in fractions.index)]
        label = " + ".join(names)
        if absent:
            rows.append((population, label, 0, float("nan"), float("nan"), f"not found: {', '.join(absent)}"))
            continue
        both = pd.DataFrame(
            {"x": scores.loc[population][patients], "y": fractions.loc[names, list(patients)].sum(skipna=False)}
        ).dropna()
        if len(both) < 3 or both.nunique().min() < 2:
            rows.append((population, label, len(both), float("nan"), float("nan"), "too few patients or no variation"))
            continue
        test = stats.spearmanr(both["x"], both["y"])
        rows.append((population, label, len(both), float(test.statistic), float(test.pvalue), ""))
    table = pd.DataFrame(rows, columns=["population", "compared_with", "n", "rho", "p", "reason"])
    table.insert(5, "fdr", benjamini_hochberg(table["p"]))
    return table
