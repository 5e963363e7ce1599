"""The rule by which each index chooses a number of clusters. The values come from the index files."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

_MAXIMUM = ("KL", "CH", "CCC", "Silhouette", "Ratkowsky", "PtBiserial", "Dunn")
_MINIMUM = ("DB", "Cindex", "McClain", "SDindex", "SDbw")
_LARGEST_STEP = ("Hartigan", "Scott", "TrCovW", "Friedman", "Ball")
_LARGEST_BEND = ("Marriot", "TraceW")
_SMALLEST_BEND = ("Rubin",)
_BEALE_ALPHA = 0.1


class Choice(NamedTuple):
    """The number of clusters an index chooses, missing if none, and the value it was chosen by."""

    k: int | None
    value: float


def choose(name: str, indices: pd.DataFrame, critical_values: pd.DataFrame) -> Choice:
    """Apply NbClust's rule for the index `name`; frames are by k. Undefined values are passed over.

    Hubert and Dindex are read off a plot in NbClust, and choose none.
    """
    values = indices[name]
    if name in _MAXIMUM:
        return _extreme(values)
    if name in _MINIMUM:
        return _extreme(-values, sign=-1)
    if name in _LARGEST_STEP:
        return _extreme(values.diff().abs())
    if name in _LARGEST_BEND:
        return _extreme(_bend(values))
    if name in _SMALLEST_BEND:
        return _extreme(-_bend(values), sign=-1)
    if name == "Duda":
        return _first(values, values >= critical_values["CritValue_Duda"])
    if name == "Pseudot2":
        return _first(values, values <= critical_values["CritValue_PseudoT2"])
    if name == "Beale":
        return _first(values, critical_values["Fvalue_Beale"] >= _BEALE_ALPHA)
    if name == "Frey":
        return _level_before(values)
    return Choice(None, np.nan)


def _extreme(values: pd.Series[float], sign: int = 1) -> Choice:
    if values.isna().all():
        return Choice(None, np.nan)
    return Choice(int(values.idxmax()), float(sign * values.max()))


def _bend(values: pd.Series[float]) -> pd.Series[float]:
    """(V(k + 1) - V(k)) - (V(k) - V(k - 1)); missing at both ends."""
    return values.shift(-1) - 2 * values + values.shift(1)


def _first(values: pd.Series[float], holds: pd.Series[bool]) -> Choice:
    found = values.index[holds]
    return Choice(int(found[0]), float(values[found[0]])) if len(found) else Choice(None, np.nan)


def _level_before(values: pd.Series[float]) -> Choice:
    """Choose the level before the ratio first falls below 1; below the first level that is one fewer, without value."""
    found = values.index[values < 1]
    if not len(found):
        return Choice(None, np.nan)
    k = int(found[0]) - 1
    return Choice(k, float(values.get(k, np.nan)))
