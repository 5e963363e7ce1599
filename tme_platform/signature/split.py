"""Split a cohort into discovery and validation patients.

The check that no patient is on both sides across cohorts belongs in ``steps``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DISCOVERY = "discovery"
VALIDATION = "validation"


def assign_split(
    patients: Iterable[str],
    strata: pd.Series | Sequence[object],
    *,
    fraction: float,
    seed: int,
    previous: pd.Series | None = None,
) -> pd.Series:
    """Assign each patient to discovery or validation.

    Parameters
    ----------
    patients
        Identifiers, in any order.
    strata
        Variable whose values should have equal shares on both sides (such as the phenotype): a Series by patient, or
        values in the order of `patients`. Missing values form a stratum of their own.
    fraction
        Share of patients assigned to validation.
    seed
        Seed of the random assignment.
    previous
        Earlier assignments by patient. They never change; new patients are assigned so that each stratum comes as
        close to `fraction` as possible. Patients no longer in `patients` are ignored.

    Returns
    -------
    pandas.Series
        "discovery" or "validation" by patient, sorted by patient, named ``split``. The order of the input does not
        matter.

    Raises
    ------
    ValueError
        If a patient occurs twice, the fraction is outside 0 to 1, or an earlier assignment has an unknown value.
    """
    ids = pd.Index(list(patients), name="patient_id")
    if ids.has_duplicates:
        raise ValueError(f"patient {ids[ids.duplicated()][0]} occurs twice: pass each patient once")
    if not 0 <= fraction <= 1:
        raise ValueError(f"the split fraction is {fraction}; it must lie between 0 and 1")
    values = strata.reindex(ids).to_numpy() if isinstance(strata, pd.Series) else np.asarray(strata, dtype=object)
    stratum = pd.Series(["" if pd.isna(value) else str(value) for value in values], index=ids).sort_index()
    split = _kept(stratum.index, previous)
    targets = _targets(stratum.value_counts().sort_index(), fraction)
    draw = pd.Series([_draw(patient, seed) for patient in stratum.index], index=stratum.index)
    for name, target in targets.items():
        members = split[stratum == name]
        wanted = int(target) - int((members == VALIDATION).sum())
        new = draw[members.index[members.isna()]].sort_values().index
        split[new[: max(wanted, 0)]] = VALIDATION
    return split.fillna(DISCOVERY).rename("split")


def _kept(patients: pd.Index, previous: pd.Series | None) -> pd.Series:
    if previous is None:
        return pd.Series(pd.NA, index=patients, dtype="object")
    unknown = set(previous.dropna().unique()) - {DISCOVERY, VALIDATION}
    if unknown:
        raise ValueError(
            f"the earlier split has sides {sorted(map(str, unknown))}: only discovery and validation are allowed"
        )
    if previous.index.has_duplicates:
        raise ValueError(f"patient {previous.index[previous.index.duplicated()][0]} occurs twice in the earlier split")
    return previous.astype("object").reindex(patients)


def _targets(counts: pd.Series, fraction: float) -> pd.Series:
    """Whole numbers per stratum that add up to the rounded total (largest remainder)."""
    exact = counts * fraction
    targets: pd.Series = np.floor(exact + 1e-9).astype(int)
    missing = int(np.floor(counts.sum() * fraction + 0.5)) - int(targets.sum())
    largest: pd.Index = (exact - targets).sort_values(ascending=False, kind="stable").index[: max(missing, 0)]
    targets[largest] += 1
    return targets


def _draw(patient: str, seed: int) -> str:
    # a hash rather than a random generator, so that a patient's draw does not depend on the other patients
    return hashlib.sha256(f"{seed}:{patient}".encode()).hexdigest()
