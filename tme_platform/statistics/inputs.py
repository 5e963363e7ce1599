"""Check inputs and convert them to arrays: outcomes with scores, and the columns of a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

CONSTANT = "all values are the same"
TOO_EXTREME = "the values are too large or too close together to be compared"
_LARGEST = 1e100

Vector = Sequence[Any] | NDArray[Any] | pd.Series
"""One value per row."""


def check_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise ValueError, naming the missing columns, unless the frame has all of these."""
    missing = [name for name in names if name not in frame]
    if missing:
        raise ValueError(f"The frame lacks the columns {', '.join(missing)}.")


def outcome_and_scores(y: ArrayLike, *scores: ArrayLike) -> tuple[NDArray[np.bool_], list[NDArray[np.float64]]]:
    """Return the outcome as booleans and the scores as floats, without rows in which any of them is missing.

    Raises
    ------
    ValueError
        If the lengths differ, the outcome holds values other than 0, 1 and missing, or a score is infinite.
    """
    outcome = _floats(y, "the outcome y")
    columns = [_floats(score, "the score") for score in scores]
    for column in columns:
        if column.shape != outcome.shape:
            raise ValueError(
                f"outcome and score differ in length ({outcome.size} and {column.size}): pass one of each per patient"
            )
        if np.isinf(column).any():
            raise ValueError("the score holds infinite values: scores must be finite or missing")
    invalid = ~(np.isnan(outcome) | (outcome == 0) | (outcome == 1))
    if invalid.any():
        raise ValueError(
            f"the outcome y holds {outcome[invalid][0]:g}: code it 1 (has the condition), 0 (does not) or missing"
        )
    complete = ~np.isnan(np.column_stack([outcome, *columns])).any(axis=1)
    return outcome[complete] == 1, [column[complete] for column in columns]


def single_class_reason(y: NDArray[np.bool_]) -> str:
    """Return why `y` does not contain both outcomes; empty if it does."""
    if y.size == 0:
        return "no patient has both an outcome and a score"
    if y.all() or not y.any():
        return f"all {y.size} patients have the same outcome"
    return ""


def unscalable_reason(values: NDArray[np.float64]) -> str:
    """Return why numbers (n, or n x p with each column alone) have no usable spread; empty if they have.

    Squares of numbers beyond 1e100, or of differences below 1e-100, leave the range of floating-point numbers. Numbers
    that differ by rounding only count as equal.
    """
    if values.size == 0:
        return ""
    spread, largest = np.ptp(values, axis=0), np.abs(values).max(axis=0)
    if (spread <= 1e-12 * largest).any():
        return CONSTANT
    return TOO_EXTREME if largest.max() > _LARGEST or spread.min() < 1 / _LARGEST else ""


def _floats(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Convert values to a one-dimensional array of floats, NaN where missing."""
    series = pd.Series(np.ravel(np.asarray(values, dtype=object)))
    try:
        converted: Any = series.astype("object").where(series.notna(), np.nan).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} holds a value that is not a number ({error}): pass numbers or missing") from error
    return np.asarray(converted, dtype=np.float64)
