"""ESTIMATE: stromal and immune content of a tumour, and its purity on Affymetrix arrays.

Purity from other methods (ABSOLUTE, LUMP, histology) comes with the clinical columns of a cohort.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.expression._random_walk import membership, walk_sums
from tme_platform.expression.gene_sets import DATA, gene_set_path, read_gmt
from tme_platform.expression.symbols import harmonise_symbols

PURITY_CAVEAT = (
    "Tumour purity from ESTIMATE is calibrated on Affymetrix arrays. On other platforms, RNA-seq among them, it orders "
    "tumours but is not a fraction; the stromal, immune and ESTIMATE scores hold on every platform."
)
"""Show this wherever ``tumour_purity`` is shown."""

_INTERCEPT, _SLOPE = 0.6049872018, 0.0001467884


def estimate_scores(expression: pd.DataFrame, *, min_share: float = 0.5) -> pd.DataFrame:
    """Score stromal and immune content as the R package estimate does.

    Each sample is ranked over the 10,412 genes shared by the platforms of the package. The stromal and immune scores
    are sums of the running difference with weight 0.25 and average ranks; ``estimate_score`` is their sum, and
    ``tumour_purity`` is cos(0.6049872018 + 0.0001467884 * estimate_score), **valid for Affymetrix only**
    (``PURITY_CAVEAT``). Renamed genes are found with the alias table. Tied genes are ordered as in the package's table
    of common genes.

    Parameters
    ----------
    expression
        Genes x samples on any monotone scale; one row per gene, no missing values.
    min_share
        Smallest share of the 10,412 genes, and of each signature, that the matrix must contain.

    Returns
    -------
    DataFrame
        Samples x (``stromal_score``, ``immune_score``, ``estimate_score``, ``tumour_purity``). Purity is NaN if the
        formula is below 0, as in R. ``attrs`` holds the shares of genes found: ``common_share``, ``stromal_share``,
        ``immune_share``.

    Raises
    ------
    ValueError
        If too few of the genes are found, a gene has several rows, or a value is missing.

    References
    ----------
    Yoshihara et al. 2013, Nature Communications 4:2612.
    """
    common = pd.read_csv(DATA / "estimate_common_genes_10412.tsv.gz")["GeneSymbol"].astype(str)
    signatures = dict(zip(("stromal", "immune"), read_gmt(gene_set_path("estimate_141")).values(), strict=True))
    found = harmonise_symbols(expression.index, common)
    shares = {"common_share": len(found) / len(common)}
    for name, genes in signatures.items():
        shares[f"{name}_share"] = sum(gene in found for gene in genes) / len(genes)
    if min(shares.values()) < min_share or not min(shares.values()):
        raise ValueError(
            f"Too few of ESTIMATE's genes are in the matrix for the required share of {min_share:g}: "
            + ", ".join(f"{name.removesuffix('_share')} {share:.2f}" for name, share in shares.items())
        )
    rows = list(dict.fromkeys(found.values()))
    signatures = {name: [found[gene] for gene in genes if gene in found] for name, genes in signatures.items()}
    ranked = expression.loc[rows]
    sums = walk_sums(ranked, membership(ranked.index, signatures), weight=0.25, truncate=False)
    scores = pd.DataFrame({"stromal_score": sums[0], "immune_score": sums[1]}, index=expression.columns)
    scores["estimate_score"] = scores["stromal_score"] + scores["immune_score"]
    purity = np.cos(_INTERCEPT + _SLOPE * scores["estimate_score"])
    scores["tumour_purity"] = purity.where(purity >= 0)
    scores.attrs.update(shares)
    return scores
