"""ESTIMATE: stromal and immune content of a tumour, and the purity that the two imply on Affymetrix arrays.

Not here: purity measured otherwise (ABSOLUTE, LUMP, histology), which cohorts bring as clinical columns.
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
"""To be shown wherever ``tumour_purity`` is."""

_INTERCEPT, _SLOPE = 0.6049872018, 0.0001467884


def estimate_scores(expression: pd.DataFrame, *, min_share: float = 0.5) -> pd.DataFrame:
    """Score stromal and immune content as the R package estimate does.

    The sample is ranked over the 10,412 genes that the package's platforms share; the scores are the sums of the
    running difference with weight 0.25 and average ranks, of which ``estimate_score`` is the sum, and
    ``tumour_purity`` is cos(0.6049872018 + 0.0001467884 * estimate_score), **valid for Affymetrix only**
    (``PURITY_CAVEAT``). Renamed genes are found through the alias table; genes enter in the order of the package's
    table of common genes, which decides between tied genes.

    Parameters
    ----------
    expression
        Genes x samples, any monotone scale; one row per gene, nothing missing.
    min_share
        The smallest share of the 10,412 genes, and of each signature, that must be there.

    Returns
    -------
    DataFrame
        Samples x (``stromal_score``, ``immune_score``, ``estimate_score``, ``tumour_purity``); purity is NaN where
        the formula falls below 0, as in R. ``attrs`` holds the shares of genes found: ``common_share``,
        ``stromal_share``, ``immune_share``.

    Raises
    ------
    ValueError
        Too few of the genes, a gene twice, or a missing value.

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
            f"Too few of ESTIMATE's genes in the matrix for the share of {min_share:g} that is asked for: "
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
