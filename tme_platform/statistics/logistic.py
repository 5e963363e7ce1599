"""Fit a logistic regression by maximum likelihood. Which model to fit and what it means belong in `evaluation`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEPARATED = "the outcomes are separated: the odds ratio is not finite"
COLLINEAR = "a predictor is constant, or a combination of the others"

_MAX_ITERATIONS = 100
_TOLERANCE = 1e-12


@dataclass(frozen=True)
class LogisticFit:
    """A fitted logistic regression.

    Attributes
    ----------
    coefficients, covariance
        One per column of the design, and their covariance (inverse of the Fisher information).
    log_likelihood
        Natural logarithm of the likelihood at the maximum.
    reason
        Why there is no finite maximum; everything else is then NaN. Empty otherwise.
    """

    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood: float
    reason: str = ""

    @property
    def standard_errors(self) -> NDArray[np.float64]:
        """Standard error of each coefficient."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)


def fit_logistic(
    positive: NDArray[np.bool_], design: NDArray[np.float64], offset: NDArray[np.float64] | None = None
) -> LogisticFit:
    """Fit a logistic regression by Newton's method, as R's ``glm(positive ~ design - 1, family = binomial)``.

    Parameters
    ----------
    positive
        Outcome of each of n patients.
    design
        n x p predictors, including the column of ones if there is an intercept. No missing values.
    offset
        Term of the linear predictor with coefficient 1.

    Returns
    -------
    LogisticFit
        NaN with a reason if the columns are linearly dependent, or if a linear combination of them separates the
        outcomes completely or quasi-completely, so that no finite maximum exists.

    References
    ----------
    Albert & Anderson 1984, Biometrika 71:1 (separation); Konis 2007, thesis, Oxford (its detection by linear
    programming).
    """
    from scipy.special import expit

    width = design.shape[1]
    shift = np.zeros(len(design)) if offset is None else offset
    if np.linalg.matrix_rank(design) < width:
        return _no_fit(width, COLLINEAR)
    if _separates(positive, design):
        return _no_fit(width, SEPARATED)
    beta = np.zeros(width)
    for _ in range(_MAX_ITERATIONS):
        fitted = expit(design @ beta + shift)
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.solve(information, design.T @ (positive - fitted))
        # a full step may overshoot far from the optimum
        beta = beta + step / max(1.0, np.abs(step).max() / 2)
        if np.abs(step).max() < _TOLERANCE:
            break
    linear = design @ beta + shift
    log_likelihood = -float(np.logaddexp(0, np.where(positive, -linear, linear)).sum())
    return LogisticFit(beta, np.asarray(np.linalg.inv(information), dtype=np.float64), log_likelihood)


def _no_fit(width: int, reason: str) -> LogisticFit:
    return LogisticFit(np.full(width, np.nan), np.full((width, width), np.nan), float("nan"), reason)


def _separates(positive: NDArray[np.bool_], design: NDArray[np.float64]) -> bool:
    """Whether some direction has all cases on one side and all controls on the other, points on the border allowed."""
    from scipy.optimize import linprog

    signed = np.where(positive[:, None], design, -design) / np.abs(design).max(axis=0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1), method="highs")
    return bool(found.fun is not None and -found.fun > 1e-5)
