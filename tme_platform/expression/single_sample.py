"""Compute single-sample GSEA scores as the R package GSVA does, and normalise them.

Other engines belong in `engines`, selecting sets with enough genes in `coverage`.
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
    truncated to integers, genes in decreasing rank with ties in row order, and the sum (not the maximum) of the
    running difference. Raw scores of a sample do not depend on the other samples; normalised scores do. Samples are
    processed in blocks, which bounds the memory needed beyond the matrix and the result.

    Parameters
    ----------
    expression
        Genes x samples on any monotone scale; one row per gene, no missing values.
    gene_sets
        Genes by set name. Genes missing from the matrix are ignored.
    weight
        Exponent of the ranks of the set's genes.
    normalise
        Divide by the range of all scores (see ``normalise_scores``).
    min_genes
        Sets with fewer genes in the matrix are left out, as GSVA does.

    Returns
    -------
    DataFrame
        Sets x samples. NaN for a set that contains every gene of the matrix.

    Raises
    ------
    ValueError
        If a gene has several rows, a value is missing, or no set has ``min_genes`` genes in the matrix.

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
    """Return the lowest and highest raw score of a cohort, with which other cohorts can be normalised."""
    values = raw.to_numpy()
    return float(np.nanmin(values)), float(np.nanmax(values))


def normalise_scores(raw: pd.DataFrame, range: tuple[float, float] | None = None) -> pd.DataFrame:
    """Divide raw scores by the width of a range.

    Parameters
    ----------
    raw
        Sets x samples, from ``ssgsea(..., normalise=False)``.
    range
        Lowest and highest score of the reference cohort (``score_range``); by default those of ``raw``.

    Returns
    -------
    DataFrame
        Shaped as ``raw``; all NaN if the range has no width.
    """
    low, high = score_range(raw) if range is None else range
    return raw / (high - low if high > low else np.nan)
