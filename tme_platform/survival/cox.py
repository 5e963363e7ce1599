"""Cox regression, one covariate at a time or together. Whether hazards are proportional is asked in `proportional`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import benjamini_hochberg
from tme_platform.survival.observations import usable_observations
from tme_platform.survival.partial_likelihood import maximise, risk_sets

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
    """Fit each covariate alone, Efron's method for ties: R's ``coxph(Surv(time, event) ~ x)``.

    Parameters
    ----------
    frame
        One row per patient.
    time, event, covariates
        Column names: follow-up in any unit, event (1 seen, 0 censored), numeric covariates.
    standardise
        Hazard ratio per standard deviation (n - 1, of the rows used) rather than per unit.
    level
        Of the confidence interval.

    Returns
    -------
    pandas.DataFrame
        By covariate: ``n``, ``events``, ``n_dropped`` (missing or negative time, missing event or covariate),
        ``coefficient``, ``se``, ``hr``, ``ci_low``, ``ci_high``, ``p`` (Wald), ``fdr`` (Benjamini-Hochberg over the
        covariates that could be fitted) and ``reason``, which is empty unless the covariate could not be fitted.

    Raises
    ------
    ValueError
        If a column is missing from the frame, a covariate is not numeric, or an event is neither 0 nor 1.
    """
    check_columns(frame, [time, event, *covariates])
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
    """Fit the covariates together on the patients who have them all; columns as `cox_univariate`, without ``fdr``."""
    check_columns(frame, [time, event, *covariates])
    return _fit(frame, time, event, list(covariates), standardise, level)


def check_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise ValueError unless the frame has these columns and they are numeric."""
    lacking = [name for name in names if name not in frame]
    if lacking:
        raise ValueError(f"The frame lacks the columns {', '.join(lacking)}.")
    text = [name for name in names if not pd.api.types.is_numeric_dtype(frame[name])]
    if text:
        raise ValueError(f"Cox regression needs numeric columns; {', '.join(text)} is not: code it as 0 and 1 first.")


def hindrance(event: NDArray[np.bool_], values: NDArray[np.float64]) -> str:
    """Say why no model can be fitted to these rows; empty where one can."""
    if len(values) == 0:
        return "no usable row"
    if not event.any():
        return "no event"
    if (np.ptp(values, axis=0) <= 1e-12 * np.abs(values).max(axis=0)).any():
        return "the covariate is constant"
    centred = values - values.mean(axis=0)
    if values.shape[1] > 1 and np.linalg.matrix_rank(centred / centred.std(axis=0)) < values.shape[1]:
        return "covariates are linear combinations of each other"
    return ""


def _fit(
    frame: pd.DataFrame, time: str, event: str, covariates: list[str], standardise: bool, level: float
) -> pd.DataFrame:
    from scipy.stats import norm

    seen = usable_observations(frame[time], frame[event], *(frame[name] for name in covariates))
    values = frame.loc[seen.kept, covariates].to_numpy(dtype=float)
    result = pd.DataFrame({"covariate": covariates})
    result["n"], result["events"], result["n_dropped"] = len(values), int(seen.event.sum()), seen.n_dropped
    result[_RESULT] = np.nan
    result["reason"] = reason = hindrance(seen.event, values)
    if reason or not covariates:
        return result
    deviation = values.std(axis=0, ddof=1)
    sets = risk_sets(seen.time, seen.event)
    centred = (values - values.mean(axis=0)) / deviation
    best = maximise(centred[sets.order], sets)
    if not best.reached:
        return result.assign(reason="no finite estimate: the covariate separates events from survivors")
    unit = np.ones_like(deviation) if standardise else deviation
    coefficient = best.coefficients / unit
    se = np.sqrt(np.diag(np.linalg.inv(best.information))) / unit
    reach = norm.ppf((1 + level) / 2) * se
    result["coefficient"], result["se"] = coefficient, se
    with np.errstate(over="ignore"):
        result["hr"] = np.exp(coefficient)
        result["ci_low"], result["ci_high"] = np.exp(coefficient - reach), np.exp(coefficient + reach)
    result["p"] = 2 * norm.sf(np.abs(coefficient / se))
    return result
