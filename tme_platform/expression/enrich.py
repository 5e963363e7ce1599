"""Test gene sets between two groups of samples, in the samples rather than in the genes.

CAMERA's computations belong in `camera`, tests of a ranking of genes in `pathways`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.expression._set_matrix import TwoGroups, two_groups
from tme_platform.expression.camera import camera, set_correlation
from tme_platform.statistics import benjamini_hochberg, p_of_counts

EnrichmentMethod = Literal["sample_permutation", "camera"]

_PERMUTATIONS_PER_BLOCK = 100
"""Limits the memory needed beyond the matrix."""

_SMALLEST_UNEXPLAINED = 1e-10
"""Floor of the share of a gene's variance within the groups: a gene that separates them has a large t, not an infinite
one."""

_TIE = 1e-9
"""Relative difference below which two statistics are the same: sums in another order differ in the last digits."""


def enrich(
    expression: pd.DataFrame,
    group: pd.Series[bool],
    gene_sets: Mapping[str, Sequence[str]],
    *,
    method: EnrichmentMethod = "sample_permutation",
    permutations: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    r"""Test whether the genes of each set are higher (or lower) in one group than the other genes are.

    Genes of a set are correlated, so their number is not a number of independent observations: a test that permutes
    genes finds sets in random groups. Both methods take the correlation into account.

    ``sample_permutation`` permutes the labels of the samples, which leaves the correlation intact. With :math:`t_g` the
    two-sample t statistic of gene g (pooled variance), the statistic of a set S is
    :math:`z_S = (\bar t_S - \bar t) / \mathrm{sd}(t)`: the mean over the set, restandardised by the mean and standard
    deviation over all genes of the same permutation. Its p value is the share of permutations, the original included,
    with at least the same :math:`|z_S|`. The null hypothesis is that no gene differs between the groups.

    ``camera`` compares the genes inside with those outside the set by a t test whose variance is inflated by the
    estimated correlation; equal to limma's ``camera`` with ``inter.gene.cor = NA``. The null hypothesis is that the
    genes of the set differ as much as the others do. It is more conservative for sets whose genes move together.

    Parameters
    ----------
    expression
        Genes x samples, log2. Genes without variation are left out; their names are in ``attrs["genes_left_out"]``.
    group
        By sample: True for the first group, False for the second. Samples without a value, or that `expression` does
        not have, are left out.
    gene_sets
        Genes by set name. Genes that were not measured are ignored; a set without a measured gene, or with all of them,
        is left out.
    method
        One of the two tests.
    permutations
        Number of random permutations; the smallest p value is 1 / (permutations + 1).
    seed
        Seed of the permutations.

    Returns
    -------
    DataFrame
        One row per set in the order of `gene_sets`, by name: ``n_genes`` (tested genes of the set), ``correlation``
        (estimated mean correlation of its genes within the groups; NaN for one gene), ``direction`` (``Up`` or ``Down``
        in the first group), ``statistic`` (z or CAMERA's t; positive if higher in the first group), ``p`` (two-sided)
        and ``fdr`` (Benjamini-Hochberg over the tested sets).

    Raises
    ------
    ValueError
        If a gene has a missing or infinite value or more than one row, a sample occurs twice, a group has fewer than
        two samples, `group` has other values, all genes have the same t statistic (sample permutation), or the method
        or number of permutations is not valid.

    References
    ----------
    Efron & Tibshirani 2007, Ann Appl Stat 1:107 (restandardisation); Wu & Smyth 2012, Nucleic Acids Res 40:e133
    (CAMERA).
    """
    if method not in ("sample_permutation", "camera"):
        raise ValueError(f"Unknown method '{method}'. Known methods: sample_permutation, camera.")
    if permutations < 1:
        raise ValueError("`permutations` must be at least 1.")
    data = two_groups(expression, group, gene_sets)
    if not data.names:
        statistic = p = np.zeros(0)
    elif method == "camera":
        statistic, p = camera(data)
    else:
        statistic, p = _permute_samples(data, permutations, seed)
    table = pd.DataFrame(
        {
            "n_genes": data.sizes,
            "correlation": set_correlation(data),
            "direction": np.where(statistic >= 0, "Up", "Down"),
            "statistic": statistic,
            "p": p,
            "fdr": benjamini_hochberg(p),
        },
        index=pd.Index(data.names, name="gene_set", dtype="object"),
    )
    table.attrs["genes_left_out"] = data.left_out
    return table


def _permute_samples(data: TwoGroups, permutations: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the restandardised mean t of each set and its permutation p value."""
    scaled = data.centred / np.sqrt(np.square(data.centred).sum(axis=1, keepdims=True))
    observed = _set_statistics(data, scaled, data.first[:, None].astype(np.float64))[:, 0]
    if np.isnan(observed).any():
        raise ValueError("All genes have the same t statistic, so no set can differ from the others.")
    threshold = np.abs(observed)[:, None] * (1 - _TIE)
    at_least = np.zeros(len(observed), dtype=np.int64)
    random = np.random.default_rng(seed)
    for start in range(0, permutations, _PERMUTATIONS_PER_BLOCK):
        count = min(_PERMUTATIONS_PER_BLOCK, permutations - start)
        labels = random.permuted(np.tile(data.first.astype(np.float64)[:, None], count), axis=0)
        at_least += (np.abs(_set_statistics(data, scaled, labels)) >= threshold).sum(axis=1)
    return observed, p_of_counts(at_least, permutations)


def _set_statistics(data: TwoGroups, scaled: NDArray[np.float64], labels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the restandardised mean t of each set for each column of labels (samples x labellings, 1 = first group).

    With genes centred and scaled to a sum of squares of 1, the sum over the first group gives the correlation r with
    the label, and the pooled t statistic is r sqrt((n - 2) / (1 - r^2)).
    """
    n, n_first = len(labels), data.first.sum()
    t = scaled @ labels
    t *= np.sqrt(n / (n_first * (n - n_first)))
    t *= np.sqrt((n - 2) / np.maximum(1 - np.square(t), _SMALLEST_UNEXPLAINED))
    mean, spread = t.mean(axis=0), t.std(axis=0, ddof=1)
    spread[spread <= _TIE * np.abs(t).max(axis=0)] = np.nan
    statistics: NDArray[np.float64] = (data.set_means(t) - mean) / spread
    return statistics
