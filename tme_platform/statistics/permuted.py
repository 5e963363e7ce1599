"""Compute the p value of a permutation test. Permuting belongs in the calling code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def permutation_p(observed: float, permuted: ArrayLike) -> float:
    """Return the one-sided p value of a permutation test.

    This is the share of statistics that are at least as large as the observed one, which itself is counted.

    Parameters
    ----------
    observed
        The statistic of the original data.
    permuted
        The statistic of each permutation.

    Returns
    -------
    float
        The p value, at least 1 / (permutations + 1).

    References
    ----------
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39.
    """
    statistics = np.asarray(permuted, dtype=np.float64)
    return float(p_of_counts((statistics >= observed).sum(), statistics.size))


def p_of_counts(at_least: ArrayLike, permutations: int) -> NDArray[np.float64]:
    """Return the p values of many permutation tests from counts, by the rule of `permutation_p`.

    Parameters
    ----------
    at_least
        For each test, the permutations whose statistic is at least as large as the observed one.
    permutations
        Their number.
    """
    return np.asarray((1 + np.asarray(at_least, dtype=np.float64)) / (permutations + 1), dtype=np.float64)


@dataclass(frozen=True)
class SequentialP:
    """The p value of a permutation test that stops early, and how precise it is."""

    p: float
    se: float
    """Standard error of `p` because only some permutations were drawn."""
    permutations: int
    """Permutations that count: up to the one at which the test stopped."""
    stopped: bool
    """Whether more permutations would change nothing."""


def sequential_p(observed: float, permuted: ArrayLike, *, enough: int) -> SequentialP:
    """Return the one-sided p value of a permutation test that stops as soon as its p value is precise enough.

    The test stops at the permutation at which `enough` statistics are at least as large as the observed one, after n
    permutations: p is then ``enough / n``. Otherwise p is that of `permutation_p`. Under the null hypothesis, p is at
    most alpha with a probability of at most alpha in both cases.

    Parameters
    ----------
    observed
        The statistic of the original data.
    permuted
        The statistic of each permutation, in the order in which they were drawn.
    enough
        Number of statistics at least as large as the observed one. The standard error of a p value at which the test
        stopped is at most ``p / sqrt(enough)``.

    References
    ----------
    Besag & Clifford 1991, Biometrika 78:301.
    """
    reached = np.asarray(permuted, dtype=np.float64) >= observed
    at = np.flatnonzero(reached.cumsum() >= enough)
    stopped = at.size > 0
    n = int(at[0]) + 1 if stopped else reached.size
    p = enough / n if stopped else float(p_of_counts(reached.sum(), n))
    return SequentialP(p, float(np.sqrt(p * (1 - p) / n)) if n else 0.0, n, stopped)
