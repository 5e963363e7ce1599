"""Univariate Cox regression in all patients and in each group."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tme_platform.survival.cox import cox_univariate
from tme_platform.survival.observations import check_numeric_columns


def cox_univariate_by_group(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    group: str,
    *,
    standardise: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
    """Fit each covariate alone, in all patients and in each group (such as cluster A and cluster B).

    Returns
    -------
    pandas.DataFrame
        The tables of `cox_univariate` for ``all`` and for each group, named in the column ``group``. The false
        discovery rate is over the covariates within each group. Patients without a group are only in ``all``.

    Raises
    ------
    ValueError
        As for `cox_univariate`, or if the group column is missing.
    """
    check_numeric_columns(frame, [time, event, *covariates])
    if group not in frame:
        raise ValueError(f"The frame lacks the group column {group}.")
    parts = {"all": frame} | {str(name): part for name, part in frame.groupby(group, observed=True)}
    tables = [
        cox_univariate(part, time, event, covariates, standardise=standardise, level=level).assign(group=name)
        for name, part in parts.items()
    ]
    result = pd.concat(tables, ignore_index=True)
    return result[["group", *result.columns.drop("group")]]
