"""How well two estimates of the same cell populations agree.

Not here: agreement of cluster labels (``tme_platform.phenotypes``) or of readers (``tme_platform.radiomics``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
from scipy import stats

from tme_platform.statistics.adjust import benjamini_hochberg


def score_agreement(
    scores: pd.DataFrame, fractions: pd.DataFrame, pairs: Mapping[str, str | Sequence[str]]
) -> pd.DataFrame:
    """Correlate scores with another estimate of the same populations, over the patients who have both.

    Parameters
    ----------
    scores
        Populations x patients.
    fractions
        Populations x patients, another method's; not the same populations nor patients.
    pairs
        What each population of ``scores`` is compared with: one population of ``fractions``, or several, which are
        summed.

    Returns
    -------
    DataFrame
        One row per pair: ``population``, ``compared_with``, ``n``, ``rho`` (Spearman), ``p`` (two-sided), ``fdr``
        (Benjamini-Hochberg over the pairs) and ``reason`` where rho is NaN.
    """
    patients = scores.columns.intersection(fractions.columns)
    rows = []
    for population, counterpart in pairs.items():
        names = [counterpart] if isinstance(counterpart, str) else list(counterpart)
        absent = [*({population} - set(scores.index)), *(name for name in names if name not in fractions.index)]
        label = " + ".join(names)
        if absent:
            rows.append((population, label, 0, float("nan"), float("nan"), f"not there: {', '.join(absent)}"))
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
