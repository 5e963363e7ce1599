"""Compare the rad-score between groups of patients. The choice of test belongs in `statistics.group_tests`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tme_platform.statistics import benjamini_hochberg, compare_groups

if TYPE_CHECKING:
    from collections.abc import Sequence


def score_by_group(score: pd.Series, clinical: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """Compare a score between the groups of each variable.

    Parameters
    ----------
    score
        Score by patient.
    clinical
        Group variables by patient.
    variables
        Columns of `clinical`, such as stage, pam50, immune_phenotype or recist; missing or empty columns are skipped.

    Returns
    -------
    pandas.DataFrame
        One row per variable and group: variable, group, n, mean, sd, median, q1, q3, test, statistic, p, fdr, reason.
        The test is chosen by `compare_groups`; `fdr` is over the variables.
    """
    columns = ["variable", "group", "n", "mean", "sd", "median", "q1", "q3", "test", "statistic", "p", "fdr", "reason"]
    patients = clinical.index.intersection(score.dropna().index, sort=True)
    tables, p_values = [], {}
    for variable in variables:
        if variable not in clinical or clinical.loc[patients, variable].notna().sum() == 0:
            continue
        groups = clinical.loc[patients, variable].astype("object")
        result = compare_groups(score.loc[patients].to_numpy(), groups.where(groups.notna(), None).to_numpy())
        p_values[variable] = result.p
        tables.append(
            result.groups.assign(
                variable=variable, test=result.test, statistic=result.statistic, p=result.p, reason=result.reason
            )
        )
    if not tables:
        return pd.DataFrame(columns=columns)
    table = pd.concat(tables, ignore_index=True)
    fdr = dict(zip(p_values, benjamini_hochberg(list(p_values.values())), strict=True))
    return table.assign(group=table["group"].astype(str), fdr=table["variable"].map(fdr))[columns]
