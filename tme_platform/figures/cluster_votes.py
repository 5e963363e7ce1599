"""Number of clusters: mean silhouette width and votes of the indices for each k."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, select_cohort

TITLE = "Number of clusters"
SILHOUETTE = "mean_silhouette"
"""Shown beside the vote but not counted in it, since NbClust has its own silhouette index."""


@figure(
    title=TITLE,
    caption="Mean silhouette width by number of clusters, and how many of NbClust's indices choose each.",
)
def cluster_votes(cluster_evidence: pd.DataFrame, *, cohort: str | None = None) -> Drawn:
    """Draw the mean silhouette and the number of indices that choose each k.

    Parameters
    ----------
    cluster_evidence
        The table of the same name.
    cohort
        Cohort to draw, if the table holds several.
    """
    from matplotlib.ticker import MaxNLocator

    own = check_not_empty(select_cohort(cluster_evidence, cohort), "this cohort was not clustered.")
    silhouette = own[own["index_name"] == SILHOUETTE].set_index("k")["value"].sort_index()
    voting = own[own["index_name"] != SILHOUETTE]
    votes = voting[voting["chosen"].astype(bool)].groupby("k").size().reindex(silhouette.index, fill_value=0)
    voters = int(votes.sum())
    data = pd.DataFrame({"k": votes.index, "votes": votes.to_numpy(), "mean_silhouette": silhouette.to_numpy()})
    check_not_empty(data, "no number of clusters was tried.")

    figure, axes = canvas(style.DOUBLE_MM * 0.75, 62, 1, 2)
    best = int(silhouette.idxmax()) if silhouette.notna().any() else None
    left, right = axes[0]
    left.plot(data["k"], data["mean_silhouette"], "-o", color=style.INK, markersize=4)
    if best is not None:
        left.plot([best], [silhouette[best]], "o", color=style.PHENOTYPE_COLOURS["hot"], markersize=7, zorder=4)
        left.annotate(
            f"{silhouette[best]:.2f}", (best, silhouette[best]), (6, 2), textcoords="offset points", weight="bold"
        )
    left.set_ylim(0, max(float(silhouette.max()) * 1.2, 0.1) if best is not None else 1)
    left.set_ylabel("mean silhouette width")
    most = int(votes.idxmax())
    colours = [style.PHENOTYPE_COLOURS["hot"] if k == most and voters else "#9a9a9a" for k in data["k"]]
    right.bar(data["k"], data["votes"], color=colours, edgecolor=style.INK, linewidth=0.6, width=0.7)
    for k, count in zip(data["k"], data["votes"], strict=True):
        right.text(k, count, f"{count}", ha="center", va="bottom")
    right.set_ylabel("indices that choose k")
    right.yaxis.set_major_locator(MaxNLocator(integer=True))
    for panel in (left, right):
        panel.set_xticks(data["k"])
        panel.set_xlabel("number of clusters k")
    without = sorted(set(voting["index_name"]) - set(voting.loc[voting["chosen"].astype(bool), "index_name"]))
    notes = [f"{voters} of {voting['index_name'].nunique()} indices choose a k."]
    notes.append(f"No choice: {', '.join(without)}." if without else "")
    title = f"{cohort_label(cluster_evidence, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(cluster_evidence,), notes=notes)
