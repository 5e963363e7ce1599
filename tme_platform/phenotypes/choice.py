"""Choosing k from the evidence. The evidence is computed in `nbclust` and `silhouette`."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tme_platform.phenotypes.nbclust import NbClust


@dataclass(frozen=True)
class ClusterChoice:
    """A number of clusters and what speaks for it.

    Attributes
    ----------
    k
        The chosen number.
    by_vote, by_silhouette
        The majority of the indices, and the largest mean silhouette; None where there is no evidence.
    agree
        Whether the two are the same.
    evidence
        By k: ``votes``, ``silhouette``, ``chosen``.
    """

    k: int
    by_vote: int | None
    by_silhouette: int | None
    agree: bool
    evidence: pd.DataFrame


def choose_k(result: NbClust, silhouette: pd.Series[float]) -> ClusterChoice:
    """Choose k by the majority of the indices; where none votes, by the largest mean silhouette (Han et al. 2024).

    Parameters
    ----------
    result
        From `nbclust`.
    silhouette
        By k, from `silhouette_by_k`; only the k that `result` compares count.

    Raises
    ------
    ValueError
        If neither the vote nor the silhouette says anything.
    """
    widths = silhouette.reindex(result.votes.index)
    by_silhouette = int(widths.idxmax()) if widths.notna().any() else None
    k = by_silhouette if result.k is None else result.k
    if k is None:
        raise ValueError("No index and no silhouette speaks for a number of clusters: are the samples all alike?")
    evidence = pd.DataFrame({"votes": result.votes, "silhouette": widths})
    return ClusterChoice(
        k=k,
        by_vote=result.k,
        by_silhouette=by_silhouette,
        agree=result.k == by_silhouette,
        evidence=evidence.assign(chosen=evidence.index == k),
    )
