"""State why the clusters of a cohort may not be what the published study calls hot and cold.

The measurements belong in `separation`, `silhouette`, `nbclust` and `characteristics`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

MIN_SILHOUETTE = 0.25
"""Mean silhouette width up to which Kaufman and Rousseeuw (1990) find no substantial structure."""

MIN_INFLAMED_SHARE = 0.5
"""Share of the squared distance that inflamed populations should carry."""

_FDR = 0.05
_LARGEST = 3


class Caution(NamedTuple):
    """One topic: what was measured, the limit, and a sentence if there is a reason for caution (otherwise empty)."""

    topic: str
    value: float
    limit: float
    caution: str


def number_of_clusters(evidence: pd.DataFrame, k: int) -> Iterator[Caution]:
    """Compare the number of clusters with the vote of the indices, and judge the silhouette.

    Parameters
    ----------
    evidence
        Rows of `cluster_evidence`: ``index_name``, ``k``, ``value``, ``chosen``.
    k
        The number of clusters that the phenotypes use.
    """
    by_silhouette = evidence["index_name"] == "mean_silhouette"
    votes = evidence.loc[~by_silhouette & evidence["chosen"].astype(bool), "k"].value_counts().sort_index()
    if len(votes):
        most = int(votes.idxmax())
        tied = votes[votes == votes.max()].index
        said = f"{int(votes.get(k, 0))} of {int(votes.sum())} indices choose {k} clusters"
        caution = "" if k in tied else f"{said}, but most ({int(votes.max())}) choose {most}"
        if k in tied and len(tied) > 1:
            caution = f"{said}, as many as choose {', '.join(str(other) for other in tied if other != k)}"
        yield Caution("number_of_clusters", most, k, caution)
    width = evidence.loc[by_silhouette & (evidence["k"] == k), "value"]
    if len(width) and not pd.isna(width.iloc[0]):
        value = float(width.iloc[0])
        low = value <= MIN_SILHOUETTE
        yield Caution(
            "silhouette",
            value,
            MIN_SILHOUETTE,
            f"the mean silhouette width is {value:.2f}, and up to {MIN_SILHOUETTE} there is no substantial structure"
            if low
            else "",
        )


def one_cloud(compared: pd.DataFrame) -> Iterator[Caution]:
    """Judge whether one Gaussian cloud gives the same evidence for clusters (rows of `cluster_null`).

    High bootstrap stability alone shows nothing: single clouds have Jaccard indices of 0.94 to 0.98.
    """
    above = int((compared["value"] > compared["null_high"]).sum())
    if len(compared):
        caution = (
            "there is no evidence of separate clusters: a single Gaussian cloud of the same covariance gives the same "
            "silhouette, gap statistic and bootstrap stability"
        )
        yield Caution("one_cloud", above, 0, "" if above else caution)


def inflamed_share(separated: pd.DataFrame) -> Caution:
    """Judge how much of the distance between hot and cold is carried by inflamed populations (see `separation`)."""
    share = float(separated.loc[separated["inflamed"].astype(bool), "share"].sum())
    others = separated[~separated["inflamed"].astype(bool)].nlargest(_LARGEST, "share")
    names = ", ".join(
        f"{row['population']} ({'higher' if row['difference'] > 0 else 'lower'} in hot, {row['share'] * 100:.0f} %)"
        for row in others.to_dict("records")
    )
    caution = (
        f"{share * 100:.0f} % of the squared distance between hot and cold tumours is due to adaptive and activated "
        f"innate populations that are higher in hot tumours; the largest shares of others are {names}"
        if share < MIN_INFLAMED_SHARE
        else ""
    )
    return Caution("inflamed_share", share, MIN_INFLAMED_SHARE, caution)


def contradictions(characteristics: pd.DataFrame) -> Iterator[Caution]:
    """List yardsticks measured by other methods that contradict the label (FDR < 0.05).

    Inflamed tumours should have more leukocytes, a lower purity and higher checkpoint genes.

    Parameters
    ----------
    characteristics
        Rows of `phenotype_characteristics`: ``family``, ``variable``, ``phenotype``, ``median``, ``fdr``.
    """
    expected = {"purity": "lower", "checkpoint_genes": "higher", "yardsticks": "higher"}
    known = characteristics[characteristics["family"].isin(expected)]
    medians = known.pivot_table(index=["family", "variable"], columns="phenotype", values="median")
    fdr = known.groupby(["family", "variable"])["fdr"].first().reindex(medians.index)
    if not {"hot", "cold"} <= set(medians):
        return
    for family, direction in expected.items():
        rows = medians[medians.index.get_level_values("family") == family]
        if rows.empty:
            continue
        higher = rows["hot"] > rows["cold"]
        against = rows[((~higher) if direction == "higher" else higher) & (fdr[rows.index] < _FDR)]
        names = ", ".join(str(name) for _, name in against.index)
        opposite = "lower" if direction == "higher" else "higher"
        caution = f"{opposite} in hot than in cold tumours, unlike in inflamed ones: {names}" if len(against) else ""
        yield Caution(f"{family}_{direction}_in_hot", len(rows) - len(against), len(rows), caution)
