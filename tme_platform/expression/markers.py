"""MCP-counter: estimate a population as the mean of its markers. Rank-based scores belong in `single_sample`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd


def mcp_counter(expression: pd.DataFrame, markers: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Score populations by the mean log2 expression of their markers.

    Equal to ``MCPcounter.estimate`` of the R package MCPcounter. Scores are comparable between samples of one
    population on one platform, but not between populations.

    Parameters
    ----------
    expression
        Genes x samples, log2. Missing values are ignored in the mean.
    markers
        Marker genes by population.

    Returns
    -------
    DataFrame
        Populations x samples, in log2 units; NaN for a population without a marker in the matrix.

    References
    ----------
    Becht et al. 2016, Genome Biology 17:218.
    """
    means = {population: expression[expression.index.isin(set(genes))].mean() for population, genes in markers.items()}
    return pd.DataFrame(means, index=expression.columns).T
