"""NbClust's silhouette. The plain mean silhouette by k is in `tme_platform.phenotypes.silhouette`."""

from __future__ import annotations

from tme_platform.phenotypes.indices.level import Level
from tme_platform.phenotypes.silhouette import silhouette_widths


def silhouette(level: Level) -> float:
    """Kaufman & Rousseeuw 1990, in NbClust's form: a cluster of one has width 1 instead of 0."""
    own = level.own
    widths = silhouette_widths(level.own_pairs.to_cluster, own.labels)
    return float((widths.sum() + (own.sizes == 1).sum()) / level.data.n)
