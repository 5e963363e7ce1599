"""How two labellings of the same patients differ. Matching clusters between models is in `fitting`."""

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
        Adjusted Rand index over the common patients (1: the same partition, about 0: chance); NaN without any.
    n_common
        Patients labelled in both.
    share_moved
        Share of the common patients with another label; NaN without any.
    moved
        These patients: ``previous`` and ``current`` label by patient.
    """

    ari: float
    n_common: int
    share_moved: float
    moved: pd.DataFrame


def compare_labels(previous: pd.Series[str], current: pd.Series[str]) -> LabelChange:
    """Compare labels by patient; patients missing from either, or unlabelled in it, are left out.

    The adjusted Rand index is that of Hubert & Arabie 1985. It asks only whether patients stay together; `moved`
    asks whether they keep their label.

    Raises
    ------
    ValueError
        If a patient occurs twice in one of the labellings.
    """
    for name, labels in (("previous", previous), ("current", current)):
        if not labels.index.is_unique:
            raise ValueError(f"The {name} labels name patient {labels.index[labels.index.duplicated()][0]} twice.")
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
    """Compute the adjusted Rand index (Hubert & Arabie 1985, eq. 5) of labels in the same order; NaN without any."""
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
