"""Select the rows with usable follow-up. Every analysis of this package starts here, so that all drop the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import Vector, check_columns


@dataclass(frozen=True)
class Observations:
    """Usable follow-up: time (>= 0), whether the event was observed, which rows were kept, number of dropped rows."""

    time: NDArray[np.float64]
    event: NDArray[np.bool_]
    kept: NDArray[np.bool_]
    n_dropped: int


def usable_observations(time: Vector, event: Vector, *others: Vector) -> Observations:
    """Keep rows with a time of at least zero, a known event and no missing value in `others` (groups, covariates).

    Parameters
    ----------
    time
        Follow-up in any unit.
    event
        1 or True if the event was observed, 0 or False if follow-up was censored.

    Raises
    ------
    ValueError
        If the inputs differ in length or in row names, or if an event is neither 0 nor 1.
    """
    _check_same_rows(time, event, *others)
    times = pd.to_numeric(pd.Series(np.asarray(time)), errors="raise").to_numpy(dtype=float, na_value=np.nan)
    events = pd.to_numeric(pd.Series(np.asarray(event)), errors="raise").to_numpy(dtype=float, na_value=np.nan)
    invalid = np.unique(events[~np.isnan(events) & ~np.isin(events, (0.0, 1.0))])
    if invalid.size:
        raise ValueError(f"Events must be 0 (censored) or 1 (observed), not {invalid[0]:g}: recode the event column.")
    kept = np.isfinite(times) & (times >= 0) & ~np.isnan(events)
    for other in others:
        kept &= ~pd.isna(pd.Series(np.asarray(other))).to_numpy()
    return Observations(times[kept], events[kept].astype(bool), kept, int((~kept).sum()))


def usable_rows(
    frame: pd.DataFrame, time: str, event: str, covariates: Sequence[str]
) -> tuple[Observations, NDArray[np.float64]]:
    """Return the usable follow-up of a frame, and the covariates of the kept rows as rows x covariates."""
    usable = usable_observations(frame[time], frame[event], *(frame[name] for name in covariates))
    return usable, frame.loc[usable.kept, list(covariates)].to_numpy(dtype=float)


def check_numeric_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise ValueError unless the frame has these columns and they are numeric."""
    check_columns(frame, names)
    text = [name for name in names if not pd.api.types.is_numeric_dtype(frame[name])]
    if text:
        raise ValueError(f"Cox regression needs numeric columns; {', '.join(text)} is not: code it as 0 and 1 first.")


def _check_same_rows(first: Vector, *others: Vector) -> None:
    for other in others:
        if len(other) != len(first):
            raise ValueError(f"Time, event and group differ in length ({len(first)} and {len(other)} rows).")
        if isinstance(first, pd.Series) and isinstance(other, pd.Series) and not first.index.equals(other.index):
            raise ValueError("Time, event and group do not name the same rows in the same order: align them first.")
