"""Test whether hazards are proportional. Hazard ratios belong in `cox`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.survival.cox import unfittable_reason
from tme_platform.survival.monotone import fit_or_reason
from tme_platform.survival.observations import check_numeric_columns, usable_rows
from tme_platform.survival.partial_likelihood import RiskSets, moments, risk_sets

_COLUMNS = ["covariate", "n", "events", "n_dropped", "statistic", "degrees_of_freedom", "p", "reason"]


def proportional_hazards_test(
    frame: pd.DataFrame, time: str, event: str, covariates: Sequence[str], *, together: bool = False
) -> pd.DataFrame:
    """Test proportional hazards by scaled Schoenfeld residuals (Grambsch & Therneau 1994), R's ``cox.zph``.

    As in survival 3.0 and later, this is the score test for adding covariate x g(time) to the fitted model, where
    g(time) is one minus the Kaplan-Meier estimate just before that time (``transform = "km"``).

    Parameters
    ----------
    frame
        One row per patient.
    time, event, covariates
        Column names: follow-up in any unit, event (1 observed, 0 censored), numeric covariates.
    together
        Fit one model with all covariates and add a ``GLOBAL`` row, rather than fitting one model per covariate.

    Returns
    -------
    pandas.DataFrame
        One row per covariate: ``n``, ``events``, ``n_dropped``, ``statistic`` (chi-squared), ``degrees_of_freedom``,
        ``p``; NaN with a ``reason`` if the model cannot be fitted.

    Raises
    ------
    ValueError
        If a column is missing from the frame, a covariate is not numeric, or an event is neither 0 nor 1.
    """
    check_numeric_columns(frame, [time, event, *covariates])
    models = [list(covariates)] if together else [[name] for name in covariates]
    tables = [_test(frame, time, event, model, together) for model in models if model]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=_COLUMNS)


def _test(frame: pd.DataFrame, time: str, event: str, names: list[str], together: bool) -> pd.DataFrame:
    from scipy.stats import chi2

    usable, values = usable_rows(frame, time, event, names)
    result = pd.DataFrame({"covariate": [*names, "GLOBAL"] if together else names})
    result["n"], result["events"], result["n_dropped"] = len(values), int(usable.event.sum()), usable.n_dropped
    result["statistic"], result["p"] = np.nan, np.nan
    result["degrees_of_freedom"] = [1] * len(names) + [len(names)] * together
    result["reason"] = reason = unfittable_reason(usable.event, values)
    if reason:
        return result[_COLUMNS]
    sets = risk_sets(usable.time, usable.event)
    ordered = ((values - values.mean(axis=0)) / values.std(axis=0, ddof=1))[sets.order]
    best, no_fit = fit_or_reason(ordered, sets)
    if no_fit:
        return result.assign(reason="the Cox model has no finite estimate")[_COLUMNS]
    transform = _time_transform(usable.time[sets.order], usable.event[sets.order], sets)
    if np.ptp(transform) == 0:
        return result.assign(reason="all events are at the same time")[_COLUMNS]
    try:
        result["statistic"] = _score_tests(ordered, sets, best.coefficients, transform, together)
    except np.linalg.LinAlgError:
        return result.assign(reason="too few events to test for a change over time")[_COLUMNS]
    result["p"] = chi2.sf(result["statistic"], result["degrees_of_freedom"])
    return result[_COLUMNS]


def _time_transform(time: NDArray[np.float64], event: NDArray[np.bool_], sets: RiskSets) -> NDArray[np.float64]:
    """One minus Kaplan-Meier just before each event, in the order of the risk sets (decreasing time)."""
    events, deaths = np.unique(time[event], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), events, side="left")
    before = np.concatenate(([1.0], np.cumprod(1 - deaths / at_risk)[:-1]))
    return np.asarray(1 - before[np.searchsorted(events, time[sets.deaths])])


def _score_tests(
    ordered: NDArray[np.float64],
    sets: RiskSets,
    coefficients: NDArray[np.float64],
    transform: NDArray[np.float64],
    together: bool,
) -> list[float]:
    p = ordered.shape[1]
    at = moments(ordered, sets, coefficients)
    centred = transform - transform.mean()
    score = centred @ (ordered[sets.deaths] - at.mean)
    information = np.empty((2 * p, 2 * p))
    information[:p, :p] = at.covariance.sum(axis=0)
    information[p:, :p] = information[:p, p:] = np.einsum("e,eij->ij", centred, at.covariance)
    information[p:, p:] = np.einsum("e,eij->ij", np.square(centred), at.covariance)
    tested = [[j] for j in range(p)] + ([list(range(p))] if together else [])
    statistics = []
    for columns in tested:
        kept = [*range(p), *(p + j for j in columns)]
        direction = np.concatenate([np.zeros(p), score[columns]])
        statistics.append(float(direction @ np.linalg.solve(information[np.ix_(kept, kept)], direction)))
    return statistics
