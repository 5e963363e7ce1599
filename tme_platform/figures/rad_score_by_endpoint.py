"""The rad-score by outcome (response, CD8 and PD-L1 by immunohistochemistry), with the ROC curve of each endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish, write_message
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    endpoint_label,
    format_interval,
    format_p,
    in_all_patients,
    select_cohort,
    sorted_endpoints,
)
from tme_platform.figures.score_groups import (
    BOX_NOTE,
    COLUMNS,
    POINT_NOTE,
    draw_groups,
    panel_title,
    score_range,
    with_intervals,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Rad-score by outcome"
_MOST_ACROSS = 4
_LETTERS = 24


@figure(
    title=TITLE,
    caption="Rad-score of patients with and without each outcome, and the ROC curve of the same endpoint.",
)
def rad_score_by_endpoint(
    rad_score_groups: pd.DataFrame,
    rad_score_group_members: pd.DataFrame | None = None,
    roc_curves: pd.DataFrame | None = None,
    endpoints: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw patients, median and quartiles by outcome, and below them the ROC curves, one column per endpoint.

    Parameters
    ----------
    rad_score_groups
        The table of the same name.
    rad_score_group_members
        The table of the same name. Provides the points.
    roc_curves
        The table of the same name. Provides the curves.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    cohort
        Cohort to draw, if the tables hold several.
    """
    rows = with_intervals(rad_score_groups, cohort)
    own = check_not_empty(rows[rows["kind"] == "endpoint"], "no patient has both a rad-score and an outcome.")
    members = None if rad_score_group_members is None else select_cohort(rad_score_group_members, cohort)
    if members is not None:
        members = members[members["kind"] == "endpoint"]
    curves = None if roc_curves is None else in_all_patients(select_cohort(roc_curves, cohort))
    shown = sorted_endpoints(own.rename(columns={"variable": "endpoint"}))
    across = min(len(shown), _MOST_ACROSS)
    down = -(-len(shown) // across)
    width = style.DOUBLE_MM * max(across, 2) / _MOST_ACROSS
    figure, axes = canvas(width, 24 + 104 * down, 2 * down, across, heights=(56.0, 48.0) * down)
    limits = score_range(own, members)
    notes = [BOX_NOTE, POINT_NOTE if members is not None else ""]
    for position in range(down * across):
        boxes, roc = axes[2 * (position // across) : 2 * (position // across) + 2, position % across]
        if position >= len(shown):
            boxes.set_axis_off()
            roc.set_axis_off()
            continue
        name = shown[position]
        groups, title = own[own["variable"] == name], endpoint_label(name, endpoints, cohort)
        patients = None if members is None else members[members["variable"] == name]
        notes += draw_groups(boxes, groups, patients, title)
        boxes.set_ylim(*limits)
        test = format_p(groups["p"].iloc[0])
        fdr = format_p(groups["fdr"].iloc[0], "FDR")
        boxes.set_title(panel_title(title, ", ".join(filter(None, [test, fdr])), _LETTERS), size=style.SMALL_POINTS)
        _curves(roc, curves[curves["endpoint"] == name] if curves is not None else None)
        if position % across == 0:
            boxes.set_ylabel("rad-score")
    title = f"{cohort_label(rad_score_groups, cohort)}{TITLE}"
    notes.append("ROC curves: AUC with 95 % CI (logit scale); in discovery, held-out patients within their fold.")
    return finish(figure, own[COLUMNS], title=title, frames=(rad_score_groups,), notes=notes)


def _curves(panel: Axes, curves: pd.DataFrame | None) -> None:
    """Draw the ROC curves of one endpoint, one per side."""
    if curves is None or curves.empty:
        write_message(panel, "no ROC curve")
        return
    panel.plot([0, 1], [0, 1], color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
    areas = []
    for position, (side, rows) in enumerate(curves.groupby("side")):
        own = rows.sort_values("point")
        look, first = style.series_style(position), own.iloc[0]
        panel.plot(
            1 - own["specificity"].astype("float64"), own["sensitivity"].astype("float64"), color=look["color"],
            linestyle=look["linestyle"], label=str(side), gid=f"roc:{side}",
        )  # fmt: skip
        areas.append(f"{side}: AUC {format_interval(first['auc'], first['auc_low'], first['auc_high'])}")
    panel.set_title("\n".join(areas).replace(": AUC", "\nAUC"), size=style.SMALL_POINTS)
    panel.set_xlim(-0.02, 1.02)
    panel.set_ylim(-0.02, 1.02)
    panel.set_aspect("equal")
    panel.set_xlabel("1 − specificity")
    panel.set_ylabel("sensitivity")
    if len(areas) > 1:
        panel.legend(loc="lower right")
