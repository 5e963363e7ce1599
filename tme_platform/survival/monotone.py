"""Detect a monotone partial likelihood: Cox models whose hazard ratio is infinite. Fitting belongs in `cox`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tme_platform.survival.partial_likelihood import Maximum, RiskSets, maximise

SEPARATED = "no finite estimate: the covariate separates events from survivors"
FLAT = "no estimate: the covariate is the same in all patients at risk at each event"
UNDETERMINED = "no estimate: the likelihood has no single maximum"
_SUSPICIOUS_RANGE = 12.0
"""Range of the linear predictor (a hazard ratio of 160,000 between two patients) from which a fit is looked at."""
_FLATTEST = 1e-11
"""Smallest curvature of the likelihood in any direction, relative to the largest."""


def fit_or_reason(covariates: NDArray[np.float64], sets: RiskSets) -> tuple[Maximum, str]:
    """Maximise the partial likelihood, and say why there is no finite estimate; empty if there is one.

    The likelihood is monotone if some combination of the covariates is, at every event, highest in the patient who has
    it among all who are at risk, and strictly higher than another's at one event (Bryson & Johnson 1981). It then grows
    for ever along that combination, and where an iteration stops depends on rounding only. For one covariate this is
    looked up; for several it is a linear programme, solved where the fit did not converge or is extreme.

    Parameters
    ----------
    covariates
        Ordered rows (`RiskSets.order`) x p, standardised.
    sets
        Risk sets of the events.

    References
    ----------
    Bryson & Johnson 1981, Biometrics 37:683; Heinze & Schemper 2001, Biometrics 57:114.
    """
    fitted = maximise(covariates, sets)
    return fitted, _reason(covariates, sets, fitted)


def _reason(covariates: NDArray[np.float64], sets: RiskSets, fitted: Maximum) -> str:
    columns = list(covariates.T)
    if any(_same_at_risk(values, sets) for values in columns):
        return FLAT
    if len(columns) == 1:
        return SEPARATED if _one_sided(columns[0], sets) else "" if _determined(fitted) else UNDETERMINED
    extreme = not _determined(fitted) or np.ptp(covariates @ fitted.coefficients) > _SUSPICIOUS_RANGE
    if extreme and _separable(covariates, sets):
        return SEPARATED
    return "" if _determined(fitted) else UNDETERMINED


def _determined(fitted: Maximum) -> bool:
    """Whether the iteration arrived, at a point at which the likelihood is curved in every direction."""
    if not fitted.converged:
        return False
    curvature = np.linalg.eigvalsh(fitted.information)
    return bool(curvature[0] > _FLATTEST * curvature[-1])


def _extremes(values: NDArray[np.float64], sets: RiskSets) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lowest and the highest value at risk at each event."""
    return np.minimum.accumulate(values)[sets.last], np.maximum.accumulate(values)[sets.last]


def _same_at_risk(values: NDArray[np.float64], sets: RiskSets) -> bool:
    lowest, highest = _extremes(values, sets)
    return bool((lowest == highest).all())


def _one_sided(values: NDArray[np.float64], sets: RiskSets) -> bool:
    """Whether each event happens to the highest value at risk, or each to the lowest."""
    own = values[sets.deaths]
    return any(bool((own == bound).all()) for bound in _extremes(values, sets))


def _separable(covariates: NDArray[np.float64], sets: RiskSets) -> bool:
    """Whether some combination is highest in the event's patient at every event."""
    from scipy.optimize import linprog

    pairs = [covariates[death] - covariates[: last + 1] for death, last in zip(sets.deaths, sets.last, strict=True)]
    differences = np.unique(np.concatenate(pairs), axis=0)
    total = differences.sum(axis=0)
    found = linprog(-total, A_ub=-differences, b_ub=np.zeros(len(differences)), bounds=(-1, 1), method="highs")
    return bool(found.fun is not None and -found.fun > 1e-6)
