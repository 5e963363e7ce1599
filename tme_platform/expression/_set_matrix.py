"""Prepare a two-group comparison of gene sets: the measured genes, the two groups, and which gene is in which set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy import sparse

_LEAST_PER_GROUP = 2


@dataclass(frozen=True)
class TwoGroups:
    """Expression of two groups of samples, and the sets to test.

    Attributes
    ----------
    centred
        Genes x samples, each gene with mean 0 over the samples that have a group.
    first
        Whether each sample is in the first group.
    membership
        Sets x genes, 1 where a gene is in a set.
    names
        Name of each set.
    left_out
        Genes without variation.
    """

    centred: NDArray[np.float64]
    first: NDArray[np.bool_]
    membership: sparse.csr_array
    names: list[str]
    left_out: list[str]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Genes of each set that are tested."""
        return np.diff(self.membership.indptr).astype(np.int64)

    def set_means(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Average genes x columns over the genes of each set, to sets x columns."""
        means: NDArray[np.float64] = self.membership @ values / self.sizes[:, None]
        return means

    def residuals(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return deviations from the mean of the sample's group (genes x samples) and their variance by gene."""
        within = np.empty_like(self.centred)
        for group in (self.first, ~self.first):
            within[:, group] = self.centred[:, group] - self.centred[:, group].mean(axis=1, keepdims=True)
        return within, np.square(within).sum(axis=1) / (len(self.first) - 2)


def two_groups(expression: pd.DataFrame, group: pd.Series[bool], gene_sets: Mapping[str, Sequence[str]]) -> TwoGroups:
    """Check and arrange what `enrich` takes. Raises its errors."""
    if not expression.index.is_unique:
        twice = expression.index[expression.index.duplicated()][0]
        raise ValueError(f"Gene '{twice}' has more than one row. Keep one.")
    for samples in (expression.columns, group.index):
        if not samples.is_unique:
            raise ValueError(f"Sample '{samples[samples.duplicated()][0]}' occurs twice. Keep one.")
    known = group.reindex(expression.columns).dropna()
    if not known.isin([True, False]).all():
        raise ValueError(
            "`group` needs True for the first group, False for the second, and no value for other samples."
        )
    first = known.to_numpy(dtype=bool)
    if min(first.sum(), (~first).sum()) < _LEAST_PER_GROUP:
        raise ValueError(
            f"The groups have {first.sum()} and {(~first).sum()} samples with expression; each needs at least "
            f"{_LEAST_PER_GROUP}."
        )
    values = expression[known.index].to_numpy(dtype=np.float64)
    unusable = ~np.isfinite(values).all(axis=1)
    if unusable.any():
        raise ValueError(
            f"Gene '{expression.index[unusable][0]}' has a missing or infinite value ({unusable.sum():,} such genes). "
            "Leave these genes out."
        )
    varies = np.ptp(values, axis=1) > 0 if values.size else np.zeros(0, dtype=bool)
    genes = expression.index[varies]
    values = values[varies]
    names, membership = _membership(gene_sets, genes)
    centred = values - values.mean(axis=1, keepdims=True)
    return TwoGroups(centred, first, membership, names, list(expression.index[~varies]))


def _membership(gene_sets: Mapping[str, Sequence[str]], genes: pd.Index) -> tuple[list[str], sparse.csr_array]:
    """Return the sets with a gene inside and a gene outside, and sets x genes."""
    from scipy import sparse

    places = {gene: place for place, gene in enumerate(genes)}  # thousands of small lookups in an index take seconds
    names: list[str] = []
    columns: list[int] = []
    ends = [0]
    for name, members in gene_sets.items():
        found = sorted({places[gene] for gene in members if gene in places})
        if 0 < len(found) < len(genes):
            names.append(name)
            columns += found
            ends.append(len(columns))
    shape = (len(names), len(genes))
    return names, sparse.csr_array(
        (np.ones(len(columns)), np.array(columns, dtype=np.int64), np.array(ends)), shape=shape
    )
