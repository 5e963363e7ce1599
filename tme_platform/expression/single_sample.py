"""Single-sample GSEA as the R package GSVA computes it, and its normalisation.

Not here: other engines (``engines``), and which sets are worth scoring (``coverage``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tme_platform.expression._random_walk import membership, walk_sums


def ssgsea(
    expression: pd.DataFrame,
    gene_sets: Mapping[str, Sequence[str]],
    *,
    weight: float = 0.25,
    normalise: bool = True,
    min_genes: int = 1,
) -> pd.DataFrame:
    """Score gene sets in each sample.

    Equal to ``gsva(X, sets, method="ssgsea", ssgsea.norm=normalise, min.sz=min_genes)`` of GSVA 1.46: average ranks
    cut to integers, genes in decreasing rank with ties in row order, and the sum (not the largest value) of the
    running difference. A sample's raw scores do not depend on the other samples; normalised ones do. Samples are
    worked on in blocks, so that memory beyond the matrix and the result stays bounded.

    Parameters
    ----------
    expression
        Genes x samples, any monotone scale; one row per gene, nothing missing.
    gene_sets
        Genes by set name; genes that the matrix lacks do not count.
    weight
        Exponent of the ranks inside the set.
    normalise
        Divide by the range of all scores (see ``normalise_scores``).
    min_genes
        Sets with fewer genes in the matrix are left out, as GSVA does.

    Returns
    -------
    DataFrame
        Sets x samples. NaN where a set holds every gene of the matrix, since nothing is left to compare it with.

    Raises
    ------
    ValueError
        A gene twice, a missing value (gene and sample are named), or no set with ``min_genes`` genes in the matrix.

    References
    ----------
    Barbie et al. 2009, Nature 462:108; Hänzelmann, Castelo, Guinney 2013, BMC Bioinformatics 14:7.
    """
    sets = membership(expression.index, gene_sets)
    enough = np.flatnonzero(np.diff(sets.indptr) >= max(min_genes, 1))
    if not len(enough):
        raise ValueError(
            f"None of {len(gene_sets)} gene sets has {max(min_genes, 1)} or more of its genes among the "
            f"{len(expression)} of the matrix. Are the gene identifiers of the same kind?"
        )
    names = [name for i, name in enumerate(gene_sets) if i in set(enough.tolist())]
    raw = pd.DataFrame(
        walk_sums(expression, sets[enough], weight=weight, truncate=True), index=names, columns=expression.columns
    )
    return normalise_scores(raw) if normalise else raw


def score_range(raw: pd.DataFrame) -> tuple[float, float]:
    """Lowest and highest raw score of a cohort: what a further cohort is to be normalised by."""
    values = raw.to_numpy()
    return float(np.nanmin(values)), float(np.nanmax(values))


def normalise_scores(raw: pd.DataFrame, range: tuple[float, float] | None = None) -> pd.DataFrame:
    """Divide raw scores by the width of a range.

    Parameters
    ----------
    raw
        Sets x samples, from ``ssgsea(..., normalise=False)``.
    range
        Lowest and highest score of the reference cohort (``score_range``); of ``raw`` itself when not given.

    Returns
    -------
    DataFrame
        As ``raw``; NaN throughout when the range has no width.
    """
    low, high = score_range(raw) if range is None else range
    return raw / (high - low if high > low else np.nan)
