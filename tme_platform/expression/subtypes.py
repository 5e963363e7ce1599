"""Call intrinsic subtypes by the nearest PAM50 centroid.

Published subtypes come with the clinical table of a cohort.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.expression.gene_sets import DATA
from tme_platform.expression.symbols import harmonise_symbols


def intrinsic_subtype(expression: pd.DataFrame, *, min_share: float = 0.5) -> pd.DataFrame:
    """Call the intrinsic subtype of each tumour.

    Each gene is centred on its median over the cohort. A tumour gets the subtype of the centroid with the highest
    Spearman correlation. Because of the centring, calls are relative to the cohort and not valid in a cohort of
    unusual composition (such as triple-negative tumours only).

    Parameters
    ----------
    expression
        Genes x samples, log2. Renamed genes are found with the alias table.
    min_share
        Smallest share of the 50 genes that the matrix must contain.

    Returns
    -------
    DataFrame
        Samples x (``subtype`` and the correlation with each centroid: ``Basal``, ``Her2``, ``LumA``, ``LumB``,
        ``Normal``). All are missing for a sample with a missing value or without variation. ``attrs["gene_share"]`` is
        the share of the 50 genes that was found.

    Raises
    ------
    ValueError
        If too few of the genes are found, or one of them more than once.

    References
    ----------
    Parker et al. 2009, Journal of Clinical Oncology 27:1160.
    """
    centroids = pd.read_csv(DATA / "pam50_centroids_genefu.csv", index_col="gene")
    found = harmonise_symbols(expression.index, centroids.index)
    share = len(found) / len(centroids)
    if share < min_share or len(found) < 3:
        raise ValueError(
            f"{len(found)} of the {len(centroids)} PAM50 genes found, below the required share of {min_share:g}."
        )
    values = expression.loc[list(found.values())]
    if len(values) > len(found):
        raise ValueError("A PAM50 gene occurs more than once in the matrix. Use collapse_duplicates first.")
    centred = values.sub(values.median(axis=1), axis=0)
    correlations = _spearman(centred, centroids.loc[list(found)])
    subtype = correlations.fillna(-np.inf).idxmax(axis=1).where(correlations.notna().all(axis=1))
    calls = pd.concat([subtype.rename("subtype"), correlations], axis=1)
    calls.attrs["gene_share"] = share
    return calls


def _spearman(samples: pd.DataFrame, centroids: pd.DataFrame) -> pd.DataFrame:
    """Correlate every sample with every centroid; NaN for a sample with a missing value or without variation."""
    incomplete = samples.isna().any()
    left, right = (frame.rank().to_numpy() for frame in (samples, centroids))
    left, right = left - left.mean(axis=0), right - right.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = left.T @ right / np.sqrt(np.outer((left**2).sum(axis=0), (right**2).sum(axis=0)))
    correlations = pd.DataFrame(values, index=samples.columns, columns=centroids.columns)
    return correlations.mask(incomplete, axis=0)
