"""Which endpoints a cohort has values for, and how many patients are in each class. Rules are in `evaluation`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tme_platform.cohorts.clinical import ClinicalTables
from tme_platform.evaluation import (
    Endpoint,
    Subgroup,
    TimeEndpoint,
    endpoint_outcome,
    endpoint_times,
    endpoint_title,
)
from tme_platform.tables.clinical import CLINICAL_COLUMNS, SURVIVAL_PAIRS


@dataclass(frozen=True)
class KnownEndpoint:
    """An endpoint with the patients that have a value.

    Attributes
    ----------
    n, n_positive
        Patients with a value, and those with the event or in the positive class.
    timed
        Whether it is a time to an event.
    """

    name: str
    title: str
    n: int
    n_positive: int
    timed: bool


def known_endpoints(
    clinical: ClinicalTables, endpoints: dict[str, Endpoint], borrowed: pd.DataFrame | None = None
) -> list[KnownEndpoint]:
    """Count the patients of each endpoint, as the table `endpoints` does; those without values have 0.

    Parameters
    ----------
    clinical
        The cohort's clinical tables.
    endpoints
        Endpoints by name.
    borrowed
        Patients of the cohort that the phenotypes come from by patient; missing values are taken from there.
    """
    own = clinical.patients.set_index("patient_id")
    patients = own if borrowed is None else with_borrowed(own, borrowed.set_index("patient_id"))
    columns = endpoint_columns(patients.reset_index(), clinical.other, endpoints.values())
    found = []
    for name, endpoint in endpoints.items():
        timed = isinstance(endpoint, TimeEndpoint)
        outcome = (
            endpoint_times(columns, endpoint)["event"]
            if isinstance(endpoint, TimeEndpoint)
            else endpoint_outcome(columns, endpoint)
        )
        known = outcome.dropna()
        found.append(KnownEndpoint(name, endpoint_title(name, endpoint), len(known), int(known.sum()), timed))
    return found


def endpoint_columns(
    patients: pd.DataFrame, other: pd.DataFrame, declared: Collection[Endpoint | Subgroup]
) -> pd.DataFrame:
    """The columns that endpoints or subgroups are made of, by patient; the cohort's own ones as text.

    Parameters
    ----------
    patients
        ``patient_id`` and canonical columns.
    other
        ``patient_id``, ``column`` and ``value`` of columns without mapping. A patient with several different values of
        one has none.
    declared
        Endpoints or subgroups.
    """
    named = {column for entry in declared for column in entry.columns}
    canonical = [name for name in CLINICAL_COLUMNS if name in named and name in patients]
    clinical = patients.set_index("patient_id")[canonical]
    rows = other.loc[other["column"].isin(sorted(named - set(CLINICAL_COLUMNS))), ["patient_id", "column", "value"]]
    return with_own_columns(clinical, rows)


def with_own_columns(clinical: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Add columns without mapping, given as ``patient_id``, ``column`` and ``value``, to columns by patient."""
    if other.empty:
        return clinical
    single = other.drop_duplicates().drop_duplicates(["patient_id", "column"], keep=False)  # which of two is right?
    return clinical.join(single.pivot(index="patient_id", columns="column", values="value"))


def with_borrowed(own: pd.DataFrame, there: pd.DataFrame) -> pd.DataFrame:
    """Take missing clinical values of the same patients from another cohort, time and event of survival together.

    Parameters
    ----------
    own, there
        Canonical columns by patient; `there` may have other patients as well.
    """
    theirs = there.reindex(own.index)[list(own.columns)]
    known = own.notna()
    for pair in map(list, SURVIVAL_PAIRS.values()):  # time and event of one patient come from one cohort
        if set(pair) <= set(own.columns):
            known[pair] = np.repeat(known[pair].all(axis=1).to_numpy()[:, None], 2, axis=1)
    return own.astype("object").where(known, theirs).astype(own.dtypes.to_dict())
