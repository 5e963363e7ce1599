"""One row per gene: the rule for genes that a matrix has more than once.

Not here: renamed genes, which are never merged (``symbols``).
"""

from __future__ import annotations

import pandas as pd


def collapse_duplicates(matrix: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep, of the rows of a gene, the one with the highest mean; of equal means the first.

    Parameters
    ----------
    matrix
        Genes x samples, numeric; missing values are left out of the mean.

    Returns
    -------
    matrix
        One row per gene, in the order of the kept rows.
    collapsed
        One row per gene that occurred more than once: ``gene``, ``n_rows``, ``kept_row`` (position from 0 in the
        matrix given), ``kept_mean``.
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
