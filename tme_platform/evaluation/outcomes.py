"""Apply declared endpoints and subgroups to clinical columns. Declaring them belongs in `endpoints`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.evaluation._words import Word, matches
from tme_platform.tables.clinical import DAYS_PER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tme_platform.evaluation.endpoints import BinaryEndpoint, BinaryRule, Subgroup, TimeEndpoint


def endpoint_outcome(clinical: pd.DataFrame, endpoint: BinaryEndpoint) -> pd.Series:
    """Code an endpoint as 1, 0 or missing.

    Parameters
    ----------
    clinical
        Clinical columns by patient.
    endpoint
        An endpoint with two classes.

    Returns
    -------
    pandas.Series
        Float by patient; missing where the column is missing, has a value of neither class, or `where` is not met.
    """
    outcome = _classes(clinical, endpoint)
    if endpoint.otherwise is not None:
        known = _values(clinical, endpoint.column).notna()
        outcome = outcome.where(known, _classes(clinical, endpoint.otherwise))
    return outcome.where(_all_match(clinical, endpoint.where))


def endpoint_times(clinical: pd.DataFrame, endpoint: TimeEndpoint) -> pd.DataFrame:
    """Return follow-up and event of an endpoint.

    Parameters
    ----------
    clinical
        Clinical columns by patient.
    endpoint
        A time to an event.

    Returns
    -------
    pandas.DataFrame
        ``time_days`` (more than 0) and ``event`` (1 observed, 0 censored) by patient, both missing or both known.
    """
    time = pd.to_numeric(_values(clinical, endpoint.time), errors="coerce").astype("float64")
    time = time * DAYS_PER[endpoint.unit or "days"]
    if endpoint.positive is None or endpoint.negative is None:
        event = pd.to_numeric(_values(clinical, endpoint.event), errors="coerce").astype("float64")
    else:
        event = _listed(_values(clinical, endpoint.event), endpoint.positive, endpoint.negative)
    usable = np.isfinite(time) & (time > 0) & event.notna() & _all_match(clinical, endpoint.where)
    return pd.DataFrame({"time_days": time.where(usable), "event": event.where(usable)}, index=clinical.index)


def subgroup_members(clinical: pd.DataFrame, subgroup: Subgroup) -> pd.Series:
    """Return which patients belong to a subgroup; one with a missing value of a needed column does not.

    Parameters
    ----------
    clinical
        Clinical columns by patient.
    subgroup
        The subgroup.

    Returns
    -------
    pandas.Series
        Boolean by patient.
    """
    members = _all_match(clinical, subgroup.values)
    if subgroup.any_of:
        members &= pd.concat([_all_match(clinical, values) for values in subgroup.any_of], axis=1).any(axis=1)
    return members


def _classes(clinical: pd.DataFrame, rule: BinaryRule) -> pd.Series:
    values = _values(clinical, rule.column)
    if rule.positive is not None and rule.negative is not None:
        return _listed(values, rule.positive, rule.negative)
    number = pd.to_numeric(values, errors="coerce").astype("float64")
    positive = number >= rule.at_least if rule.at_least is not None else number > (rule.above or 0)
    return positive.astype("float64").where(number.notna())


def _listed(values: pd.Series, positive: Sequence[Word], negative: Sequence[Word]) -> pd.Series:
    yes = matches(values, positive)
    return yes.astype("float64").where(yes | matches(values, negative))


def _all_match(clinical: pd.DataFrame, conditions: Mapping[str, Sequence[Word]]) -> pd.Series:
    members = pd.Series(True, index=clinical.index)
    for column, words in conditions.items():
        members &= matches(_values(clinical, column), words)
    return members


def _values(clinical: pd.DataFrame, column: str) -> pd.Series:
    if column not in clinical:
        return pd.Series(pd.NA, index=clinical.index, dtype="string")
    return clinical[column]
