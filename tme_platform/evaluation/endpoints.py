"""Derive endpoints and subgroups from the canonical clinical columns.

Reading the columns belongs in `cohorts`, evaluating scores against endpoints in `roles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CD8_INFLAMED_PERCENT = 20.0
PD_L1_POSITIVE = 1.0


def endpoint_outcome(clinical: pd.DataFrame, endpoint: str) -> pd.Series:
    """Code an endpoint as 1, 0 or missing.

    Parameters
    ----------
    clinical
        Canonical clinical columns by patient.
    endpoint
        ``cd8_inflamed`` (CD8 >= 20 %; if not measured, `immune_phenotype` inflamed against desert and excluded),
        ``pd_l1_positive`` (>= 1), ``objective_response`` (CR, PR against SD, PD), ``disease_control`` (CR, PR, SD
        against PD; RECIST 1.1).

    Returns
    -------
    pandas.Series
        Float by patient; all missing if the cohort lacks the column.

    Raises
    ------
    ValueError
        If the endpoint is unknown.
    """
    if endpoint not in ENDPOINTS:
        raise ValueError(f"unknown endpoint {endpoint!r}: choose one of {', '.join(ENDPOINTS)}")
    return ENDPOINTS[endpoint](clinical).rename(endpoint)


def subgroup_members(clinical: pd.DataFrame, subgroup: str) -> pd.Series:
    """Return which patients belong to a subgroup. A patient with unknown receptor status belongs only to ``all``.

    Parameters
    ----------
    clinical
        Canonical clinical columns by patient.
    subgroup
        ``all``, ``her2_positive``, ``her2_negative_hr_positive``, ``triple_negative``.

    Returns
    -------
    pandas.Series
        Boolean by patient.

    Raises
    ------
    ValueError
        If the subgroup is unknown.
    """
    if subgroup not in SUBGROUPS:
        raise ValueError(f"unknown subgroup {subgroup!r}: choose one of {', '.join(SUBGROUPS)}")
    return SUBGROUPS[subgroup](clinical).rename(subgroup)


def _number(clinical: pd.DataFrame, column: str) -> pd.Series:
    if column not in clinical:
        return pd.Series(np.nan, index=clinical.index)
    return pd.to_numeric(clinical[column], errors="coerce").astype(np.float64)


def _at_least(clinical: pd.DataFrame, column: str, limit: float) -> pd.Series:
    values = _number(clinical, column)
    return (values >= limit).astype(np.float64).where(values.notna())


def _one_of(clinical: pd.DataFrame, column: str, yes: set[str], no: set[str]) -> pd.Series:
    if column not in clinical:
        return pd.Series(np.nan, index=clinical.index)
    values = clinical[column].astype("object")
    return values.isin(yes).astype(np.float64).where(values.isin(yes | no))


def _cd8(clinical: pd.DataFrame) -> pd.Series:
    counted = _at_least(clinical, "cd8_percent", CD8_INFLAMED_PERCENT)
    return counted.fillna(_one_of(clinical, "immune_phenotype", {"inflamed", "hot"}, {"desert", "excluded", "cold"}))


def _is(clinical: pd.DataFrame, column: str, value: str) -> pd.Series:
    return _one_of(clinical, column, {value}, set()) == 1


def _hormone_positive(clinical: pd.DataFrame) -> pd.Series:
    return _is(clinical, "er", "positive") | _is(clinical, "pr", "positive")


ENDPOINTS: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = {
    "cd8_inflamed": _cd8,
    "pd_l1_positive": lambda clinical: _at_least(clinical, "pd_l1", PD_L1_POSITIVE),
    "objective_response": lambda clinical: _one_of(clinical, "recist", {"CR", "PR"}, {"SD", "PD"}),
    "disease_control": lambda clinical: _one_of(clinical, "recist", {"CR", "PR", "SD"}, {"PD"}),
}
"""Endpoints by name."""

SUBGROUPS: Mapping[str, Callable[[pd.DataFrame], pd.Series]] = {
    "all": lambda clinical: pd.Series(True, index=clinical.index),
    "her2_positive": lambda clinical: _is(clinical, "her2", "positive"),
    "her2_negative_hr_positive": lambda clinical: _is(clinical, "her2", "negative") & _hormone_positive(clinical),
    "triple_negative": lambda clinical: (
        _is(clinical, "her2", "negative") & _is(clinical, "er", "negative") & _is(clinical, "pr", "negative")
    ),
}
"""Subgroups by name."""
