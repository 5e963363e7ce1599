"""How much a Cox coefficient rests on a few patients. Fitting belongs in `cox`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.survival.cox import unfittable_reason
from tme_platform.survival.monotone import fit_or_reason
from tme_platform.survival.observations import check_numeric_columns, usable_rows
from tme_platform.survival.partial_likelihood import Maximum, RiskSets, event_totals, maximise, moments, risk_sets

_COLUMNS = ["covariate", "n_influential", "hr_without_influential", "p_without_influential", "caution"]
_ALPHA = 0.05


def cox_influence(
    frame: pd.DataFrame,
    time: str,
    event: str,
    covariates: Sequence[str],
    *,
    standardise: bool = False,
    together: bool = False,
    share: float = 0.01,
) -> pd.DataFrame:
    """Refit Cox models without the most influential patients, and say where a finding depends on them.

    The influence of a patient on a coefficient is that patient's contribution to the score test of no effect: the score
    residual (Therneau, Grambsch & Fleming 1990) at a coefficient of 0, adjusted for the other covariates. The patients
    with the largest absolute contributions are left out together, and the model is fitted once more. A hazard ratio
    that comes from a few extreme values of a skewed covariate does not survive this. Residuals at the estimate (dfbeta)
    are not used, because there the few patients who make the estimate hide each other: the model fits them well.

    This checks findings and is no better estimate: patients are chosen by their outcome, so that a ratio without them
    is biased (if most patients have small values, those with large values who die come first). A ratio that is not
    significant therefore never gets a caution.

    Parameters
    ----------
    frame, time, event, covariates, standardise
        As for `cox_univariate`. The standard deviation is that of all rows used, with or without the patients left out.
    together
        Fit one model with all covariates, rather than one model per covariate.
    share
        Share of the patients that is left out, at least one patient.

    Returns
    -------
    pandas.DataFrame
        One row per covariate: ``n_influential`` (patients left out), ``hr_without_influential`` and
        ``p_without_influential`` (Wald) of the refitted model, and ``caution``, which is empty unless a significant
        hazard ratio (p < 0.05) is no longer significant or changes its direction. NaN if a model cannot be fitted.

    Raises
    ------
    ValueError
        If a column is missing from the frame, a covariate is not numeric, or an event is neither 0 nor 1.

    References
    ----------
    Therneau, Grambsch & Fleming 1990, Biometrika 77:147.
    """
    check_numeric_columns(frame, [time, event, *covariates])
    models = [list(covariates)] if together else [[name] for name in covariates]
    rows = [row for model in models if model for row in _model(frame, time, event, model, standardise, share)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def score_residuals(
    covariates: NDArray[np.float64], sets: RiskSets, coefficients: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Contribution of each row to the score, ordered rows x p; with the inverse information they give R's dfbeta."""
    n, p = covariates.shape
    at = moments(covariates, sets, coefficients)
    linear = covariates @ coefficients
    weight = np.exp(linear - linear.max())
    hazard = 1 / event_totals(weight, sets)  # increment of the baseline hazard at each event, on the scale of `weight`
    # A row is at risk at the events whose risk set reaches at least to its position.
    increments = np.zeros((n, 1 + p))
    np.add.at(increments, sets.last, np.column_stack([hazard, hazard[:, None] * at.mean]))
    until = np.cumsum(increments[::-1], axis=0)[::-1]
    # Efron's method counts a tied death only in part in the risk sets of its own time.
    own = np.zeros((sets.tie[-1] + 1, 1 + p))
    np.add.at(own, sets.tie, (sets.fraction * hazard)[:, None] * np.column_stack([np.ones(len(hazard)), at.mean]))
    until[sets.deaths] -= own[sets.tie]
    residuals = -weight[:, None] * (covariates * until[:, :1] - until[:, 1:])
    size = np.bincount(sets.tie)
    mean_of_tie = np.zeros((len(size), p))
    np.add.at(mean_of_tie, sets.tie, at.mean)
    residuals[sets.deaths] += covariates[sets.deaths] - (mean_of_tie / size[:, None])[sets.tie]
    return np.asarray(residuals)


def _model(
    frame: pd.DataFrame, time: str, event: str, names: list[str], standardise: bool, share: float
) -> list[dict[str, object]]:
    usable, values = usable_rows(frame, time, event, names)
    nothing = dict.fromkeys(_COLUMNS, np.nan)
    missing: list[dict[str, object]] = [nothing | {"covariate": name, "caution": ""} for name in names]
    if unfittable_reason(usable.event, values):
        return missing
    deviation = values.std(axis=0, ddof=1)
    centred = (values - values.mean(axis=0)) / deviation
    sets = risk_sets(usable.time, usable.event)
    full, no_fit = fit_or_reason(centred[sets.order], sets)
    if no_fit:
        return missing
    n_out = max(1, int(np.ceil(share * len(centred))))
    rows = []
    for at, name in enumerate(names):
        kept = np.ones(len(centred), dtype=bool)
        contribution = np.abs(null_contributions(centred[sets.order], sets, at))
        kept[sets.order[np.argsort(-contribution, kind="stable")[:n_out]]] = False
        unit = 1.0 if standardise else float(deviation[at])
        without = _without(usable.time[kept], usable.event[kept], centred[kept], full, at, n_out, unit)
        rows.append({"covariate": name, "n_influential": n_out} | without)
    return rows


def null_contributions(covariates: NDArray[np.float64], sets: RiskSets, at: int) -> NDArray[np.float64]:
    """Contribution of each ordered row to the score test of column `at`, adjusted for the other columns."""
    p = covariates.shape[1]
    others = [column for column in range(p) if column != at]
    coefficients = np.zeros(p)
    if others:
        coefficients[others] = maximise(covariates[:, others], sets).coefficients
    residuals = score_residuals(covariates, sets, coefficients)
    information = moments(covariates, sets, coefficients).covariance.sum(axis=0)
    projection = np.linalg.solve(information[np.ix_(others, others)], information[others, at])
    return np.asarray(residuals[:, at] - residuals[:, others] @ projection)


def _without(
    time: NDArray[np.float64],
    event: NDArray[np.bool_],
    centred: NDArray[np.float64],
    full: Maximum,
    at: int,
    n_out: int,
    unit: float,
) -> dict[str, object]:
    """Fit the rows that are left, and compare coefficient `at` with that of the `full` fit."""
    who = "1 tumour" if n_out == 1 else f"{n_out} tumours"
    nothing = {"hr_without_influential": np.nan, "p_without_influential": np.nan}
    before, p_before = _estimate(full, at)
    lost = f"without the most influential {who} there is no estimate" if p_before < _ALPHA else ""
    if unfittable_reason(event, centred):
        return nothing | {"caution": lost}
    sets = risk_sets(time, event)
    refitted, no_fit = fit_or_reason(centred[sets.order], sets)
    if no_fit:
        return nothing | {"caution": lost}
    after, p_after = _estimate(refitted, at)
    caution = ""
    if p_before < _ALPHA <= p_after:
        caution = f"significance depends on {who}: p {p_before:.2g}, {p_after:.2g} without"
    elif p_before < _ALPHA and np.sign(before) != np.sign(after):
        caution = f"the direction depends on {who}"
    with np.errstate(over="ignore"):
        ratio = np.exp(after / unit)
    return {"hr_without_influential": ratio, "p_without_influential": p_after, "caution": caution}


def _estimate(fitted: Maximum, at: int) -> tuple[float, float]:
    """Coefficient and Wald p of one covariate."""
    from scipy.stats import norm

    coefficient = float(fitted.coefficients[at])
    return coefficient, float(2 * norm.sf(abs(coefficient) / np.sqrt(np.linalg.inv(fitted.information)[at, at])))
