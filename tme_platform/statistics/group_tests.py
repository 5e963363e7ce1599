"""Test whether a variable differs between groups. Tables of many variables belong in `table_one`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics.inputs import TOO_EXTREME, Vector, unscalable_reason

NumericTest = Literal["auto", "student", "welch", "wilcoxon", "kruskal"]

_ALPHA_NORMAL = 0.05
_LARGEST_SHAPIRO = 5000
_SIMULATED_TABLES = 9999
_SUMMARY = ["n", "mean", "sd", "median", "q1", "q3", "shapiro_p"]


@dataclass(frozen=True)
class GroupComparison:
    """Result of a test between groups.

    Attributes
    ----------
    test
        Name of the test; empty if none was possible.
    statistic, p
        Statistic and two-sided p value; NaN if no test was possible, with the `reason`.
    groups
        One row per group. Numeric variables: ``n``, ``mean``, ``sd``, ``median``, ``q1``, ``q3``, ``shapiro_p``.
        Categorical variables, one row per group and level: ``level``, ``n``, ``share`` (of the group).
    n_dropped
        Number of rows without a value or without a group.
    reason
        Why no test was possible, or why the rank test was chosen.
    """

    test: str
    statistic: float
    p: float
    groups: pd.DataFrame
    n_dropped: int
    reason: str


def compare_groups(values: Vector, groups: Vector, *, test: NumericTest = "auto") -> GroupComparison:
    """Compare a numeric variable between groups.

    By default the test follows the rule of Han et al. 2024. Two groups: Student's t test (equal variances) if
    Shapiro-Wilk rejects normality at 0.05 in neither group, otherwise the Wilcoxon rank-sum test (normal approximation
    with continuity correction, R's ``wilcox.test(exact = FALSE, correct = TRUE)``). More groups: Kruskal-Wallis.
    Shapiro-Wilk needs 3 to 5,000 values that are not all equal; where it cannot be computed, the rank test is used.

    Parameters
    ----------
    values, groups
        Value and group of each row, in the same order.
    test
        ``student``, ``welch`` or ``wilcoxon`` (two groups), or ``kruskal``, to override the rule.

    Raises
    ------
    ValueError
        If the lengths differ, or if `test` compares two groups and there are more.
    """
    numbers, names = _complete(pd.to_numeric(pd.Series(np.asarray(values)), errors="raise"), groups)
    by_group = [numbers[names == name] for name in _levels(names)]
    unscalable = unscalable_reason(numbers.astype(float))
    if unscalable == TOO_EXTREME:
        summary = pd.DataFrame({"group": _levels(names), "n": [len(sample) for sample in by_group]})
        return _no_test(summary.reindex(columns=["group", *_SUMMARY]), len(values) - len(numbers), unscalable)
    summary = pd.DataFrame([_describe(sample) for sample in by_group])
    summary.insert(0, "group", _levels(names))
    dropped = len(values) - len(numbers)
    if len(by_group) < 2:
        return _no_test(summary, dropped, "fewer than two groups have values")
    if len(np.unique(numbers)) == 1:
        return _no_test(summary, dropped, "all values are the same")
    chosen, reason = _choose(test, summary["shapiro_p"]) if test == "auto" else (test, "")
    if chosen != "kruskal" and len(by_group) > 2:
        raise ValueError(f"The {chosen} test compares two groups, not {len(by_group)}: use kruskal.")
    if chosen in ("student", "welch") and min(map(len, by_group)) < 2:
        return _no_test(summary, dropped, "a group has fewer than two values")
    statistic, p = _run_test(chosen, by_group)
    return GroupComparison(chosen, statistic, p, summary, dropped, reason)


def compare_categories(categories: Vector, groups: Vector, *, seed: int = 0) -> GroupComparison:
    """Compare a categorical variable between groups by Fisher's exact test.

    A 2 x 2 table is tested exactly (R's ``fisher.test``; the statistic is the sample odds ratio). For a larger table,
    p is simulated from 9,999 random tables with the same margins, as in R's ``fisher.test(simulate.p.value = TRUE)``:
    the smallest possible p is 1e-4, and the statistic is Pearson's chi-squared.

    Parameters
    ----------
    categories, groups
        Category and group of each row, in the same order.
    seed
        Seed of the simulation.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    kept, names = _complete(pd.Series(np.asarray(categories)), groups)
    dropped = len(categories) - len(kept)
    counts = pd.crosstab(pd.Series(kept, name="level"), pd.Series(names, name="group"))
    summary = counts.reset_index().melt(id_vars="level", var_name="group", value_name="n")
    summary["share"] = summary["n"] / summary.groupby("group")["n"].transform("sum")
    summary = summary[["group", "level", "n", "share"]]
    table = counts.to_numpy()
    if min(table.shape) < 2:
        what = "groups have values" if table.shape[0] >= 2 else "levels occur"
        return _no_test(summary, dropped, f"fewer than two {what}")
    from scipy.stats import chi2_contingency, fisher_exact

    if table.shape == (2, 2):
        exact = fisher_exact(table)
        infinite = not np.isfinite(exact.statistic)
        odds_ratio = np.nan if infinite else float(exact.statistic)
        reason = "a cell is empty, so the odds ratio is infinite" if infinite else ""
        return GroupComparison("fisher", odds_ratio, float(exact.pvalue), summary, dropped, reason)
    statistic = float(chi2_contingency(table, correction=False).statistic)
    return GroupComparison("fisher_simulated", statistic, _simulated_fisher(table, seed), summary, dropped, "")


def _no_test(summary: pd.DataFrame, dropped: int, reason: str) -> GroupComparison:
    return GroupComparison("", np.nan, np.nan, summary, dropped, reason)


def _complete(values: pd.Series[Any], groups: Vector) -> tuple[NDArray[Any], NDArray[Any]]:
    if len(values) != len(groups):
        raise ValueError(
            f"Values and groups differ in length ({len(values)} and {len(groups)} rows): pass one per row."
        )
    names = pd.Series(np.asarray(groups))
    kept = (values.notna() & names.notna()).to_numpy()
    return values[kept].to_numpy(), names[kept].to_numpy()


def _levels(names: NDArray[Any]) -> list[Any]:
    return sorted(pd.unique(names), key=lambda name: (str(type(name)), name))


def _describe(sample: NDArray[Any]) -> dict[str, float]:
    numbers = sample.astype(float)
    q1, median, q3 = np.quantile(numbers, [0.25, 0.5, 0.75])
    deviation = float(numbers.std(ddof=1)) if len(numbers) > 1 else np.nan
    return {
        "n": len(numbers),
        "mean": float(numbers.mean()),
        "sd": deviation,
        "median": float(median),
        "q1": float(q1),
        "q3": float(q3),
        "shapiro_p": _shapiro(numbers),
    }


def _shapiro(numbers: NDArray[np.float64]) -> float:
    from scipy.stats import shapiro

    if not 3 <= len(numbers) <= _LARGEST_SHAPIRO or unscalable_reason(numbers):
        return np.nan
    return float(shapiro(numbers).pvalue)


def _choose(test: str, shapiro_p: pd.Series[float]) -> tuple[str, str]:
    if len(shapiro_p) > 2:
        return "kruskal", ""
    if shapiro_p.isna().any():
        return "wilcoxon", "normality could not be tested in every group"
    if (shapiro_p < _ALPHA_NORMAL).any():
        return "wilcoxon", "not normal in every group"
    return "student", ""


def _run_test(test: str, by_group: list[NDArray[Any]]) -> tuple[float, float]:
    from scipy.stats import kruskal, mannwhitneyu, ttest_ind

    samples = [sample.astype(float) for sample in by_group]
    if test == "kruskal":
        statistic, p = kruskal(*samples)
    elif test == "wilcoxon":
        statistic, p = mannwhitneyu(samples[0], samples[1], method="asymptotic", use_continuity=True)
    else:
        statistic, p = ttest_ind(samples[0], samples[1], equal_var=test == "student")
    return float(statistic), float(p)


def _simulated_fisher(table: NDArray[Any], seed: int) -> float:
    """Share of random tables that are no more likely than the observed one, which is counted as one of them."""
    from scipy.special import gammaln
    from scipy.stats import random_table

    generator = np.random.default_rng(seed)
    tables = random_table(table.sum(axis=1), table.sum(axis=0)).rvs(_SIMULATED_TABLES, random_state=generator)
    log_factorial = gammaln(np.arange(table.sum() + 1) + 1.0)
    observed = -log_factorial[table].sum()
    simulated = -log_factorial[tables.astype(int)].sum(axis=(1, 2))
    as_unlikely = simulated <= observed + 1e-7 * abs(observed)
    return float((1 + as_unlikely.sum()) / (1 + _SIMULATED_TABLES))
