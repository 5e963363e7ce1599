"""Gene-set enrichment of a ranking of genes.

Not here: the ranking (``comparison``), and scores of single samples (``single_sample``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics.adjust import benjamini_hochberg


def enrichment(
    ranking: pd.Series[float],
    gene_sets: Mapping[str, Sequence[str]],
    *,
    min_size: int = 15,
    max_size: int = 500,
    permutations: int = 1000,
    seed: int = 0,
    threads: int = 1,
) -> pd.DataFrame:
    """Test whether the genes of each set lie near an end of a ranking.

    gseapy's prerank with fgsea's multilevel p values: plain permutation would need minutes for thousands of sets and
    could not tell p values below 1 / permutations apart.

    Parameters
    ----------
    ranking
        A number per gene, such as ``compare_genes``'s ``signal_to_noise``; missing values are left out, and tied genes
        keep the order given.
    gene_sets
        Genes by set name.
    min_size, max_size
        Sets with fewer or more genes in the ranking are left out.
    permutations
        Random sets per size, of which the normalised score is made.
    seed
        Of the random sets.
    threads
        Of gseapy.

    Returns
    -------
    DataFrame
        One row per set, the smallest p first and of equal p the largest score: ``term``, ``es``, ``nes``, ``p`` (not
        below 1e-6), ``fdr`` (Benjamini-Hochberg over the sets tested), ``n_genes`` (in the ranking), ``genes`` (these,
        separated by commas, in the order of the ranking), ``leading_edge`` (genes up to the peak, the most extreme
        first). No rows when no set has a fitting size.

    Raises
    ------
    ValueError
        A gene twice, or an infinite value.

    References
    ----------
    Subramanian et al. 2005, PNAS 102:15545; Korotkevich et al. 2021, bioRxiv 060012 (multilevel).
    """
    ordered = ranking.dropna().sort_values(ascending=False, kind="stable").astype("float64")
    if not ordered.index.is_unique:
        raise ValueError(f"Gene '{ordered.index[ordered.index.duplicated()][0]}' is in the ranking more than once.")
    if np.isinf(ordered).any():
        raise ValueError(f"Gene '{ordered.index[np.isinf(ordered)][0]}' has an infinite value in the ranking.")
    present = set(ordered.index)
    sizes = {name: len(present.intersection(genes)) for name, genes in gene_sets.items()}
    fitting = {name: gene_sets[name] for name, size in sizes.items() if min_size <= size <= max_size}
    columns = ["term", "es", "nes", "p", "fdr", "n_genes", "genes", "leading_edge"]
    if not fitting:
        return pd.DataFrame(columns=columns)
    from tme_platform.expression import _gseapy

    summaries = _gseapy.prerank_summaries(
        ordered,
        fitting,
        min_size=min_size,
        max_size=max_size,
        permutations=permutations,
        seed=seed,
        threads=threads,
    )
    magnitude = np.abs(ordered.to_numpy())
    rows = []
    for summary in summaries:
        hits = np.sort(np.asarray(summary.hits, dtype=np.int64))
        edge = ordered.index[_leading_edge(hits, magnitude, summary.es > 0)]
        genes = ",".join(ordered.index[hits])
        rows.append((summary.term, summary.es, summary.nes, summary.pval, np.nan, len(hits), genes, ",".join(edge)))
    table = pd.DataFrame(rows, columns=columns)
    table["fdr"] = benjamini_hochberg(table["p"])
    strongest = table["nes"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[strongest].sort_values("p", kind="stable", ignore_index=True)


def _leading_edge(hits: NDArray[np.int64], magnitude: NDArray[np.float64], at_top: bool) -> NDArray[np.int64]:
    """Positions of a set's genes from its end of the ranking to the peak of the running difference."""
    inside = np.cumsum(magnitude[hits])
    inside = inside / inside[-1] if inside[-1] > 0 else np.arange(1, len(hits) + 1) / len(hits)
    outside = (hits - np.arange(len(hits))) / (len(magnitude) - len(hits))
    if at_top:
        return hits[: np.argmax(inside - outside) + 1]
    before = np.concatenate([[0.0], inside[:-1]]) - outside
    return hits[np.argmin(before) :][::-1]
