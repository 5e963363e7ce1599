"""Univariate Cox regression in everybody and in each group, as the study reports it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tme_platform.survival.cox import check_columns, cox_univariate


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
    """Fit each covariate alone in all patients and in each group (cluster A, cluster B).

    Returns
    -------
    pandas.DataFrame
        `cox_univariate`'s table for ``all``, then for each group, which the column ``group`` names; the false
        discovery rate is over the covariates within each. Patients without a group count in ``all`` only.

    Raises
    ------
    ValueError
        As `cox_univariate`.
    """
    check_columns(frame, [time, event, *covariates])
    if group not in frame:
        raise ValueError(f"The frame lacks the group column {group}.")
    parts = {"all": frame} | {str(name): part for name, part in frame.groupby(group, observed=True)}
    tables = [
        cox_univariate(part, time, event, covariates, standardise=standardise, level=level).assign(group=name)
        for name, part in parts.items()
    ]
    result = pd.concat(tables, ignore_index=True)
    return result[["group", *result.columns.drop("group")]]
