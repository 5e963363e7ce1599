"""Silhouette plots: the width of every tumour in partitions with few clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, select_cohort

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Silhouettes by number of clusters"
_COLOURS = ("#4d4d4d", "#E69F00", "#56B4E9", "#009E73", "#CC79A7")
"""By cluster. Hot and cold are not known here, so neither has its colour."""
_GAP = 0.02
"""Gap between clusters, as a share of the tumours."""


@figure(
    title=TITLE,
    caption="Silhouette width of each tumour, sorted within its cluster, for each number of clusters; below zero, "
    "another cluster is nearer. The dashed line is the mean.",
)
def silhouettes(cluster_silhouettes: pd.DataFrame, *, cohort: str | None = None) -> Drawn:
    """Draw a panel per number of clusters, clusters from top to bottom by size.

    Parameters
    ----------
    cluster_silhouettes
        The table of the same name.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(select_cohort(cluster_silhouettes, cohort).dropna(subset=["width"]), "no silhouettes known.")
    ks = sorted(own["k"].unique())
    figure, axes = canvas(style.DOUBLE_MM, 74, 1, len(ks))
    drawn = own.sort_values(["k", "cluster", "width"], ascending=[True, True, False], ignore_index=True)
    low = min(-0.1, float(own["width"].min()) * 1.05)
    high = max(0.1, float(own["width"].max()) * 1.05)
    for panel, k in zip(axes[0], ks, strict=True):
        _draw(panel, drawn[drawn["k"] == k])
        panel.set_xlim(low, high)
    axes[0, 0].set_ylabel("tumours by cluster")
    n = own["patient_id"].nunique()
    negative = own.groupby("k")["width"].agg(lambda widths: float((widths < 0).mean()))
    shares = ", ".join(f"{share:.0%} for k = {k}" for k, share in negative.items())
    notes = [
        f"n = {n:,}. Beside each cluster: its tumours and their mean width. Below zero: {shares}.",
        "The mean alone does not show separate clusters: one cloud, divided, has positive widths as well.",
    ]
    data = drawn[["k", "cluster", "patient_id", "width"]]
    title = f"{cohort_label(cluster_silhouettes, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(cluster_silhouettes,), notes=notes)


def _draw(panel: Axes, own: pd.DataFrame) -> None:
    from matplotlib.ticker import MaxNLocator

    gap = max(1.0, _GAP * len(own))
    start = 0.0
    for cluster, rows in own.groupby("cluster"):
        number = int(str(cluster))
        widths = rows["width"].to_numpy(dtype=float)
        edges = start + np.arange(len(widths) + 1)
        panel.fill_betweenx(
            edges, 0, np.append(widths, widths[-1]), step="post", color=_COLOURS[(number - 1) % len(_COLOURS)],
            linewidth=0, gid=f"cluster:{number}",
        )  # fmt: skip
        panel.text(
            1.0, start + len(widths) / 2, f"{len(widths):,}\n{widths.mean():.2f}", ha="left", va="center",
            size=style.SMALL_POINTS, transform=panel.get_yaxis_transform(), gid="label",
        )  # fmt: skip
        start += len(widths) + gap
    mean = float(own["width"].mean())
    panel.axvline(0, color=style.INK, linewidth=0.6)
    panel.axvline(mean, color=style.ALERT, linewidth=0.9, linestyle="--", gid="mean")
    panel.set_ylim(start - gap, 0)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    panel.xaxis.set_major_locator(MaxNLocator(3))
    panel.set_xlabel("silhouette width", size=style.SMALL_POINTS)
    panel.set_title(f"k = {own['k'].iloc[0]}, mean {mean:.2f}")
