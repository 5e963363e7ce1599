"""Compute the points of a ROC curve. The AUC belongs in `evaluation`, the Youden threshold in `youden`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics.inputs import outcome_and_scores, single_class_reason

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def roc_curve_points(y: ArrayLike, score: ArrayLike) -> pd.DataFrame:
    """Compute every operating point of a score.

    Parameters
    ----------
    y, score
        Outcome (1, 0, missing) and score per patient; at threshold t, a patient is called positive if score >= t.

    Returns
    -------
    pandas.DataFrame
        Columns threshold, sensitivity, specificity. Thresholds ascend from -inf to inf through the midpoints between
        neighbouring scores, as in ``pROC::roc(..., direction = "<")``. No rows if there is only one outcome.
    """
    positive, (scores,) = outcome_and_scores(y, score)
    columns = ["threshold", "sensitivity", "specificity"]
    if single_class_reason(positive):
        return pd.DataFrame(columns=columns, dtype=np.float64)
    values = np.unique(scores)
    below_cases = np.searchsorted(np.sort(scores[positive]), values, side="right")
    below_controls = np.searchsorted(np.sort(scores[~positive]), values, side="right")
    n_cases, n_controls = int(positive.sum()), int((~positive).sum())
    sensitivity = (n_cases - np.r_[0, below_cases]) / n_cases
    specificity = np.r_[0, below_controls] / n_controls
    return pd.DataFrame(np.column_stack([_midpoints(values), sensitivity, specificity]), columns=columns)


def _midpoints(values: NDArray[np.float64]) -> NDArray[np.float64]:
    lower, upper = values[:-1], values[1:]
    middle = (lower + upper) / 2
    # adjacent floats have no float between them, and the threshold must not equal the lower score
    return np.concatenate([[-np.inf], np.where(middle <= lower, upper, middle), [np.inf]])
