"""Kaplan-Meier curves by phenotype with numbers at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.boxes import phenotype_line
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    DAYS_PER_YEAR,
    LEAST_AT_RISK,
    check_not_empty,
    cohort_label,
    endpoint_label,
    event_word,
    followed_by_enough,
    format_interval,
    format_p,
    select_cohort,
    sorted_endpoints,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Survival by phenotype"
_ACROSS = 2
_REJECTED = 0.05


@figure(
    title=TITLE,
    caption="Kaplan-Meier curves of each time-to-event endpoint with 95 % confidence bands, numbers at risk, log-rank "
    "test and hazard ratio. Curves end where fewer than 10 patients are at risk.",
)
def kaplan_meier(
    survival_curves: pd.DataFrame,
    survival_tests: pd.DataFrame | None = None,
    restricted_mean_survival: pd.DataFrame | None = None,
    endpoints: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw each endpoint by phenotype with 95 % confidence bands, censoring ticks and numbers at risk.

    Parameters
    ----------
    survival_curves
        The table of the same name. Its curve of `all` patients is not drawn.
    survival_tests
        The table of the same name. Provides the log-rank p and the hazard ratio.
    restricted_mean_survival
        The table of the same name. Provides the difference in mean survival where hazards are not proportional.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    cohort
        Cohort to draw, if the tables hold several.
    """
    curves = select_cohort(survival_curves, cohort)
    curves = check_not_empty(
        curves[curves["phenotype"].isin(style.PHENOTYPES)], "no patient has survival and a phenotype."
    )
    names = sorted_endpoints(
        check_not_empty(followed_by_enough(curves), f"no phenotype has {LEAST_AT_RISK} patients with follow-up.")
    )
    groups = [name for name in style.PHENOTYPES if (curves["phenotype"] == name).any()]
    across = min(len(names), _ACROSS)
    down = -(-len(names) // across)
    height = (82 + 4 * len(groups)) * down
    width = style.DOUBLE_MM if across > 1 else style.DOUBLE_MM * 0.6
    figure, axes = canvas(width, height, 2 * down, across, heights=(5.0, 0.4 * len(groups)) * down)
    for panel in axes.flat:
        panel.set_axis_off()
    notes = []
    for position, name in enumerate(names):
        row, column = 2 * (position // across), position % across
        upper, lower = axes[row, column], axes[row + 1, column]
        own = curves[curves["endpoint"] == name]
        title = endpoint_label(name, endpoints)
        notes += _panels(upper, lower, own, name, title)
        notes.append(
            _test(survival_tests, restricted_mean_survival, cohort, name, f"{title}: " if len(names) > 1 else "")
        )
    notes.append(f"Bands: 95 % CI; ticks: censored. Curves end where fewer than {LEAST_AT_RISK} patients are at risk.")
    one = endpoint_label(names[0], endpoints)
    title = TITLE if len(names) > 1 else f"{one[:1].upper()}{one[1:]} by phenotype"
    columns = ["endpoint", "phenotype", "time_days", "at_risk", "events", "censored", "survival", "ci_low", "ci_high"]
    label = cohort_label(survival_curves, cohort)
    drawn = followed_by_enough(curves)[columns]
    return finish(figure, drawn, title=f"{label}{title}", frames=(survival_curves, survival_tests), notes=notes)


def _panels(upper: Axes, lower: Axes, curves: pd.DataFrame, endpoint: str, title: str) -> list[str]:
    """Draw the curves of one endpoint, and the numbers at risk below them."""
    from matplotlib.ticker import MaxNLocator

    notes, handles = [], []
    groups = [name for name in style.PHENOTYPES if (curves["phenotype"] == name).any()]
    upper.set_axis_on()
    lower.set_axis_on()
    for name in groups:
        own = curves[curves["phenotype"] == name].sort_values("time_days")
        n, events = int(own["at_risk"].iloc[0]), int(own["events"].sum())
        _curve(upper, followed_by_enough(own), name)
        handles.append(phenotype_line(name, f"{name} (n = {n:,}, {event_word(endpoint, events)})"))
        if n < LEAST_AT_RISK:
            notes.append(f"Only {n} {'patient is' if n == 1 else 'patients are'} {name}: no curve is drawn.")
    longest = float(followed_by_enough(curves)["time_days"].max()) / DAYS_PER_YEAR
    upper.set_ylim(0, 1.02)
    upper.set_ylabel(title)
    upper.legend(handles=handles, loc="lower left")
    upper.set_xlabel("years")
    # Set explicitly so that they match the numbers at risk.
    years = MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(0, longest)
    ticks = [float(year) for year in years if 0 <= year <= longest]
    for panel in (upper, lower):
        panel.set_xlim(-0.04 * longest, longest * 1.02)
        panel.set_xticks(ticks)
    _at_risk(lower, curves, groups, ticks)
    return notes


def _curve(panel: Axes, own: pd.DataFrame, name: str) -> None:
    years = own["time_days"].to_numpy(dtype=np.float64) / DAYS_PER_YEAR
    colour = style.PHENOTYPE_COLOURS[name]
    survival = own["survival"].to_numpy(dtype=np.float64)
    panel.step(years, survival, where="post", color=colour, linestyle=style.PHENOTYPE_LINES[name], gid=f"curve:{name}")
    panel.fill_between(
        years,
        own["ci_low"].to_numpy(dtype=np.float64),
        own["ci_high"].to_numpy(dtype=np.float64),
        step="post",
        color=colour,
        alpha=0.18,
        linewidth=0,
    )
    censored = own["censored"].to_numpy(dtype=np.float64) > 0
    panel.plot(years[censored], survival[censored], "|", color=colour, markersize=4, markeredgewidth=0.6)


def _at_risk(panel: Axes, curves: pd.DataFrame, groups: list[str], ticks: list[float]) -> None:
    """Write the table below the curves: the number of patients at risk just before each time."""
    panel.set_ylim(len(groups) - 0.4, -0.6)
    panel.set_yticks(range(len(groups)), groups)
    panel.tick_params(length=0, labelbottom=False, pad=8)
    panel.spines[:].set_visible(False)
    panel.set_title("at risk", size=style.SMALL_POINTS, color=style.MUTED)
    for y, name in enumerate(groups):
        own = curves[curves["phenotype"] == name].sort_values("time_days")
        times, at_risk = own["time_days"].to_numpy(dtype=np.float64), own["at_risk"].to_numpy(dtype=np.float64)
        for year in ticks:
            later = np.searchsorted(times, year * DAYS_PER_YEAR)
            n = int(at_risk[later]) if later < len(times) else 0
            panel.text(year, y, f"{n}", ha="center", va="center", size=style.SMALL_POINTS)


def _test(
    tests: pd.DataFrame | None, means: pd.DataFrame | None, cohort: str | None, endpoint: str, prefix: str
) -> str:
    if tests is None:
        return ""
    own = select_cohort(tests, cohort)
    own = own[(own["endpoint"] == endpoint) & (own["subgroup"] == "all")]
    if own.empty:
        return ""
    row = own.iloc[0]
    if pd.isna(row["p"]):
        return f"{prefix}No test: {row['reason']}." if pd.notna(row["reason"]) else ""
    ratio = format_interval(row["hr_hot"], row["hr_low"], row["hr_high"])
    said = f"{prefix}Log-rank {format_p(row['p'])}; hazard ratio, hot versus cold: {ratio}."
    if means is None or not row["proportional_hazards_p"] < _REJECTED:
        return said
    own = select_cohort(means, cohort)
    own = own[(own["endpoint"] == endpoint) & (own["phenotype"] == "hot minus cold")].dropna(subset=["mean_days"])
    if own.empty:
        return said
    found = own.iloc[0]
    limit = f"{found['tau_days'] / DAYS_PER_YEAR:.1f} years"
    return (
        f"{said} Hazards are not proportional ({format_p(row['proportional_hazards_p'])}), so the ratio is an average "
        f"over time; mean survival up to {limit}, hot minus cold, days: {found['mean_days']:.0f} "
        f"({found['ci_low']:.0f} to {found['ci_high']:.0f}; {format_p(found['p'])})."
    )
