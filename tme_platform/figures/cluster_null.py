"""Evidence for separate clusters, compared with one Gaussian cloud."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, format_p, select_cohort

TITLE = "Clusters compared with one Gaussian cloud"
_NAMES = {"silhouette": "mean silhouette width", "gap": "gap statistic", "jaccard": "bootstrap Jaccard index"}


@figure(
    title=TITLE,
    caption="Silhouette, gap statistic and bootstrap stability of the clusters (points), and the 95 % interval of what "
    "k-means finds in single Gaussian clouds with the same covariance (lines).",
)
def cluster_null(cluster_null: pd.DataFrame, *, cohort: str | None = None) -> Drawn:
    """Draw each measure as a point against its interval in simulated single clouds.

    Parameters
    ----------
    cluster_null
        The table of the same name.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = select_cohort(cluster_null, cohort).dropna(subset=["value"])
    own = check_not_empty(own, "the clusters of this cohort were not compared with a single cloud.")
    measures = [name for name in _NAMES if (own["measure"] == name).any()]
    counts = [int((own["measure"] == name).sum()) for name in measures]
    height = 20 + 13 * len(measures) + 6 * sum(counts)
    figure, axes = canvas(
        style.SINGLE_MM * 1.4, height, len(measures), 1, heights=tuple(count + 0.6 for count in counts)
    )
    for panel, name in zip(axes[:, 0], measures, strict=True):
        rows = own[own["measure"] == name].reset_index(drop=True)
        above = rows["value"] > rows["null_high"]
        panel.hlines(
            rows.index, rows["null_low"], rows["null_high"], color=style.MUTED, linewidth=3, gid=f"null:{name}"
        )
        panel.plot(rows["null_mean"], rows.index, "|", color=style.INK, markersize=7)
        colours = [style.PHENOTYPE_COLOURS["hot"] if is_above else style.INK for is_above in above]
        panel.scatter(rows["value"], rows.index, s=26, color=colours, marker="D", zorder=3, gid=f"observed:{name}")
        labels = [
            (f"k = {k}" if cluster == "all" else f"k = {k}, cluster {cluster}") + f"\n{format_p(p)}"
            for k, cluster, p in zip(rows["k"], rows["cluster"], rows["p"], strict=True)
        ]
        panel.set_yticks(rows.index, labels)
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.margins(x=0.08)
        panel.tick_params(axis="y", length=0)
        panel.set_xlabel(_NAMES[name])
    n, draws = int(own["n"].max()), int(own["draws"].max())
    inside = int((own["value"] <= own["null_high"]).sum())
    notes = [
        f"n = {n:,}. Line: 95 % interval over {draws} simulated clouds; tick: their mean; p: share of clouds "
        "with at least the observed value.",
        f"{inside} of {len(own)} values are within or below the interval: no evidence of separate clusters."
        if inside == len(own)
        else f"{len(own) - inside} of {len(own)} values are above the interval (orange).",
    ]
    columns = ["measure", "k", "cluster", "value", "null_mean", "null_low", "null_high", "p", "n", "draws"]
    title = f"{cohort_label(cluster_null, cohort)}{TITLE}"
    return finish(figure, own[columns], title=title, frames=(cluster_null,), notes=notes)
