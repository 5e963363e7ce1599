"""Test gene sets competitively with the correlation of their genes estimated: CAMERA as in the R package limma.

The test by permutation of samples belongs in `enrich`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tme_platform.expression._set_matrix import TwoGroups

_SMALLEST_VARIANCE = 1e-8
"""limma's floor of a gene's residual variance where residuals are standardised."""

_SMALLEST_SHARE_OF_MEDIAN = 1e-5
"""limma's floor of a variance, as a share of the median, where the prior is fitted."""


@dataclass(frozen=True)
class VariancePrior:
    """Scaled inverse chi-square distribution of the genes' variances."""

    variance: float
    df: float


def set_correlation(data: TwoGroups) -> NDArray[np.float64]:
    """Estimate the mean correlation between the genes of each set, within the two groups; NaN for a single gene.

    References
    ----------
    Wu & Smyth 2012, Nucleic Acids Res 40:e133.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation: NDArray[np.float64] = (variance_inflation(data) - 1) / (data.sizes - 1)
    return correlation


def variance_inflation(data: TwoGroups) -> NDArray[np.float64]:
    """Return how much the variance of each set's mean exceeds that of independent genes; 1 for a single gene."""
    within, variance = data.residuals()
    standardised = within / np.sqrt(np.maximum(variance, _SMALLEST_VARIANCE))[:, None]
    df = within.shape[1] - 2
    inflation: NDArray[np.float64] = data.sizes * np.square(data.set_means(standardised)).sum(axis=1) / df
    return np.where(data.sizes > 1, inflation, 1.0)


def camera(data: TwoGroups) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the t statistic of each set and its p value (two-sided).

    Equal to ``camera(y, index, cbind(1, group), contrast=2, inter.gene.cor=NA)`` of limma 3.54: moderated t
    statistics as normal deviates, and a two-sample t test between the genes inside and outside the set whose variance
    is inflated by the estimated correlation. Negative correlations count as 0.

    References
    ----------
    Wu & Smyth 2012, Nucleic Acids Res 40:e133.
    """
    from scipy import stats

    score = moderated_z(data)
    n_genes, inside = len(score), data.sizes
    outside = n_genes - inside
    shift = n_genes / outside * (data.set_means(score[:, None])[:, 0] - score.mean())
    pooled = ((n_genes - 1) * score.var(ddof=1) - shift**2 * inside * outside / n_genes) / (n_genes - 2)
    inflation = np.maximum(variance_inflation(data), 1.0)
    t = shift / np.sqrt(pooled * (inflation / inside + 1 / outside))
    p = 2 * stats.t.sf(np.abs(t), min(len(data.first) - 2, n_genes - 2))
    return t, p


def moderated_z(data: TwoGroups) -> NDArray[np.float64]:
    """Return the moderated t statistic of each gene as a normal deviate; positive if higher in the first group."""
    first = data.first
    _, variance = data.residuals()
    df = len(first) - 2
    difference = data.centred[:, first].mean(axis=1) - data.centred[:, ~first].mean(axis=1)
    prior = fit_variance_prior(variance, df)
    shrunk = (
        np.full(len(variance), prior.variance)
        if np.isinf(prior.df)
        else (df * variance + prior.df * prior.variance) / (df + prior.df)
    )
    t = difference / np.sqrt(shrunk * (1 / first.sum() + 1 / (~first).sum()))
    return _normal_deviate(t, min(df + prior.df, len(variance) * df))


def fit_variance_prior(variance: NDArray[np.float64], df: int) -> VariancePrior:
    """Fit the distribution of the variances by the moments of their logarithms.

    Parameters
    ----------
    variance
        Residual variance of each gene.
    df
        Its degrees of freedom.

    Returns
    -------
    VariancePrior
        With infinite degrees of freedom if the variances differ no more than by chance.

    References
    ----------
    Smyth 2004, Stat Appl Genet Mol Biol 3:3.
    """
    from scipy import special

    values = np.maximum(variance, _SMALLEST_SHARE_OF_MEDIAN * np.median(variance))
    logs = np.log(values) - special.digamma(df / 2) + np.log(df / 2)
    excess = logs.var(ddof=1) - special.polygamma(1, df / 2)
    if excess <= 0:
        return VariancePrior(float(values.mean()), np.inf)
    prior = 2 * _inverse_trigamma(float(excess))
    return VariancePrior(float(np.exp(logs.mean() + special.digamma(prior / 2) - np.log(prior / 2))), prior)


def _inverse_trigamma(value: float) -> float:
    """Solve trigamma(y) = value by Newton's method on 1 / trigamma, which is convex: it converges from below."""
    from scipy import special

    y = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(special.polygamma(1, y))
        step = trigamma * (1 - trigamma / value) / float(special.polygamma(2, y))
        y += step
        if abs(step) < 1e-12 * y:
            break
    return y


def _normal_deviate(t: NDArray[np.float64], df: float) -> NDArray[np.float64]:
    """Transform t statistics to normal deviates by the expansion of Hill (1970, Commun ACM 13:619), as limma does."""
    shifted = min(df, 1e100) - 0.5
    scale = 48 * shifted**2
    z = shifted * np.log1p(t**2 / min(df, 1e100))
    numerator = np.polynomial.polynomial.polyval(z, [-85.5, -24, -3.3, -0.4])
    correction = (numerator / (0.8 * z**2 + 100 + scale) + z + 3) / scale
    deviate: NDArray[np.float64] = np.sign(t) * (correction + 1) * np.sqrt(z)
    return deviate
