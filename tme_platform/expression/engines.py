"""Score cell populations with one of several engines. The methods themselves are in `single_sample` and `markers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import pandas as pd

from tme_platform.expression.markers import mcp_counter
from tme_platform.expression.single_sample import ssgsea

Engine = Literal["gsva", "gseapy", "mcp_counter"]


def score_cells(
    expression: pd.DataFrame,
    gene_sets: Mapping[str, Sequence[str]],
    engine: Engine = "gsva",
    *,
    weight: float = 0.25,
    min_genes: int = 1,
    threads: int = 1,
) -> pd.DataFrame:
    """Score cell populations with the chosen engine.

    Parameters
    ----------
    expression
        Genes x samples, log2.
    gene_sets
        Genes by population.
    engine
        ``gsva``: ``ssgsea``, equal to GSVA; ``gseapy``: ``gseapy_ssgsea``; ``mcp_counter``: mean of the markers.
    weight, min_genes
        Options of the two ssGSEA engines.
    threads
        Number of threads of gseapy.

    Returns
    -------
    DataFrame
        Populations x samples, not normalised (see ``normalise_scores``).

    Raises
    ------
    ValueError
        If the engine is unknown, or as raised by the engine.
    """
    if engine == "gsva":
        return ssgsea(expression, gene_sets, weight=weight, normalise=False, min_genes=min_genes)
    if engine == "gseapy":
        return gseapy_ssgsea(expression, gene_sets, weight=weight, min_genes=min_genes, threads=threads)
    if engine == "mcp_counter":
        return mcp_counter(expression, gene_sets)
    raise ValueError(f"Unknown engine '{engine}'. Known engines: {', '.join(get_args(Engine))}.")


def gseapy_ssgsea(
    expression: pd.DataFrame,
    gene_sets: Mapping[str, Sequence[str]],
    *,
    weight: float = 0.25,
    min_genes: int = 1,
    threads: int = 1,
) -> pd.DataFrame:
    """Score gene sets with gseapy's ssGSEA.

    gseapy orders tied genes differently from GSVA and does not truncate average ranks, so its scores are close but not
    equal to the raw scores of ``ssgsea``. They differ most with many tied values (rounded or low counts).

    Returns
    -------
    DataFrame
        Sets x samples, raw scores, in the order of the sets; sets with fewer than ``min_genes`` genes are left out.

    Raises
    ------
    ValueError
        If a value is missing, or no set has enough genes.
    """
    present = set(expression.index)
    scored = [name for name, genes in gene_sets.items() if len(present.intersection(genes)) >= max(min_genes, 1)]
    if not scored:
        raise ValueError(
            f"None of {len(gene_sets)} gene sets has at least {max(min_genes, 1)} of its genes in the matrix. "
            "Are the gene identifiers of the same kind?"
        )
    if expression.isna().any(axis=None):
        raise ValueError(
            "Missing expression values: ranking needs a value for every gene. Remove the gene or the sample."
        )
    from tme_platform.expression import _gseapy

    scores = _gseapy.single_sample_scores(
        expression, {name: gene_sets[name] for name in scored}, weight=weight, min_genes=min_genes, threads=threads
    )
    return scores.reindex(index=scored, columns=expression.columns).rename_axis(index=None, columns=None)
