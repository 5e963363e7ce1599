"""Find genes shared by two collections: scores of sets that share genes correlate by construction.

Matching sets with a matrix belongs in `coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd


def shared_genes(gene_sets: Mapping[str, Sequence[str]], others: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """List every pair of sets, one from each collection, that has genes in common.

    Returns
    -------
    DataFrame
        One row per pair: ``population``, ``compared_with``, ``n_shared``, ``share`` (of the first set's genes),
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
    """Remove genes from a collection, and sets that become empty."""
    removed = set(genes)
    kept = {name: [gene for gene in members if gene not in removed] for name, members in gene_sets.items()}
    return {name: members for name, members in kept.items() if members}
