"""Genes that two collections share: two scores that read the same RNA agree by construction where they share genes.

Not here: which genes a matrix has (``coverage``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd


def shared_genes(gene_sets: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """List every pair of sets, one from each collection, that has genes in common.

    Returns
    -------
    DataFrame
        One row per such pair: ``population``, ``compared_with``, ``n_shared``, ``share`` (of the first set's genes),
        ``genes`` (separated by commas).
    """
    rows = []
    for population, genes in gene_sets.items():
        own = list(dict.fromkeys(genes))
        for other, other_genes in others.items():
            common = set(other_genes)
            shared = [gene for gene in own if gene in common]
            if shared:
                rows.append((population, other, len(shared), len(shared) / len(own), ",".join(shared)))
    return pd.DataFrame(rows, columns=["population", "compared_with", "n_shared", "share", "genes"])


def without_genes(gene_sets: Mapping[str, Sequence[str]], genes: Iterable[str]) -> dict[str, list[str]]:
    """Take genes out of a collection; a set of which nothing is left goes with them."""
    taken = set(genes)
    rest = {name: [gene for gene in members if gene not in taken] for name, members in gene_sets.items()}
    return {name: members for name, members in rest.items() if members}
