"""The sum of ssGSEA's running difference in closed form, shared by GSVA's and ESTIMATE's variant of the score.

Not here: what is done to the sums afterwards (``single_sample``, ``estimate``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

_BLOCK_BYTES = 48 * 2**20
_BYTES_PER_VALUE = 64
"""What one gene (or set) of one sample costs while its block is worked on: ranks, order, weights and products."""


def membership(genes: pd.Index, gene_sets: Mapping[str, Sequence[str]]) -> sparse.csr_array:
    """Lay out sets x genes as ones; genes that the matrix lacks are left out."""
    if not genes.is_unique:
        twice = genes[genes.duplicated()].unique()
        raise ValueError(f"Genes more than once: {_some(twice)}. Use collapse_duplicates first.")
    found = [np.unique(genes.get_indexer(pd.Index(list(members), dtype=object))) for members in gene_sets.values()]
    found = [positions[positions >= 0] for positions in found]
    columns = np.concatenate([*found, np.empty(0, dtype=np.intp)])
    ends = np.concatenate([[0], np.cumsum([len(positions) for positions in found])])
    return sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(len(found), len(genes)))


def walk_sums(
    expression: pd.DataFrame, sets: sparse.csr_array, *, weight: float, truncate: bool
) -> NDArray[np.float64]:
    r"""Sum of the running difference of every set in every sample.

    With n genes in decreasing order, the gene at position i (from 1) enters every partial sum from i on, that is
    n - i + 1 of them. So, for a set S of k genes with ranks r (the largest value has rank n),

    .. math::

       \frac{\sum_{g \in S} r_g^w (n - i_g + 1)}{\sum_{g \in S} r_g^w}
       - \frac{n (n + 1) / 2 - \sum_{g \in S} (n - i_g + 1)}{n - k}

    Parameters
    ----------
    expression
        Genes x samples.
    sets
        Sets x genes, ones.
    weight
        The exponent w.
    truncate
        Cut the average ranks of tied genes to integers, as GSVA does; ESTIMATE does not.

    Returns
    -------
    array
        Sets x samples; NaN for a set without a gene, or with all of them.
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
        _refuse_missing(block, expression.index, expression.columns[start : start + step])
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
    """Position from 0 in decreasing order (ties in row order), and twice the average rank in increasing order."""
    n_genes = block.shape[1]
    order = np.argsort(-block, axis=1, kind="stable")
    ordered = np.take_along_axis(block, order, axis=1)
    places = np.arange(n_genes, dtype=np.int32)
    changes = ordered[:, 1:] != ordered[:, :-1]
    first = np.zeros(block.shape, dtype=np.int32)
    np.multiply(changes, places[1:], out=first[:, 1:])
    np.maximum.accumulate(first, axis=1, out=first)
    last = np.full(block.shape, n_genes - 1, dtype=np.int32)
    last[:, :-1] = np.where(changes, places[:-1], n_genes - 1)
    backwards = last[:, ::-1]
    np.minimum.accumulate(backwards, axis=1, out=backwards)
    position = np.empty(block.shape, dtype=np.int32)
    np.put_along_axis(position, order, np.broadcast_to(places, block.shape), axis=1)
    doubled = 2 * n_genes - first - last
    return position, np.take_along_axis(doubled, position, axis=1)


def _refuse_missing(block: NDArray[np.float64], genes: pd.Index, samples: pd.Index) -> None:
    missing = np.isnan(block)
    if missing.any():
        sample, gene = np.argwhere(missing)[0]
        raise ValueError(
            f"Missing expression of gene '{genes[gene]}' in sample '{samples[sample]}' "
            f"({int(missing.sum())} missing values in this block of samples): ranks need every gene. "
            "Leave out the gene or the sample."
        )


def _some(names: pd.Index, at_most: int = 5) -> str:
    return ", ".join(map(str, names[:at_most])) + (f" and {len(names) - at_most} more" if len(names) > at_most else "")
