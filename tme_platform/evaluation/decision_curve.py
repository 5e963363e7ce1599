"""Compute decision curves: the net benefit of acting on a score rather than treating all patients or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.statistics import outcome_and_scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def decision_curve(
    y: ArrayLike, probability: ArrayLike, *, thresholds: Sequence[float] | None = None, prevalence: float | None = None
) -> pd.DataFrame:
    """Compute net benefit over threshold probabilities.

    Parameters
    ----------
    y, probability
        Outcome (1, 0, missing) and predicted probability per patient.
    thresholds
        Threshold probabilities, strictly between 0 and 1; 0.01 to 0.99 in steps of 0.01 if None.
    prevalence
        Prevalence where the score will be used; that of the data if None.

    Returns
    -------
    pandas.DataFrame
        One row per threshold: threshold, net_benefit, treat_all, treat_none (0), n, n_positive. The unit is true
        positives per patient.

    Raises
    ------
    ValueError
        If a threshold is not strictly between 0 and 1.

    References
    ----------
    Vickers & Elkin 2006, Med Decis Making 26:565.
    """
    at = np.arange(1, 100) / 100 if thresholds is None else np.asarray(thresholds, dtype=np.float64)
    if ((at <= 0) | (at >= 1)).any():
        raise ValueError("decision thresholds must be strictly between 0 and 1")
    positive, (p,) = outcome_and_scores(y, probability)
    n_positive, n = int(positive.sum()), positive.size
    with np.errstate(invalid="ignore", divide="ignore"):
        share = n_positive / np.float64(n) if prevalence is None else np.float64(prevalence)
        true_rate = 1 - np.searchsorted(np.sort(p[positive]), at, side="left") / np.float64(n_positive)
        false_rate = 1 - np.searchsorted(np.sort(p[~positive]), at, side="left") / np.float64(n - n_positive)
    # an outcome without patients contributes nothing
    gain = np.nan_to_num(true_rate) * share
    harm = np.nan_to_num(false_rate) * (1 - share)
    odds = at / (1 - at)
    return pd.DataFrame(
        {
            "threshold": at,
            "net_benefit": gain - harm * odds,
            "treat_all": share - (1 - share) * odds,
            "treat_none": 0.0,
            "n": n,
            "n_positive": n_positive,
        }
    )
