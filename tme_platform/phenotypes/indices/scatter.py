"""Indices based on the within scatter matrix W: Scott, Marriot, TrCovW, TraceW, Friedman, Rubin.

NbClust uses X'X, not centred, as the total scatter T, and B = T - W as the scatter between clusters.
"""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Array, Level, UndefinedIndexError, ratio


def scott(level: Level) -> float:
    """Scott & Symons 1971: n log(det T / det W)."""
    return level.data.n * (_log_determinant(level.data.crossproduct) - _log_determinant(_regular_within(level)))


def marriot(level: Level) -> float:
    """Marriot 1971: k^2 det W."""
    logarithm = 2 * np.log(level.k) + _log_determinant(_regular_within(level))
    if logarithm > np.log(np.finfo(float).max):
        raise UndefinedIndexError("the determinant of the within scatter matrix overflows")
    return float(np.exp(logarithm))


def tr_cov_w(level: Level) -> float:
    """Milligan & Cooper 1985: trace of the covariance matrix of W's columns."""
    if level.data.p == 1:
        raise UndefinedIndexError("there is only one feature")
    return float(level.own.scatter.var(axis=0, ddof=1).sum())


def trace_w(level: Level) -> float:
    """Milligan & Cooper 1985: trace of W."""
    return level.own.inertia


def friedman(level: Level) -> float:
    """Friedman & Rubin 1967, in NbClust's form: trace of the elementwise product of W^-1 and B."""
    own = level.own
    between = own.sizes @ np.square(own.centroids)
    return float(np.diag(np.linalg.inv(_regular_within(level))) @ between)


def rubin(level: Level) -> float:
    """Friedman & Rubin 1967, in NbClust's form: trace of T divided by trace of W."""
    return ratio(float(np.trace(level.data.crossproduct)), level.own.inertia, "the within sum of squares")


def _regular_within(level: Level) -> Array:
    if level.own.is_singular:
        raise UndefinedIndexError("the within scatter matrix is singular")
    return level.own.scatter


def _log_determinant(matrix: Array) -> float:
    return float(np.linalg.slogdet(matrix)[1])
