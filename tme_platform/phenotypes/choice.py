"""Choose the number of clusters from the evidence, which is computed in `nbclust` and `silhouette`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tme_platform.phenotypes.nbclust import NbClust


@dataclass(frozen=True)
class ClusterChoice:
    """A number of clusters and the evidence for it.

    Attributes
    ----------
    k
        The chosen number.
    by_vote, by_silhouette
        The choice by the majority of the indices, and by the largest mean silhouette; None without evidence.
    agree
        Whether the two choices are the same.
    evidence
        By k: ``votes``, ``silhouette``, ``chosen``.
    """

    k: int
    by_vote: int | None
    by_silhouette: int | None
    agree: bool
    evidence: pd.DataFrame


def choose_k(result: NbClust, silhouette: pd.Series[float]) -> ClusterChoice:
    """Choose k by the majority of the indices, or by the largest mean silhouette if none votes (Han et al. 2024).

    Parameters
    ----------
    result
        From `nbclust`.
    silhouette
        Mean silhouette by k, from `silhouette_by_k`. Only the k compared in `result` are used.

    Raises
    ------
    ValueError
        If no index votes and no silhouette is defined.
    """
    widths = silhouette.reindex(result.votes.index)
    by_silhouette = int(widths.idxmax()) if widths.notna().any() else None
    k = by_silhouette if result.k is None else result.k
    if k is None:
        raise ValueError("No index and no silhouette supports a number of clusters: are all samples identical?")
    evidence = pd.DataFrame({"votes": result.votes, "silhouette": widths})
    return ClusterChoice(
        k=k,
        by_vote=result.k,
        by_silhouette=by_silhouette,
        agree=result.k == by_silhouette,
        evidence=evidence.assign(chosen=evidence.index == k),
    )
