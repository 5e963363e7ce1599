"""Compute the p value of a permutation test. Permuting belongs in the calling code."""

from __future__ import annotations

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
