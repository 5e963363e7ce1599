"""Compare two nested Cox models by the likelihood ratio. Hazard ratios of single covariates belong in `cox`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tme_platform.survival.cox import unfittable_reason
from tme_platform.survival.monotone import fit_or_reason
from tme_platform.survival.partial_likelihood import maximise, risk_sets


@dataclass(frozen=True)
class NestedCox:
    """The larger of two nested Cox models, and twice the gain in log partial likelihood.

    Attributes
    ----------
    coefficients, standard_errors
        Of the columns of the larger model, per unit.
    statistic
        Likelihood-ratio statistic, to be compared with chi-squared of as many degrees of freedom as columns were added.
    reason
        Why the models could not be fitted; the numbers are then NaN. Empty otherwise.
    """

    coefficients: NDArray[np.float64]
    standard_errors: NDArray[np.float64]
    statistic: float
    reason: str = ""


def compare_nested_cox(
    time: NDArray[np.float64], event: NDArray[np.bool_], covariates: NDArray[np.float64], added: NDArray[np.float64]
) -> NestedCox:
    """Fit a Cox model with and without the columns `added` (Efron's method for ties).

    Parameters
    ----------
    time, event
        Follow-up of at least 0 and whether the event was observed, of n patients; no missing values.
    covariates, added
        n x p and n x q columns.
    """
    values = np.column_stack([covariates, added])
    nan = np.full(values.shape[1], np.nan)
    if reason := unfittable_reason(event, values):
        return NestedCox(nan, nan, float("nan"), reason)
    deviation = values.std(axis=0, ddof=1)
    sets = risk_sets(time, event)
    centred = ((values - values.mean(axis=0)) / deviation)[sets.order]
    (full, no_fit), reduced = fit_or_reason(centred, sets), maximise(centred[:, : covariates.shape[1]], sets)
    if no_fit:
        return NestedCox(nan, nan, float("nan"), "no finite estimate: in one group all, or none, had the event")
    errors = np.sqrt(np.diag(np.linalg.inv(full.information)))
    statistic = 2 * max(full.log_likelihood - reduced.log_likelihood, 0.0)
    return NestedCox(full.coefficients / deviation, errors / deviation, statistic)
