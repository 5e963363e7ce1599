"""Hubert's statistic."""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Array, Level, ratio


def hubert(level: Level) -> float:
    """Hubert & Arabie 1985, in NbClust's form: correlation of distances P with distances Q between the centroids.

    The product is summed over pairs, but centred by the means of the whole matrices including the zero diagonals, and
    scaled by the root sum of squares of the column variances.
    """
    own, pairs, n = level.own, level.own_pairs, level.data.n
    apart = own.centroid_distances
    sum_p = float(pairs.between.sum())
    sum_q = float(own.sizes @ apart @ own.sizes)
    mean_p, mean_q = sum_p / n**2, sum_q / n**2
    product = float((pairs.between * apart).sum())
    covariance = (product - mean_q * sum_p - mean_p * sum_q + n * (n - 1) * mean_p * mean_q) / 2
    spread_p = _spread(pairs.square_sums / n, pairs.to_cluster.sum(axis=1) / n, np.ones(n))
    spread_q = _spread(own.sizes @ np.square(apart) / n, own.sizes @ apart / n, own.sizes.astype(float))
    return ratio(covariance, n * (n - 1) / 2 * spread_p * spread_q, "the spread of the distances")


def _spread(mean_square: Array, mean: Array, weight: Array) -> float:
    return float(np.sqrt(weight @ np.square(mean_square - np.square(mean))))
