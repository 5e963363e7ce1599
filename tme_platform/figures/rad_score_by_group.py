"""The rad-score by clinical group: phenotype, stage, subtype, receptors. Outcomes belong in `rad_score_by_endpoint`."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, format_p, select_cohort, variable_label
from tme_platform.figures.score_groups import (
    BOX_NOTE,
    COLUMNS,
    POINT_NOTE,
    draw_groups,
    panel_title,
    score_range,
    with_intervals,
)

TITLE = "Rad-score by clinical group"
_MOST_ACROSS = 4
_MOST_GROUPS = 12
_LETTERS = 24
_CODES = ("site", "scanner", "arm")
"""Variables whose groups are codes, which the axis names."""


@figure(
    title=TITLE,
    caption="Rad-score of each patient by phenotype, stage, subtype, receptors and arm, with median and quartiles.",
)
def rad_score_by_group(
    rad_score_groups: pd.DataFrame, rad_score_group_members: pd.DataFrame | None = None, *, cohort: str | None = None
) -> Drawn:
    """Draw patients, median and quartiles by group, with the mean and its interval, one panel per clinical variable.

    Parameters
    ----------
    rad_score_groups
        The table of the same name.
    rad_score_group_members
        The table of the same name. Provides the points.
    cohort
        Cohort to draw, if the tables hold several.
    """
    rows = with_intervals(rad_score_groups, cohort)
    own = check_not_empty(rows[rows["kind"] == "clinical"], "no patient has both a rad-score and a clinical group.")
    sizes = own.groupby("variable", sort=False)["group"].size()
    shown = [name for name in sizes.index if sizes[name] <= _MOST_GROUPS]
    drawn = check_not_empty(own[own["variable"].isin(shown)], "every clinical variable has too many groups.")
    members = None if rad_score_group_members is None else select_cohort(rad_score_group_members, cohort)
    if members is not None:
        members = members[members["variable"].isin(shown)]
    across = min(len(shown), _MOST_ACROSS)
    down = -(-len(shown) // across)
    width = style.DOUBLE_MM if across > 2 else style.DOUBLE_MM * 0.6
    figure, axes = canvas(width, 22 + 58 * down, down, across, share_y=True)
    for panel in axes.flat[len(shown) :]:
        panel.set_axis_off()
    axes[0, 0].set_ylim(*score_range(drawn, members))
    notes = [BOX_NOTE, POINT_NOTE if members is not None else ""]
    for position, (panel, variable) in enumerate(zip(axes.flat, shown, strict=False)):
        groups, title = own[own["variable"] == variable], variable_label(str(variable))
        patients = None if members is None else members[members["variable"] == variable]
        notes += draw_groups(panel, groups, patients, title)
        test = format_p(groups["fdr"].iloc[0], "FDR")
        panel.set_title(panel_title(title, test, _LETTERS), size=style.SMALL_POINTS)
        if variable in _CODES:
            panel.set_xlabel(f"{title} (code)")
        if position % across == 0:
            panel.set_ylabel("rad-score")
    for name in sizes.index.difference(shown):
        notes.append(f"{variable_label(str(name))} is not drawn ({sizes[name]} groups).")
    title = f"{cohort_label(rad_score_groups, cohort)}{TITLE}"
    return finish(figure, own[COLUMNS], title=title, frames=(rad_score_groups,), notes=notes)
