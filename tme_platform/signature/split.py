"""Who discovers and who validates. That nobody stands on both sides of two cohorts is a check elsewhere."""

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
    """Put each patient on the discovery or the validation side.

    Parameters
    ----------
    patients
        Identifiers, in any order.
    strata
        What both sides shall hold in equal shares (the phenotype, say): a Series by patient, or values in the order
        of `patients`. Missing counts as a stratum of its own.
    fraction
        Share of patients that validates.
    seed
        Another seed draws another split.
    previous
        Earlier assignments by patient. They are kept whatever happens; the patients that are new are assigned so that
        each stratum comes as near to `fraction` as it can. Patients no longer in `patients` have no influence.

    Returns
    -------
    pandas.Series
        "discovery" or "validation" by patient, sorted by patient, named ``split``. The order of the input plays no
        role.

    Raises
    ------
    ValueError
        If a patient is named twice, the fraction is outside 0 to 1, or an earlier assignment has another name.
    """
    ids = pd.Index(list(patients), name="patient_id")
    if ids.has_duplicates:
        raise ValueError(f"patient {ids[ids.duplicated()][0]} is named twice: give each patient once to be split")
    if not 0 <= fraction <= 1:
        raise ValueError(f"the split's fraction {fraction} must lie between 0 and 1")
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
    strange = set(previous.dropna().unique()) - {DISCOVERY, VALIDATION}
    if strange:
        raise ValueError(
            f"an earlier split has sides {sorted(map(str, strange))}: only discovery and validation are known"
        )
    if previous.index.has_duplicates:
        raise ValueError(f"patient {previous.index[previous.index.duplicated()][0]} is twice in the earlier split")
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
    # a hash instead of a random generator: a patient's draw depends on nobody else
    return hashlib.sha256(f"{seed}:{patient}".encode()).hexdigest()
