"""ROC curves of the rad-score in subgroups of patients, one panel per cohort, side and endpoint."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label, format_interval, subgroup_label

TITLE = "ROC curves of the rad-score by subgroup"
_MOST_ACROSS = 2
_CURVES_MM = 56.0
_LEGEND_ENTRY_MM = 7.5


@figure(
    title=TITLE,
    caption="ROC curves in subgroups with at least 5 positive and 5 negative patients, with AUC and 95 % CI.",
)
def roc_by_subgroup(roc_curves: pd.DataFrame, endpoints: pd.DataFrame | None = None) -> Drawn:
    """Draw the ROC curves of all patients and of each subgroup.

    Parameters
    ----------
    roc_curves
        The table of the same name, for one cohort or several. Discovery uses held-out patients.
    endpoints
        The table of the same name. Provides the titles of endpoints and subgroups.
    """
    series = [(key, rows) for key, rows in by_endpoint(roc_curves) if len(rows["subgroup"].unique()) > 1]
    data = check_not_empty(
        pd.concat([rows for _, rows in series]) if series else roc_curves.iloc[:0], "no subgroup has enough patients."
    )
    across = min(len(series), _MOST_ACROSS)
    down = -(-len(series) // across)
    legend_mm = _LEGEND_ENTRY_MM * max(len(rows["subgroup"].unique()) for _, rows in series)
    figure, axes = canvas(
        style.DOUBLE_MM / 2 * across, 20 + (_CURVES_MM + legend_mm) * down, 2 * down, across,
        heights=(_CURVES_MM, legend_mm) * down,
    )  # fmt: skip
    for position in range(down * across):
        panel, legend = axes[2 * (position // across) : 2 * (position // across) + 2, position % across]
        legend.set_axis_off()
        if position >= len(series):
            panel.set_axis_off()
            continue
        key, rows = series[position]
        panel.plot([0, 1], [0, 1], color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
        names = sorted(rows["subgroup"].unique(), key=lambda name: (name != "all", name))
        for at, name in enumerate(names):
            own = rows[rows["subgroup"] == name].sort_values("point")
            first, look = own.iloc[0], style.series_style(at)
            panel.plot(
                1 - own["specificity"].astype("float64"), own["sensitivity"].astype("float64"), color=look["color"],
                linestyle=look["linestyle"], gid=f"roc:{name}",
                label=f"{subgroup_label(str(name), endpoints, key[0])}\n"
                f"AUC {format_interval(first['auc'], first['auc_low'], first['auc_high'])}, "
                f"n = {first['n']:.0f} ({first['n_positive']:.0f} positive)",
            )  # fmt: skip
        panel.set_xlim(-0.01, 1.01)
        panel.set_ylim(-0.01, 1.01)
        panel.set_aspect("equal")
        panel.set_xlabel("1 − specificity")
        panel.set_ylabel("sensitivity")
        panel.set_title(f"{key[0]}, {key[1]}\n{endpoint_label(key[2], endpoints, key[0])}", size=style.SMALL_POINTS)
        legend.legend(*panel.get_legend_handles_labels(), loc="upper left")
    notes = ["AUC with 95 % CI (logit scale). Discovery: held-out patients, compared within their fold."]
    return finish(figure, data, title=TITLE, frames=(roc_curves,), notes=notes)
