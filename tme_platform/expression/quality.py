"""Measure how much of each sample's expression can be ranked. What is done about it belongs to the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.expression._random_walk import membership
from tme_platform.expression.single_sample import ssgsea
from tme_platform.expression.units import RELATIVE_UNITS

if TYPE_CHECKING:
    from scipy import sparse

CAUTION_TIE_NOISE = 0.1
MOST_TIE_NOISE = 0.25
"""Share of the spread of a sample's scores that comes from the order of tied genes, beyond which they are doubtful,
and beyond which they are not used. Bundled cohorts reach 0.02; 65 % zeros give about 0.33."""


def expression_quality(
    expression: pd.DataFrame, gene_sets: Mapping[str, Sequence[str]], unit: str, *, weight: float = 0.25
) -> pd.DataFrame:
    r"""Count zeros and ties of each sample, and compute how much its ssGSEA scores depend on the order of tied genes.

    Genes with the same value take the places of their tie in the order of the rows, which means nothing. If it were
    random, the place of each of the L genes of a tie would have the variance (L\ :sup:`2` - 1) / 12, so that the score
    of a set S with the ranks r has the standard deviation

    .. math::

       \sqrt{\sum_{g \in S} \left(\frac{r_g^w}{\sum_{h \in S} r_h^w} + \frac{1}{n - k}\right)^2 \frac{L_g^2 - 1}{12}}

    where two genes of a set in one tie are taken to move independently (slightly too large). `tie_noise` is its root
    mean square over the sets, divided by the standard deviation of the sample's scores over the sets.

    Parameters
    ----------
    expression
        Genes x samples, log2 or relative, without missing values.
    gene_sets
        The sets that are scored.
    unit
        Unit of the file, one of ``UNITS``; relative units have no zeros.
    weight
        Exponent of the ranks.

    Returns
    -------
    DataFrame
        By sample: ``n_genes``, ``n_detected`` (above 0; missing for relative units), ``zero_share``, ``tied_share``
        (genes whose value another gene has), ``largest_tie_share`` (genes of the most frequent value), ``tie_noise``
        (NaN with fewer than two sets).
    """
    from scipy.stats import rankdata

    values = expression.to_numpy(dtype=np.float64)
    sets = membership(expression.index, gene_sets)
    sizes = np.diff(sets.indptr)
    sets = sets[np.flatnonzero((sizes > 0) & (sizes < len(values)))]
    spread = pd.Series(np.nan, expression.columns)
    if sets.shape[0] > 1:
        spread = ssgsea(expression, gene_sets, weight=weight, normalise=False).std()
    rows = []
    for column, own in zip(values.T, spread, strict=True):
        _, which, counts = np.unique(column, return_inverse=True, return_counts=True)
        tie = counts[which].astype(np.float64)
        noise = _moved_by_ties(np.floor(rankdata(column)) ** weight, tie, sets) / own if own > 0 else np.nan
        rows.append(
            (len(column), (column > 0).sum(), (column == 0).mean(), (tie > 1).mean(), tie.max() / len(column), noise)
        )
    names = ["n_genes", "n_detected", "zero_share", "tied_share", "largest_tie_share", "tie_noise"]
    table = pd.DataFrame(rows, index=expression.columns, columns=names)
    if unit in RELATIVE_UNITS:
        table[["n_detected", "zero_share"]] = np.nan
    return table


def _moved_by_ties(weights: NDArray[np.float64], tie: NDArray[np.float64], sets: sparse.csr_array) -> float:
    """Root mean square over the sets of the standard deviation of a score over random orders of tied genes."""
    if not sets.shape[0]:
        return float("nan")
    variance = (tie**2 - 1) / 12
    total, outside = sets @ weights, 1 / (len(tie) - np.diff(sets.indptr))
    of_sets = (
        sets @ (weights**2 * variance) / total**2
        + 2 * outside * (sets @ (weights * variance)) / total
        + outside**2 * (sets @ variance)
    )
    return float(np.sqrt(of_sets.mean()))
