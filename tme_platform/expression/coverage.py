"""How much of each gene set an expression matrix has, and which sets are too thin to score.

Not here: resolving renamed symbols, which comes before (``symbols``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd


def gene_set_coverage(expression_genes: Iterable[str], gene_sets: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Share of each set's genes that the matrix has.

    Returns
    -------
    DataFrame
        One row per set: ``population``, ``n_genes``, ``n_found``, ``share`` (0 to 1; NaN for a set without genes),
        ``missing`` (the absent genes, separated by commas).
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
    gene_sets: Mapping[str, Sequence[str]], genes: Iterable[str], min_share: float
) -> tuple[dict[str, list[str]], pd.DataFrame]:
    """Split a collection into the sets that can be scored and those that are refused.

    Parameters
    ----------
    gene_sets
        Genes by set name.
    genes
        The genes of the matrix.
    min_share
        The smallest share of a set's genes (0 to 1) that must be there. A set of which nothing is there is always
        refused.

    Returns
    -------
    usable
        The sets that stay, whole: what is missing of them is in ``gene_set_coverage``.
    refused
        The columns of ``gene_set_coverage`` and ``reason``.

    Raises
    ------
    ValueError
        ``min_share`` is not between 0 and 1.
    """
    if not 0 <= min_share <= 1:
        raise ValueError(f"min_share is a share between 0 and 1, not {min_share}.")
    coverage = gene_set_coverage(genes, gene_sets)
    usable = (coverage["n_found"] > 0) & (coverage["share"] >= min_share)
    refused = coverage[~usable].reset_index(drop=True)
    why = {True: f"below the share of {min_share:g} that is asked for", False: "none to score it by"}
    refused["reason"] = [
        f"{found} of {wanted} genes found, {why[found > 0]}"
        for found, wanted in zip(refused["n_found"], refused["n_genes"], strict=True)
    ]
    return {name: list(gene_sets[name]) for name in coverage.loc[usable, "population"]}, refused
