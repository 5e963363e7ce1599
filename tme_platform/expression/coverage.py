"""Find how many genes of each set an expression matrix contains, and which sets have enough genes to score.

Renamed symbols are resolved first, in `symbols`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd


def gene_set_coverage(expression_genes: Iterable[str], gene_sets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Compute the share of each set's genes that the matrix contains.

    Returns
    -------
    DataFrame
        One row per set: ``population``, ``n_genes``, ``n_found``, ``share`` (0 to 1; NaN for a set without genes),
        ``missing`` (the missing genes, separated by commas).
    """
    present = set(expression_genes)
    rows = []
    for name, genes in gene_sets.items():
        wanted = list(dict.fromkeys(genes))
        missing = [gene for gene in wanted if gene not in present]
        found = len(wanted) - len(missing)
        rows.append((name, len(wanted), found, found / len(wanted) if wanted else float("nan"), ",".join(missing)))
    return pd.DataFrame(rows, columns=["population", "n_genes", "n_found", "share", "missing"])


def usable_gene_sets(
    gene_sets: Mapping[str, Sequence[str]], genes: Iterable[str], min_share: float, min_genes: int = 1
) -> tuple[dict[str, list[str]], pd.DataFrame]:
    """Split a collection into sets with enough genes to be scored and rejected sets.

    Parameters
    ----------
    gene_sets
        Genes by set name.
    genes
        The genes of the matrix.
    min_share
        Smallest share of a set's genes (0 to 1) that the matrix must contain.
    min_genes
        Smallest number of them, at least 1. The score of a set of one or two genes is the score of those genes.

    Returns
    -------
    usable
        The usable sets with all their genes, including those that the matrix lacks.
    rejected
        The columns of ``gene_set_coverage`` and ``reason``.

    Raises
    ------
    ValueError
        If ``min_share`` is not between 0 and 1, or ``min_genes`` is below 1.
    """
    if not 0 <= min_share <= 1:
        raise ValueError(f"min_share must be between 0 and 1, not {min_share}.")
    if min_genes < 1:
        raise ValueError(f"min_genes must be at least 1, not {min_genes}.")
    coverage = gene_set_coverage(genes, gene_sets)
    usable = (coverage["n_found"] >= min_genes) & (coverage["share"] >= min_share)
    rejected = coverage[~usable].reset_index(drop=True)
    rejected["reason"] = [
        f"{found} of {wanted} genes found"
        + (f", below the required share of {min_share:g}" if 0 < found < min_share * wanted else "")
        + (f", fewer than the required {min_genes}" if 0 < found < min_genes else "")
        for found, wanted in zip(rejected["n_found"], rejected["n_genes"], strict=True)
    ]
    return {name: list(gene_sets[name]) for name in coverage.loc[usable, "population"]}, rejected
