"""Cox regression, one covariate at a time or together. Testing proportional hazards belongs in `proportional`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import CONSTANT, benjamini_hochberg, unscalable_reason
from tme_platform.survival.monotone import fit_or_reason
from tme_platform.survival.observations import check_numeric_columns, usable_rows
from tme_platform.survival.partial_likelihood import risk_sets

_RESULT = ["coefficient", "se", "hr", "ci_low", "ci_high", "p"]


def cox_univariate(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    standardise: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
    """Fit each covariate alone, with Efron's method for ties, as R's ``coxph(Surv(time, event) ~ x)``.

    Parameters
    ----------
    frame
        One row per patient.
    time, event, covariates
        Column names: follow-up in any unit, event (1 observed, 0 censored), numeric covariates.
    standardise
        Report the hazard ratio per standard deviation (n - 1, of the rows used) rather than per unit.
    level
        Confidence level of the interval.

    Returns
    -------
    pandas.DataFrame
        One row per covariate: ``n``, ``events``, ``n_dropped`` (missing or negative time, missing event or covariate),
        ``coefficient``, ``se``, ``hr``, ``ci_low``, ``ci_high``, ``p`` (Wald), ``fdr`` (Benjamini-Hochberg over the
        covariates that could be fitted) and ``reason``, which says why a covariate could not be fitted.

    Raises
    ------
    ValueError
        If a column is missing from the frame, a covariate is not numeric, or an event is neither 0 nor 1.
    """
    check_numeric_columns(frame, [time, event, *covariates])
    fits = [_fit(frame, time, event, [name], standardise, level) for name in covariates]
    result = pd.concat(fits, ignore_index=True) if fits else _fit(frame, time, event, [], standardise, level)
    result["fdr"] = benjamini_hochberg(result["p"].to_numpy(dtype=float))
    return result[["covariate", "n", "events", "n_dropped", *_RESULT, "fdr", "reason"]]


def cox_multivariable(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    standardise: bool = False,
    level: float = 0.95,
) -> pd.DataFrame:
    """Fit the covariates together, on patients without missing values; columns as `cox_univariate`, without ``fdr``."""
    check_numeric_columns(frame, [time, event, *covariates])
    return _fit(frame, time, event, list(covariates), standardise, level)


def unfittable_reason(event: NDArray[np.bool_], values: NDArray[np.float64]) -> str:
    """Return why no model can be fitted to these rows; empty if one can."""
    if len(values) == 0:
        return "no usable row"
    if not event.any():
        return "no event"
    if unscalable := unscalable_reason(values):
        return "the covariate is constant" if unscalable == CONSTANT else unscalable
    centred = values - values.mean(axis=0)
    if values.shape[1] > 1 and np.linalg.matrix_rank(centred / centred.std(axis=0)) < values.shape[1]:
        return "covariates are linear combinations of each other"
    return ""


def _fit(
    frame: pd.DataFrame, time: str, event: str, covariates: list[str], standardise: bool, level: float
) -> pd.DataFrame:
    from scipy.stats import norm

    usable, values = usable_rows(frame, time, event, covariates)
    result = pd.DataFrame({"covariate": covariates})
    result["n"], result["events"], result["n_dropped"] = len(values), int(usable.event.sum()), usable.n_dropped
    result[_RESULT] = np.nan
    result["reason"] = reason = unfittable_reason(usable.event, values)
    if reason or not covariates:
        return result
    deviation = values.std(axis=0, ddof=1)
    sets = risk_sets(usable.time, usable.event)
    centred = (values - values.mean(axis=0)) / deviation
    best, reason = fit_or_reason(centred[sets.order], sets)
    if reason:
        return result.assign(reason=reason)
    unit = np.ones_like(deviation) if standardise else deviation
    coefficient = best.coefficients / unit
    se = np.sqrt(np.diag(np.linalg.inv(best.information))) / unit
    half_width = norm.ppf((1 + level) / 2) * se
    result["coefficient"], result["se"] = coefficient, se
    with np.errstate(over="ignore"):
        result["hr"] = np.exp(coefficient)
        result["ci_low"], result["ci_high"] = np.exp(coefficient - half_width), np.exp(coefficient + half_width)
    result["p"] = 2 * norm.sf(np.abs(coefficient / se))
    return result
