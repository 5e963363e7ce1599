"""Calibration of the recalibrated rad-score: observed against predicted shares, and the distribution of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label, format_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Calibration of the recalibrated rad-score"


@figure(
    title=TITLE,
    caption="Observed shares against recalibrated probabilities with 95 % CI, and the distribution of the scores.",
)
def calibration(
    reliability_curves: pd.DataFrame,
    rad_scores: pd.DataFrame | None = None,
    cohort_metrics: pd.DataFrame | None = None,
    endpoints: pd.DataFrame | None = None,
) -> Drawn:
    """Draw observed against predicted shares with 95 % confidence intervals, and a histogram of the scores below.

    Parameters
    ----------
    reliability_curves
        The table of the same name, for one cohort or several.
    rad_scores
        The table of the same name. The histogram leaves out the patients who trained the signature.
    cohort_metrics
        The table of the same name. Provides the calibration slope.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    """
    check_not_empty(reliability_curves, "no patient has both a rad-score and an endpoint.")
    figure, axes = canvas(style.DOUBLE_MM * 0.85, 100, 2, 2, heights=(3.6, 1.0), widths=(1.25, 1.0), share_x=False)
    panel, legend = axes[0]
    panel.plot([0, 1], [0, 1], color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
    notes = []
    for position, (key, rows) in enumerate(by_endpoint(reliability_curves)):
        own = rows.sort_values("group")
        look = style.series_style(position)
        observed, low, high = (own[name].to_numpy(dtype=np.float64) for name in ("observed", "ci_low", "ci_high"))
        n, positive = int(own["n"].sum()), int(own["n_positive"].sum())
        name = (
            f"{key[0]}, {key[1]}: {endpoint_label(key[2], endpoints, key[0])}\nn = {n} ({positive} positive)"
            f"{_slope(cohort_metrics, key)}"
        )
        # Shift the series slightly so that intervals do not overlap.
        x = own["predicted"].to_numpy(dtype=np.float64) + 0.004 * position
        panel.errorbar(
            x, observed, yerr=np.maximum([observed - low, high - observed], 0), color=look["color"],
            linestyle="none", marker=look["marker"], markersize=4, elinewidth=0.8, capsize=2, label=name,
        )  # fmt: skip
        if len(own) == 1:
            notes.append(f"{key[0]}, {key[1]}: all scores fall into one group.")
    panel.set_xlim(0, 1)
    panel.set_ylim(-0.02, 1.02)
    panel.set_ylabel("observed share")
    panel.set_xlabel("predicted (mean recalibrated probability)")
    legend.set_axis_off()
    legend.legend(*panel.get_legend_handles_labels(), loc="center left", labelspacing=1.0)
    notes.append(_histogram(axes[1, 0], rad_scores))
    axes[1, 1].set_axis_off()
    notes.append("Groups of about equal size with 95 % CI (Wilson); slope with 95 % CI, 1 if calibrated.")
    return finish(figure, reliability_curves, title=TITLE, frames=(reliability_curves,), notes=notes)


def _histogram(panel: Axes, rad_scores: pd.DataFrame | None) -> str:
    unseen = None if rad_scores is None else rad_scores[rad_scores["side"] != "discovery"]["rad_score"].dropna()
    if unseen is None or unseen.empty:
        panel.set_axis_off()
        return ""
    panel.hist(unseen, bins=list(np.linspace(0, 1, 26)), color="#9a9a9a", edgecolor=style.INK, linewidth=0.4)
    panel.set_xlim(0, 1)
    panel.set_ylabel("patients")
    panel.set_xlabel("rad-score")
    return f"Histogram: the {len(unseen)} patients who did not train the signature."


def _slope(metrics: pd.DataFrame | None, key: tuple[str, str, str]) -> str:
    if metrics is None:
        return ""
    rows = metrics[
        (metrics["cohort"] == key[0])
        & (metrics["side"] == key[1])
        & (metrics["endpoint"] == key[2])
        & (metrics["analysis"] == "honest")
        & (metrics["subgroup"] == "all")
        & (metrics["metric"] == "calibration_slope")
    ]
    if rows.empty:
        return ""
    row = rows.iloc[0]
    return f"\nslope {format_interval(row['value'], row['ci_low'], row['ci_high'])}"
