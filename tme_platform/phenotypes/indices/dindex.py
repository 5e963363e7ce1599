"""The D index."""

from __future__ import annotations

from tme_platform.phenotypes.indices.level import Level


def dindex(level: Level) -> float:
    """Lebart et al. 2000, in NbClust's form: mean distance of a sample to its centroid."""
    return float(level.own.to_centroid.mean())
