"""Find gene sets at the ends of a ranking of genes: preranked GSEA, the paper's way.

Rankings belong in `comparison`, scores of single samples in `single_sample`, tests between samples in `enrich`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tme_platform.statistics import benjamini_hochberg


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
    """Test whether the genes of each set are concentrated at one end of a ranking, as if genes were independent.

    The p values permute genes. Genes of a set are correlated, so for a ranking that compares samples they are far too
    small: with shuffled labels many sets appear significant (`docs/benchmarks.md`). Use `enrich` to test.

    Uses gseapy's prerank with fgsea's multilevel p values. Plain permutation would take minutes for thousands of sets
    and could not resolve p values below 1 / permutations.

    Parameters
    ----------
    ranking
        One number per gene, such as ``signal_to_noise`` of ``compare_genes``. Missing values are left out; tied genes
        keep their order.
    gene_sets
        Genes by set name.
    min_size, max_size
        Sets with fewer or more genes in the ranking are left out.
    permutations
        Number of random sets per size, used to normalise the score.
    seed
        Seed of the random sets.
    threads
        Number of threads of gseapy; the values do not depend on it.

    Returns
    -------
    DataFrame
        One row per set, by increasing p and then by decreasing absolute normalised score: ``term``, ``es``, ``nes``,
        ``p`` (at least 1e-6), ``fdr`` (Benjamini-Hochberg over the tested sets), ``n_genes`` (in the ranking),
        ``genes`` (in the order of the ranking, separated by commas), ``leading_edge`` (genes up to the peak, the most
        extreme first). Empty if no set has a suitable size.

    Raises
    ------
    ValueError
        If a gene occurs more than once or has an infinite value.

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
    """Return the positions of a set's genes between its end of the ranking and the peak of the running difference."""
    inside = np.cumsum(magnitude[hits])
    inside = inside / inside[-1] if inside[-1] > 0 else np.arange(1, len(hits) + 1) / len(hits)
    outside = (hits - np.arange(len(hits))) / (len(magnitude) - len(hits))
    if at_top:
        return hits[: np.argmax(inside - outside) + 1]
    before = np.concatenate([[0.0], inside[:-1]]) - outside
    return hits[np.argmin(before) :][::-1]
