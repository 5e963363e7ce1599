"""Ratios as they are stored: finite, or with a reason. Computing them belongs in `evaluation` and `survival`."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

_TOO_WIDE = 1000
"""Upper over lower limit of a ratio of which nothing is known."""


def without_infinite(table: pd.DataFrame, ratios: Sequence[str]) -> pd.DataFrame:
    """Set infinite ratios and limits (an empty cell of a table, one side without an event) missing."""
    return table.assign(**table[list(ratios)].astype("float64").replace([np.inf, -np.inf], np.nan))


def with_wide_intervals_named(table: pd.DataFrame) -> pd.DataFrame:
    """Give a ratio whose interval (`ci_low`, `ci_high`) says nothing a `reason`, unless it has one already.

    An empty reason becomes missing.
    """
    reason = table["reason"].astype("object").replace("", None)
    wide = table["ci_high"] > _TOO_WIDE * table["ci_low"]
    text = f"nothing is known: the interval spans more than {_TOO_WIDE}-fold"
    return table.assign(reason=reason.mask(wide.fillna(False) & reason.isna(), text))
