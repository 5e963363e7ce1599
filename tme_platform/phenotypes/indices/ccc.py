"""The cubic clustering criterion."""

from __future__ import annotations

import numpy as np

from tme_platform.phenotypes.indices.level import Level, UndefinedIndexError


def ccc(level: Level) -> float:
    """Sarle 1983 (SAS technical report A-108): observed R squared relative to that of a uniform hyperbox.

    As in NbClust, the edges of the box are the square roots of the eigenvalues of X'X / (n - 1), with 1 in place of 0.
    """
    data, k, n, p = level.data, level.k, level.data.n, level.data.p
    total = float(np.trace(data.crossproduct))
    within = level.own.inertia / total if total else 0.0
    if within == 0:
        raise UndefinedIndexError("the within sum of squares is zero")
    edges = np.where(data.edges > 0, data.edges, 1.0)
    cube = edges / np.exp((np.log(edges).sum() - np.log(k)) / p)
    dimensions = min(int((cube >= 1).sum()), k - 1)
    if 0 < dimensions < p:
        cube = edges / np.exp((np.log(edges[:dimensions]).sum() - np.log(k)) / dimensions)
        rest = np.square(cube[dimensions:]) / (n + cube[dimensions:])
        lost = (1 / (n + cube[:dimensions])).sum() + rest.sum()
    else:
        dimensions = p
        lost = (1 / (n + cube)).sum()
    unexplained = lost / np.square(cube).sum() * (n - k) ** 2 / n * (1 + 4 / n)
    if 1.001 - unexplained <= 0:
        raise UndefinedIndexError("the expected R squared is negative")
    return float(np.log(unexplained / within) * np.sqrt(n * dimensions / 2) / (1.001 - unexplained) ** 1.2)
