"""Build Table 1: variables described and tested by group. The tests of one variable are in `group_tests`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from tme_platform.statistics.adjust import benjamini_hochberg
from tme_platform.statistics.group_tests import NumericTest, compare_categories, compare_groups
from tme_platform.statistics.inputs import check_columns

_COLUMNS = [
    "variable", "kind", "group", "level", "n", "n_missing", "share", "mean", "sd", "median", "q1", "q3",
    "test", "statistic", "p", "fdr", "reason",
]  # fmt: skip


def table_one(
    frame: pd.DataFrame,
    group: str,
    variables: Sequence[str],
    *,
    test: NumericTest = "auto",
    seed: int = 0,
    patient: str | None = None,
) -> pd.DataFrame:
    """Describe and test variables by group, with the false discovery rate over the variables.

    Text, categories, booleans and numbers with at most two distinct values are counted (Fisher); other numbers are
    summarised (Student, Wilcoxon or Kruskal-Wallis, see `compare_groups`).

    Parameters
    ----------
    frame
        One row per patient.
    group, variables
        Column names. Patients without a group are left out.
    test
        Test of the numeric variables; see `compare_groups`.
    seed
        Seed of the simulated Fisher tests.
    patient
        Column that names the patient. A variable is described, but not tested, if a patient has values in two groups:
        the tests need independent groups.

    Returns
    -------
    pandas.DataFrame
        One row per variable and group, and per level of a categorical variable: ``variable``, ``kind`` (numeric or
        categorical), ``group``, ``level``, ``n``, ``n_missing`` (patients of the group without a value), ``share``,
        ``mean``, ``sd``, ``median``, ``q1``, ``q3``. ``test``, ``statistic``, ``p``, ``fdr`` (Benjamini-Hochberg)
        and ``reason`` are repeated in every row of a variable.

    Raises
    ------
    ValueError
        If a column is missing from the frame.
    """
    check_columns(frame, [group, *variables, *([patient] if patient else [])])
    grouped = frame[frame[group].notna()]
    tables = [_variable(grouped, group, name, test, seed, patient) for name in variables]
    if not tables:
        return pd.DataFrame(columns=_COLUMNS)
    result = pd.concat(tables, ignore_index=True).reindex(columns=_COLUMNS)
    by_variable = result.drop_duplicates("variable").set_index("variable")["p"]
    adjusted = pd.Series(benjamini_hochberg(by_variable.to_numpy(dtype=float)), index=by_variable.index)
    result["fdr"] = result["variable"].map(adjusted)
    return result


def is_categorical(values: pd.Series) -> bool:
    """Return whether a column is counted rather than summarised."""
    number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return not number or values.dropna().nunique() <= 2


def _variable(
    frame: pd.DataFrame, group: str, name: str, test: NumericTest, seed: int, patient: str | None
) -> pd.DataFrame:
    values, groups = frame[name], frame[group]
    counted = is_categorical(values)
    found = compare_categories(values, groups, seed=seed) if counted else compare_groups(values, groups, test=test)
    if patient and frame.loc[values.notna(), [patient, group]].drop_duplicates()[patient].duplicated().any():
        found = replace(found, test="", statistic=np.nan, p=np.nan, reason="groups share patients: not tested")
    rows = found.groups if len(found.groups) else pd.DataFrame({"group": [None]})
    missing = values.isna().groupby(groups).sum()
    return rows.assign(
        variable=name,
        kind="categorical" if counted else "numeric",
        level=rows["level"].astype(str) if "level" in rows else None,
        n_missing=rows["group"].map(missing).astype("Int64"),
        test=found.test,
        statistic=found.statistic,
        p=found.p,
        reason=found.reason,
    )
