"""Compare two labellings of the same patients. Matching clusters between models belongs in `fitting`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class LabelChange:
    """Agreement of two labellings.

    Attributes
    ----------
    ari
        Adjusted Rand index over the common patients (1: same partition, about 0: chance); NaN without common patients.
    n_common
        Number of patients labelled in both.
    share_moved
        Share of the common patients whose label differs; NaN without common patients.
    moved
        ``previous`` and ``current`` label of these patients.
    """

    ari: float
    n_common: int
    share_moved: float
    moved: pd.DataFrame


def compare_labels(previous: pd.Series[str], current: pd.Series[str]) -> LabelChange:
    """Compare labels by patient. Patients missing or unlabelled in either labelling are left out.

    The adjusted Rand index (Hubert & Arabie 1985) only depends on which patients stay together; `moved` depends on the
    labels.

    Raises
    ------
    ValueError
        If a patient has more than one label in a labelling.
    """
    for name, labels in (("previous", previous), ("current", current)):
        if not labels.index.is_unique:
            patient = labels.index[labels.index.duplicated()][0]
            raise ValueError(f"The {name} labels contain patient {patient} more than once.")
    both = pd.concat({"previous": previous.dropna(), "current": current.dropna()}, axis=1, join="inner")
    moved = both[both["previous"] != both["current"]]
    n = len(both)
    return LabelChange(
        ari=adjusted_rand_index(both["previous"], both["current"]),
        n_common=n,
        share_moved=len(moved) / n if n else np.nan,
        moved=moved,
    )


def adjusted_rand_index(first: pd.Series[str], second: pd.Series[str]) -> float:
    """Compute the adjusted Rand index (Hubert & Arabie 1985, eq. 5) of aligned labels; NaN without labels."""
    table = pd.crosstab(first.to_numpy(), second.to_numpy()).to_numpy(dtype=float)
    n = table.sum()
    if n == 0:
        return np.nan
    together = _pairs(table).sum()
    rows, columns = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    expected = rows * columns / max(float(_pairs(n)), 1.0)
    best = (rows + columns) / 2
    return 1.0 if best == expected else float((together - expected) / (best - expected))


def _pairs(count: np.ndarray | np.float64) -> np.ndarray:
    return np.asarray(count * (count - 1) / 2)
