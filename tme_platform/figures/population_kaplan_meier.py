"""Kaplan-Meier curves of tumours with high and low scores of each cell population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    DAYS_PER_YEAR,
    LEAST_AT_RISK,
    check_not_empty,
    cohort_label,
    endpoint_label,
    followed_by_enough,
    format_p,
    select_cohort,
    sorted_endpoints,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Survival above and below the cut of each population"
_ACROSS = 4
_LEVELS = ("high", "low")


@figure(
    title=TITLE,
    caption="Kaplan-Meier curves of tumours with high and with low scores of each population. The cut was chosen on "
    "these patients (Youden), so the curves look further apart than in new patients; p is corrected for this choice.",
)
def population_kaplan_meier(
    population_curves: pd.DataFrame,
    population_cut_points: pd.DataFrame | None = None,
    endpoints: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the curves of each population at its Youden cut, smallest corrected p first.

    Parameters
    ----------
    population_curves
        The table of the same name. Of several endpoints, the first one is drawn.
    population_cut_points
        The table of the same name. Provides the p corrected for choosing the cut, and the numbers of tumours.
    endpoints
        The table of the same name. Provides the title of the endpoint.
    cohort
        Cohort to draw, if the tables hold several.
    """
    from matplotlib.lines import Line2D

    every = check_not_empty(select_cohort(population_curves, cohort), "no population of this cohort has a cut.")
    names = sorted_endpoints(every)
    curves = every[every["endpoint"] == names[0]]
    cuts = pd.DataFrame(index=curves["population"].unique(), columns=["p_corrected"], dtype="float64")
    if population_cut_points is not None:
        found = select_cohort(population_cut_points, cohort)
        cuts = found[found["endpoint"] == names[0]].set_index("population").reindex(cuts.index)
    order = list(cuts["p_corrected"].astype("float64").sort_values(kind="stable").index)
    across = min(_ACROSS, len(order))
    down = -(-len(order) // across)
    drawn, axes = canvas(style.DOUBLE_MM, 24 + 38 * down, down, across, share_x=True, share_y=True)
    shown = []
    for panel in axes.flat[len(order) :]:
        panel.set_axis_off()
    for panel, population in zip(axes.flat, order, strict=False):
        own = followed_by_enough(curves[curves["population"] == population])
        shown.append(own)
        _curves(panel, own)
        p = format_p(cuts["p_corrected"].get(population), "corrected p")
        panel.set_title(f"{population}\n{p}" if p else str(population), size=style.SMALL_POINTS)
    for panel in axes[:, 0]:
        panel.set_ylabel("survival")
    for panel in axes.flat[max(len(order) - across, 0) : len(order)]:  # the lowest one of each column
        panel.set_xlabel("years")
        panel.tick_params(labelbottom=True)
    handles = [Line2D([], [], label=level, **_look(at)) for at, level in enumerate(_LEVELS)]
    drawn.legend(handles=handles, loc="outside upper right", ncols=2)
    n = int(curves.groupby(["population", "level"])["at_risk"].max().groupby("population").sum().max())
    title = endpoint_label(names[0], endpoints, cohort)
    notes = [
        f"{title[:1].upper()}{title[1:]}, n = {n:,}. Cut chosen on these patients; p corrected for this choice, not "
        f"for the number of populations. Each curve ends where fewer than {LEAST_AT_RISK} tumours are at risk."
    ]
    if len(names) > 1:
        others = ", ".join(endpoint_label(name, endpoints, cohort) for name in names[1:])
        notes.append(f"Also in the table: {others}.")
    columns = ["endpoint", "population", "level", "time_days", "at_risk", "events", "censored", "survival"]
    heading = f"{cohort_label(population_curves, cohort)}{TITLE}"
    return finish(
        drawn, pd.concat(shown)[columns], title=heading, frames=(population_curves, population_cut_points), notes=notes
    )


def _curves(panel: Axes, own: pd.DataFrame) -> None:
    for at, level in enumerate(_LEVELS):
        rows = own[own["level"] == level].sort_values("time_days")
        years = rows["time_days"].to_numpy(dtype=np.float64) / DAYS_PER_YEAR
        survival = rows["survival"].to_numpy(dtype=np.float64)
        panel.step(years, survival, where="post", gid=f"curve:{level}", **_look(at))
    panel.set_ylim(0, 1.02)


def _look(at: int) -> dict[str, Any]:
    return style.series_style(at) | {"marker": ""}
