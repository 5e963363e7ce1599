"""The p-value of a permutation test. What is permuted, and how, belongs to whoever permutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def permutation_p(observed: float, permuted: ArrayLike) -> float:
    """Give the one-sided p-value: how often chance does at least as well, the observation counted as one of the draws.

    Parameters
    ----------
    observed
        The statistic as it was found.
    permuted
        The statistic of each permutation.

    Returns
    -------
    float
        Never below 1 / (permutations + 1).

    References
    ----------
    Phipson & Smyth 2010, Stat Appl Genet Mol Biol 9:39.
    """
    drawn = np.asarray(permuted, dtype=np.float64)
    return (1 + int((drawn >= observed).sum())) / (drawn.size + 1)
