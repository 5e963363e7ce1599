"""Compute the sum of ssGSEA's running difference in closed form, for the score variants of GSVA and ESTIMATE.

Normalising and combining the sums belongs in `single_sample` and `estimate`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

_BLOCK_BYTES = 48 * 2**20
_BYTES_PER_VALUE = 64
"""Memory per gene (or set) and sample while a block is processed: ranks, order, weights and products."""


def membership(genes: pd.Index, gene_sets: Mapping[str, Sequence[str]]) -> sparse.csr_array:
    """Return a matrix of sets x genes with ones for members. Genes missing from the matrix are left out."""
    from scipy import sparse

    if not genes.is_unique:
        repeated = genes[genes.duplicated()].unique()
        raise ValueError(f"Genes more than once: {_first_names(repeated)}. Use collapse_duplicates first.")
    found = [np.unique(genes.get_indexer(pd.Index(list(members), dtype=object))) for members in gene_sets.values()]
    found = [positions[positions >= 0] for positions in found]
    columns = np.concatenate([*found, np.empty(0, dtype=np.intp)])
    ends = np.concatenate([[0], np.cumsum([len(positions) for positions in found])])
    return sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(len(found), len(genes)))


def walk_sums(
    expression: pd.DataFrame, sets: sparse.csr_array, *, weight: float, truncate: bool
) -> NDArray[np.float64]:
    r"""Compute the sum of the running difference of every set in every sample.

    With n genes in decreasing order, the gene at position i (from 1) is part of the n - i + 1 partial sums from i on.
    For a set S of k genes with ranks r (the largest value has rank n), the sum is therefore

    .. math::

       \frac{\sum_{g \in S} r_g^w (n - i_g + 1)}{\sum_{g \in S} r_g^w}
       - \frac{n (n + 1) / 2 - \sum_{g \in S} (n - i_g + 1)}{n - k}

    Parameters
    ----------
    expression
        Genes x samples.
    sets
        Sets x genes, ones for members (from `membership`).
    weight
        The exponent w.
    truncate
        Truncate the average ranks of tied genes to integers, as GSVA does; ESTIMATE does not.

    Returns
    -------
    array
        Sets x samples; NaN for a set that has none or all of the genes.
    """
    n_sets, n_genes = sets.shape
    values = expression.to_numpy()
    used = np.unique(sets.indices)
    sets = sets[:, used]
    sizes = np.diff(sets.indptr)[:, None]
    doubled_ranks = np.arange(2 * n_genes + 1)
    weights = (doubled_ranks // 2 if truncate else doubled_ranks / 2) ** weight
    sums = np.empty((n_sets, values.shape[1]))
    step = max(1, _BLOCK_BYTES // (_BYTES_PER_VALUE * (n_genes + n_sets)))
    for start in range(0, values.shape[1], step):
        block = np.array(values[:, start : start + step].T, dtype=np.float64, order="C")
        _check_no_missing(block, expression.index, expression.columns[start : start + step])
        position, doubled_rank = _positions_and_ranks(block)
        position = position[:, used].T
        weighted = weights[doubled_rank[:, used].T]
        remaining = (n_genes - position).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            inside = (sets @ (weighted * remaining)) / (sets @ weighted)
            outside = (n_genes * (n_genes + 1) / 2 - sets @ remaining) / (n_genes - sizes)
            sums[:, start : start + step] = np.where(sizes < n_genes, inside - outside, np.nan)
    return sums


def _positions_and_ranks(block: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the position from 0 in decreasing order (ties in row order) and twice the average increasing rank."""
    n_genes = block.shape[1]
    order = np.argsort(-block, axis=1, kind="stable")
    ordered = np.take_along_axis(block, order, axis=1)
    positions = np.arange(n_genes, dtype=np.int32)
    changes = ordered[:, 1:] != ordered[:, :-1]
    first = np.zeros(block.shape, dtype=np.int32)
    np.multiply(changes, positions[1:], out=first[:, 1:])
    np.maximum.accumulate(first, axis=1, out=first)
    last = np.full(block.shape, n_genes - 1, dtype=np.int32)
    last[:, :-1] = np.where(changes, positions[:-1], n_genes - 1)
    backwards = last[:, ::-1]
    np.minimum.accumulate(backwards, axis=1, out=backwards)
    position = np.empty(block.shape, dtype=np.int32)
    np.put_along_axis(position, order, np.broadcast_to(positions, block.shape), axis=1)
    doubled = 2 * n_genes - first - last
    return position, np.take_along_axis(doubled, position, axis=1)


def _check_no_missing(block: NDArray[np.float64], genes: pd.Index, samples: pd.Index) -> None:
    missing = np.isnan(block)
    if missing.any():
        sample, gene = np.argwhere(missing)[0]
        raise ValueError(
            f"Missing expression of gene '{genes[gene]}' in sample '{samples[sample]}' "
            f"({int(missing.sum())} missing values in this block of samples): ranking needs a value for every gene. "
            "Remove the gene or the sample."
        )


def _first_names(names: pd.Index, at_most: int = 5) -> str:
    return ", ".join(map(str, names[:at_most])) + (f" and {len(names) - at_most} more" if len(names) > at_most else "")
