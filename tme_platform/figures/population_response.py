"""Odds ratios of the cell populations for each binary endpoint, by treatment arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, endpoint_label, select_cohort

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Response and cell populations"
_MOST_ARMS = 4
_MOST_ENDPOINTS = 3
_TICKS = (0.125, 0.25, 0.5, 1, 2, 4, 8)


@figure(
    title=TITLE,
    caption="Odds ratio per standard deviation of each population for each endpoint, in all patients and by treatment "
    "arm, with 95 % confidence intervals.",
)
def population_response(
    population_response: pd.DataFrame, endpoints: pd.DataFrame | None = None, *, cohort: str | None = None
) -> Drawn:
    """Draw odds ratios per standard deviation of the score, one panel per endpoint.

    Parameters
    ----------
    population_response
        The table of the same name. The endpoints and arms with most patients are drawn.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(
        select_cohort(population_response, cohort), "no patient of this cohort has cell scores and a binary endpoint."
    )
    known = check_not_empty(own.dropna(subset=["odds_ratio"]), "no odds ratio could be estimated.")
    names = _largest(known, "endpoint", _MOST_ENDPOINTS)
    arms = _largest(known[known["arm"] != "all"], "arm", _MOST_ARMS)
    shown = known[known["endpoint"].isin(names) & known["arm"].isin(["all", *arms])]
    first = shown[(shown["endpoint"] == names[0])].groupby("population")["odds_ratio"].median()
    order = list(first.reindex(sorted(shown["population"].unique())).sort_values(kind="stable").index)
    series = [name for name in ("all", *arms) if (shown["arm"] == name).any()]
    height = 40 + 4 * len(series) + len(order) * (1.6 + 2.0 * len(series))
    drawn, axes = canvas(style.DOUBLE_MM, height, 1, len(names), share_y=True)
    for panel, endpoint in zip(axes[0], names, strict=True):
        _forest(panel, shown[shown["endpoint"] == endpoint], order, series)
        panel.legend(
            title=endpoint_label(endpoint, endpoints, cohort),
            loc="lower left",
            bbox_to_anchor=(0, 1),
            alignment="left",
            borderaxespad=0.4,
        )
    axes[0, 0].set_yticks(range(len(order)), order)
    axes[0, 0].set_ylim(len(order) - 0.5, -0.5)
    notes = ["Odds ratio per standard deviation; line: 95 % CI, clipped at the axis limits; filled: FDR < 0.05."]
    notes += [_left_out(known, "endpoint", names), _left_out(known, "arm", ["all", *arms])]
    columns = ["endpoint", "arm", "population", "n", "n_positive", "odds_ratio", "ci_low", "ci_high", "p", "fdr"]
    title = f"{cohort_label(population_response, cohort)}{TITLE}"
    return finish(drawn, shown[columns], title=title, frames=(population_response,), notes=notes)


def _largest(rows: pd.DataFrame, column: str, most: int) -> list[str]:
    """The values with most patients, largest first."""
    sizes = rows.groupby(column)["n"].max().astype("float64")
    return [str(name) for name in sizes.sort_values(ascending=False, kind="stable").index[:most]]


def _left_out(known: pd.DataFrame, column: str, shown: list[str]) -> str:
    lost = known[column].nunique() - known[known[column].isin(shown)][column].nunique()
    return f"{lost} more {column}(s) with fewer patients are in the table." if lost else ""


def _forest(panel: Axes, rows: pd.DataFrame, order: list[str], series: list[str]) -> None:
    position = {name: at for at, name in enumerate(order)}
    offsets = (np.arange(len(series)) - (len(series) - 1) / 2) * 0.75 / len(series)
    panel.axvline(1, color=style.MUTED, linewidth=0.8)
    for number, (arm, offset) in enumerate(zip(series, offsets, strict=True)):
        own = rows[rows["arm"] == arm]
        look = style.series_style(number)
        y = own["population"].map(position).to_numpy(dtype=np.float64) + offset
        ratio, low, high = (own[name].to_numpy(dtype=np.float64) for name in ("odds_ratio", "ci_low", "ci_high"))
        panel.hlines(y, low, high, color=look["color"], linewidth=0.9)
        significant = own["fdr"].to_numpy(dtype=np.float64) < 0.05
        faces = [look["color"] if one else "white" for one in significant]
        panel.scatter(
            ratio, y, s=13, marker=look["marker"], facecolors=faces, edgecolors=look["color"], linewidths=0.8,
            zorder=3, gid=f"forest:{arm}",
        )  # fmt: skip
        n = f"n = {int(own['n'].max()):,}, {int(own['n_positive'].max())} positive" if len(own) else "no estimate"
        panel.plot(
            [], [], marker=look["marker"], color=look["color"], markersize=4, linestyle="-", label=f"{arm} ({n})"
        )
    finite = rows[["odds_ratio", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    finite = finite[np.isfinite(finite) & (finite > 0)]
    reach = float(np.clip(np.abs(np.log(finite)).max() * 1.06, np.log(2.1), np.log(8.2)))
    panel.set_xscale("log")
    panel.set_xlim(np.exp(-reach), np.exp(reach))
    ticks = [tick for tick in _TICKS if abs(np.log(tick)) <= reach]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.set_xlabel("odds ratio with 95 % CI")
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="y", color=style.FAINT, linewidth=0.4)
