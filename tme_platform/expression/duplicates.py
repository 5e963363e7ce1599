"""Reduce a matrix to one row per gene.

Renamed genes are never merged; they belong in `symbols`.
"""

from __future__ import annotations

import pandas as pd


def collapse_duplicates(matrix: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the row with the highest mean of each gene, or the first of several with equal means.

    Parameters
    ----------
    matrix
        Genes x samples, numeric. Missing values are ignored in the mean.

    Returns
    -------
    matrix
        One row per gene, in the order of the kept rows.
    collapsed
        One row per gene with several rows: ``gene``, ``n_rows``, ``kept_row`` (position in the input, from 0),
        ``kept_mean``.
    """
    repeated = matrix.index.duplicated(keep=False)
    if not repeated.any():
        return matrix, pd.DataFrame({"gene": [], "n_rows": [], "kept_row": [], "kept_mean": []}).astype(
            {"gene": "object", "n_rows": "int64", "kept_row": "int64", "kept_mean": "float64"}
        )
    rows = pd.DataFrame({"gene": matrix.index, "mean": matrix.mean(axis=1).to_numpy()})[repeated]
    best = rows.sort_values("mean", ascending=False, kind="stable").drop_duplicates("gene").sort_index()
    keep = ~repeated
    keep[best.index] = True
    collapsed = pd.DataFrame(
        {
            "gene": best["gene"].to_numpy(),
            "n_rows": rows.groupby("gene").size().reindex(best["gene"]).to_numpy(),
            "kept_row": best.index.to_numpy(),
            "kept_mean": best["mean"].to_numpy(),
        }
    )
    return matrix[keep], collapsed
