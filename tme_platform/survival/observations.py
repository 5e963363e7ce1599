"""Which follow-up times can be used. Every analysis of this package starts here, so that all drop the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Vector = Sequence[Any] | NDArray[Any] | pd.Series


@dataclass(frozen=True)
class Observations:
    """Usable follow-up: time (>= 0), event (1 seen, 0 censored), which rows were kept, how many were not."""

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    n_dropped: int


def usable_observations(time: Vector, event: Vector, *others: Vector) -> Observations:
    """Keep rows with a time of at least zero, a known event and nothing missing in `others` (groups, covariates).

    Parameters
    ----------
    time
        Follow-up, any unit.
    event
        1 or True where the event was seen, 0 or False where follow-up was censored.

    Raises
    ------
    ValueError
        If the inputs differ in length or in row names, or if an event is neither 0 nor 1.
    """
    _same_rows(time, event, *others)
    times = pd.to_numeric(pd.Series(np.asarray(time)), errors="raise").to_numpy(dtype=float, na_value=np.nan)
    events = pd.to_numeric(pd.Series(np.asarray(event)), errors="raise").to_numpy(dtype=float, na_value=np.nan)
    strange = np.unique(events[~np.isnan(events) & ~np.isin(events, (0.0, 1.0))])
    if strange.size:
        raise ValueError(f"Events must be 0 (censored) or 1 (seen), not {strange[0]:g}: recode the event column.")
    kept = np.isfinite(times) & (times >= 0) & ~np.isnan(events)
    for other in others:
        kept &= ~pd.isna(pd.Series(np.asarray(other))).to_numpy()
    return Observations(times[kept], events[kept].astype(bool), kept, int((~kept).sum()))


def _same_rows(first: Vector, *others: Vector) -> None:
    for other in others:
        if len(other) != len(first):
            raise ValueError(f"Time, event and group differ in length ({len(first)} and {len(other)} rows).")
        if isinstance(first, pd.Series) and isinstance(other, pd.Series) and not first.index.equals(other.index):
            raise ValueError("Time, event and group do not name the same rows in the same order: align them first.")
