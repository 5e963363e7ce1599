"""Apply the rule by which each index chooses a number of clusters. Index values come from the index modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

BEALE_ALPHA = 0.1

CRITICAL_VALUE_OF = {"Duda": "CritValue_Duda", "Pseudot2": "CritValue_PseudoT2", "Beale": "Fvalue_Beale"}
"""Critical value of each index that has one, under NbClust's names."""


class Choice(NamedTuple):
    """The number of clusters an index chooses, None if it chooses none, and the value the choice is based on."""

    k: int | None
    value: float


class Rule(NamedTuple):
    """A rule in words and as a function of an index's values and critical values by k."""

    text: str
    pick: Callable[[pd.Series[float], pd.Series[float]], Choice]


def _extreme(values: pd.Series[float], sign: int = 1) -> Choice:
    if values.isna().all():
        return Choice(None, np.nan)
    return Choice(int(values.idxmax()), float(sign * values.max()))


def _step(values: pd.Series[float]) -> pd.Series[float]:
    """|V(k) - V(k - 1)|; missing at the first k."""
    return values.diff().abs()


def _bend(values: pd.Series[float]) -> pd.Series[float]:
    """(V(k + 1) - V(k)) - (V(k) - V(k - 1)); missing at both ends."""
    return values.shift(-1) - 2 * values + values.shift(1)


def _first(values: pd.Series[float], holds: pd.Series[bool]) -> Choice:
    found = values.index[holds]
    return Choice(int(found[0]), float(values[found[0]])) if len(found) else Choice(None, np.nan)


def _level_before(values: pd.Series[float]) -> Choice:
    """Choose the k before the value first falls below 1. Before the first k, that is one fewer without a value."""
    found = values.index[values < 1]
    if not len(found):
        return Choice(None, np.nan)
    k = int(found[0]) - 1
    return Choice(k, float(values.get(k, np.nan)))


_MAXIMUM = Rule("largest value", lambda values, _: _extreme(values))
_MINIMUM = Rule("smallest value", lambda values, _: _extreme(-values, sign=-1))
_LARGEST_STEP = Rule("largest absolute change from k - 1", lambda values, _: _extreme(_step(values)))
_LARGEST_BEND = Rule("largest second difference", lambda values, _: _extreme(_bend(values)))
_SMALLEST_BEND = Rule("smallest second difference", lambda values, _: _extreme(-_bend(values), sign=-1))
_AT_LEAST = Rule("smallest k at or above the critical value", lambda values, limit: _first(values, values >= limit))
_AT_MOST = Rule("smallest k at or below the critical value", lambda values, limit: _first(values, values <= limit))
_NOT_SIGNIFICANT = Rule("smallest k with p of at least 0.1", lambda values, p: _first(values, p >= BEALE_ALPHA))
_BEFORE_ONE = Rule("the k before the value first falls below 1", lambda values, _: _level_before(values))
_GRAPHICAL = Rule("none: a knee is read off the plot", lambda _values, _limit: Choice(None, np.nan))

RULES: dict[str, Rule] = {
    "KL": _MAXIMUM,
    "CH": _MAXIMUM,
    "Hartigan": _LARGEST_STEP,
    "CCC": _MAXIMUM,
    "Scott": _LARGEST_STEP,
    "Marriot": _LARGEST_BEND,
    "TrCovW": _LARGEST_STEP,
    "TraceW": _LARGEST_BEND,
    "Friedman": _LARGEST_STEP,
    "Rubin": _SMALLEST_BEND,
    "Cindex": _MINIMUM,
    "DB": _MINIMUM,
    "Silhouette": _MAXIMUM,
    "Duda": _AT_LEAST,
    "Pseudot2": _AT_MOST,
    "Beale": _NOT_SIGNIFICANT,
    "Ratkowsky": _MAXIMUM,
    "Ball": _LARGEST_STEP,
    "PtBiserial": _MAXIMUM,
    "Frey": _BEFORE_ONE,
    "McClain": _MINIMUM,
    "Dunn": _MAXIMUM,
    "Hubert": _GRAPHICAL,
    "SDindex": _MINIMUM,
    "Dindex": _GRAPHICAL,
    "SDbw": _MINIMUM,
}


def critical_value(name: str, critical_values: pd.DataFrame) -> pd.Series[float]:
    """Return the critical values of an index by k; NaN if it has none."""
    if name in CRITICAL_VALUE_OF:
        return critical_values[CRITICAL_VALUE_OF[name]]
    return pd.Series(np.nan, index=critical_values.index)


def choose(name: str, indices: pd.DataFrame, critical_values: pd.DataFrame) -> Choice:
    """Apply NbClust's rule for the index `name` to frames by k. Undefined values are ignored."""
    return RULES[name].pick(indices[name], critical_value(name, critical_values))
