"""Outcome and scores as clean arrays. Private to the package; what a metric does with them does not belong here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def outcome_and_scores(y: ArrayLike, *scores: ArrayLike) -> tuple[NDArray[np.bool_], list[NDArray[np.float64]]]:
    """Give the outcome as booleans and the scores as floats, without the rows in which any of them is missing.

    Raises
    ------
    ValueError
        If lengths differ, the outcome holds anything but 0, 1 and missing, or a score is infinite.
    """
    outcome = numbers(y, "the outcome y")
    columns = [numbers(score, "the score") for score in scores]
    for column in columns:
        if column.shape != outcome.shape:
            raise ValueError(
                f"outcome and score differ in length ({outcome.size} and {column.size}): give one of each per patient"
            )
        if np.isinf(column).any():
            raise ValueError("the score holds infinite values: a rad-score is a finite number, or missing")
    strange = ~(np.isnan(outcome) | (outcome == 0) | (outcome == 1))
    if strange.any():
        raise ValueError(
            f"the outcome y holds {outcome[strange][0]:g}: code it 1 (has the condition), 0 (has it not) or missing"
        )
    complete = ~np.isnan(np.column_stack([outcome, *columns])).any(axis=1)
    return outcome[complete] == 1, [column[complete] for column in columns]


def numbers(values: ArrayLike, what: str) -> NDArray[np.float64]:
    """Give one-dimensional values as floats with NaN where missing."""
    series = pd.Series(np.ravel(np.asarray(values, dtype=object)))
    try:
        converted: Any = series.astype("object").where(series.notna(), np.nan).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} holds something that is not a number ({error}): give numbers or missing") from error
    return np.asarray(converted, dtype=np.float64)


def one_class(y: NDArray[np.bool_]) -> str:
    """Say why nothing can be told apart in `y`; empty where both outcomes are present."""
    if y.size == 0:
        return "no patient has both an outcome and a score"
    if y.all() or not y.any():
        return f"all {y.size} patients have the same outcome"
    return ""
