"""Compare genes, such as the immune checkpoint genes, between two groups of tumours.

Gene-set tests belong in `enrich` and `pathways`, clinical variables in `tme_platform.phenotypes`.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import benjamini_hochberg

CHECKPOINT_GENES = ("CD274", "CTLA4", "IDO1", "SIGLEC9", "PDCD1", "PDCD1LG2", "LAG3", "HAVCR2")
"""The eight immune checkpoint genes of Han et al. 2024."""

_GENES_PER_BLOCK = 1000
"""Limits the memory needed beyond the matrix."""

_ROUNDING = 1e-12
"""Standard deviations below this share of the difference are 0 but for rounding."""


def compare_genes(
    expression: pd.DataFrame, labels: pd.Series[str], *, first: Hashable = "A", second: Hashable = "B"
) -> pd.DataFrame:
    """Compare every gene between two groups by the Wilcoxon rank-sum test.

    Parameters
    ----------
    expression
        Genes x samples, log2. Missing values are ignored.
    labels
        Group of each sample. Samples without a label or not in the matrix are left out.
    first, second
        Labels of the two groups. Differences are first minus second.

    Returns
    -------
    DataFrame
        One row per gene: ``gene``, ``n_first``, ``n_second``, ``mean_first``, ``mean_second``, ``mean_difference``,
        ``signal_to_noise`` (mean difference over the sum of the standard deviations; missing if both are 0. GSEA's
        floor of a fifth of the mean is for linear data: on a log scale the mean depends on the unit), ``w`` (R's
        rank-sum statistic of the first group), ``p`` (two-sided, normal approximation with continuity and tie
        correction, as ``wilcox.test(exact = FALSE)``), ``fdr`` (Benjamini-Hochberg over all genes of the matrix) and
        ``reason`` if p is NaN.
    """
    groups = labels.reindex(expression.columns)
    values = expression.to_numpy()
    in_first, in_second = (groups == first).to_numpy(dtype=bool), (groups == second).to_numpy(dtype=bool)
    blocks = [
        _compare(block[:, in_first].astype(np.float64), block[:, in_second].astype(np.float64))
        for block in (
            values[start : start + _GENES_PER_BLOCK] for start in range(0, max(len(values), 1), _GENES_PER_BLOCK)
        )
    ]
    table = pd.concat(blocks, ignore_index=True)
    table.insert(0, "gene", expression.index)
    reason = table.pop("reason")
    table["fdr"], table["reason"] = benjamini_hochberg(table["p"]), reason
    return table


def _compare(left: NDArray[np.float64], right: NDArray[np.float64]) -> pd.DataFrame:
    from scipy import stats

    n_left, n_right = (~np.isnan(left)).sum(axis=1), (~np.isnan(right)).sum(axis=1)
    mean_left, mean_right = _mean(left, n_left), _mean(right, n_right)
    reason = _reasons(left, right, n_left, n_right)
    testable = reason == ""
    w, p, signal_to_noise = (np.full(len(left), np.nan) for _ in range(3))
    if testable.any():
        test = stats.mannwhitneyu(left[testable], right[testable], axis=1, method="asymptotic", nan_policy="omit")
        w[testable], p[testable] = test.statistic, test.pvalue
        noise = np.nanstd(left[testable], axis=1, ddof=1) + np.nanstd(right[testable], axis=1, ddof=1)
        signal = (mean_left - mean_right)[testable]
        noisy = noise > _ROUNDING * np.abs(signal)
        signal_to_noise[testable] = np.where(noisy, signal, np.nan) / np.where(noisy, noise, 1)
    return pd.DataFrame(
        {
            "n_first": n_left,
            "n_second": n_right,
            "mean_first": mean_left,
            "mean_second": mean_right,
            "mean_difference": mean_left - mean_right,
            "signal_to_noise": signal_to_noise,
            "w": w,
            "p": p,
            "reason": reason,
        }
    )


def _reasons(
    left: NDArray[np.float64], right: NDArray[np.float64], n_left: NDArray[np.int64], n_right: NDArray[np.int64]
) -> NDArray[np.object_]:
    both = np.hstack([left, right])
    missing = np.isnan(both)
    lowest = np.where(missing, np.inf, both).min(axis=1, initial=np.inf)
    highest = np.where(missing, -np.inf, both).max(axis=1, initial=-np.inf)
    reason = np.where(lowest < highest, "", "no variation").astype(object)
    reason[(n_left < 2) | (n_right < 2)] = "fewer than two values in a group"
    return reason


def _mean(values: NDArray[np.float64], n: NDArray[np.int64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: NDArray[np.float64] = np.nansum(values, axis=1) / n
    return mean
