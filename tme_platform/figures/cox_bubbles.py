"""Hazard ratios of the cell populations: bubbles for all, hot and cold tumours, and a forest plot for all tumours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish, write_message
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    endpoint_label,
    event_word,
    select_cohort,
    sorted_endpoints,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Survival and cell populations"
PATIENTS = ("all", "hot", "cold")
_AREA = 32.0
"""Area of a bubble (square points) per unit of -log10 FDR, added to `_SMALLEST`."""
_SMALLEST = 8.0
_WIDEST = 2.0
"""Largest absolute log2 hazard ratio on the colour scale."""
_FAINT_RIM = "#8c8c8c"
_LARGEST = 4.0
"""-log10 FDR above which bubbles stop growing."""


@figure(
    title=TITLE,
    caption="Hazard ratio per standard deviation of each population (colour) and -log10 FDR (size) in all, hot and "
    "cold tumours, and 95 % confidence intervals in all tumours; one row of panels per time-to-event endpoint.",
)
def cox_bubbles(
    population_survival: pd.DataFrame,
    populations: pd.DataFrame | None = None,
    endpoints: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw hazard ratio per standard deviation (colour) and -log10 FDR (size), with intervals in all tumours.

    Parameters
    ----------
    population_survival
        The table of the same name.
    populations
        The table of the same name. Orders the populations by group.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    cohort
        Cohort to draw, if the tables hold several.
    """
    own = check_not_empty(
        select_cohort(population_survival, cohort), "no population was tested for survival in this cohort."
    )
    known = own.dropna(subset=["hr"])
    check_not_empty(known, f"no hazard ratio could be estimated: {_reasons(own)}.")
    names = sorted_endpoints(known)
    order = _order(known[known["endpoint"] == names[0]], populations, cohort)
    order += [name for name in known["population"].unique() if name not in order]
    figure, axes = canvas(
        style.DOUBLE_MM, (62 + 3.5 * len(order)) * len(names), len(names), 2, widths=(1.0, 1.15), share_y=True
    )
    data = known.assign(minus_log10_fdr=-np.log10(known["fdr"].astype("float64").clip(lower=10**-_LARGEST)))
    for (left, right), name in zip(axes, names, strict=True):
        rows = data[data["endpoint"] == name]
        title = endpoint_label(name, endpoints)
        _bubbles(left, rows, own[own["endpoint"] == name], order, name)
        _forest(right, rows[rows["patients"] == "all"], order, title)
    notes = [
        "Hazard ratio per standard deviation of the score, univariate Cox. Black rim: FDR < 0.05. Line: 95 % CI, "
        "clipped at the axis limits."
    ]
    lost = own[own["hr"].isna()]
    if len(lost):
        notes.append(f"{len(lost)} without an estimate ({_reasons(lost)}).")
    columns = [
        "endpoint", "patients", "population", "n", "n_events", "hr", "ci_low", "ci_high", "p", "fdr", "minus_log10_fdr",
    ]  # fmt: skip
    one = f": {endpoint_label(names[0], endpoints)}" if len(names) == 1 else ""
    title = f"{cohort_label(population_survival, cohort)}{TITLE}{one}"
    return finish(figure, data[columns], title=title, frames=(population_survival,), notes=notes)


def _order(known: pd.DataFrame, populations: pd.DataFrame | None, cohort: str | None) -> list[str]:
    """Order populations by group, then by hazard ratio in all tumours."""
    names = pd.Index(known["population"].unique())
    ratio = known[known["patients"] == "all"].set_index("population")["hr"].reindex(names)
    group_rank = pd.Series(0, index=names)
    if populations is not None:
        groups = select_cohort(populations, cohort).set_index("population")["population_group"].reindex(names)
        group_rank = groups.map({name: at for at, name in enumerate(style.GROUP_LABELS)}).fillna(9).astype(int)
    frame = pd.DataFrame({"group": group_rank, "ratio": ratio.astype("float64")})
    return list(frame.sort_values(["group", "ratio"], kind="stable").index)


def _bubbles(panel: Axes, data: pd.DataFrame, own: pd.DataFrame, order: list[str], endpoint: str) -> None:
    from matplotlib.colors import TwoSlopeNorm
    from matplotlib.lines import Line2D

    extremes = np.abs(np.log2(data["hr"].astype("float64")))
    reach = float(np.clip(np.nanpercentile(extremes, 95), 0.2, _WIDEST))
    norm = TwoSlopeNorm(0.0, -reach, reach)
    position = {name: at for at, name in enumerate(order)}
    labels = []
    for x, patients in enumerate(PATIENTS):
        rows = data[data["patients"] == patients]
        significant = rows["fdr"].astype("float64") < 0.05
        panel.scatter(
            np.full(len(rows), x),
            rows["population"].map(position),
            s=_SMALLEST + _AREA * rows["minus_log10_fdr"],
            c=np.log2(rows["hr"].astype("float64")),
            cmap=style.diverging(),
            norm=norm,
            edgecolors=[style.INK if is_significant else _FAINT_RIM for is_significant in significant],
            linewidths=[1.3 if is_significant else 0.3 for is_significant in significant],
            gid=f"bubbles:{patients}",
        )
        counts = own[own["patients"] == patients]
        n, events = (int(counts[name].max()) if counts[name].notna().any() else 0 for name in ("n", "n_events"))
        labels.append(f"{patients}\nn = {n:,}\n{event_word(endpoint, events)}")
    panel.set_xticks(range(len(PATIENTS)), labels)
    panel.set_xlim(-0.6, len(PATIENTS) - 0.4)
    panel.set_yticks(range(len(order)), order)
    panel.set_ylim(len(order) - 0.4, -0.6)
    panel.grid(axis="y", color=style.FAINT, linewidth=0.4)
    panel.tick_params(axis="y", length=0)
    ticks = np.linspace(-reach, reach, 5)
    bar = panel.figure.colorbar(
        panel.collections[0], ax=panel, orientation="horizontal", shrink=0.9, aspect=22, extend="both"
    )
    bar.set_ticks(list(ticks), labels=[f"{2**tick:.2f}" for tick in ticks])
    bar.set_label("hazard ratio")
    sizes = [
        Line2D([], [], marker="o", linestyle="", color="#bdbdbd", markeredgecolor=_FAINT_RIM,
               markersize=float(np.sqrt(_SMALLEST + _AREA * -np.log10(fdr))), label=f"{fdr:g}")
        for fdr in (1.0, 0.05, 0.001)
    ]  # fmt: skip
    panel.legend(
        handles=sizes, title="FDR", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, title_fontsize=7.0,
        columnspacing=1.0, handletextpad=0.4,
    )  # fmt: skip


def _forest(panel: Axes, rows: pd.DataFrame, order: list[str], title: str) -> None:
    """Draw the hazard ratios in all tumours with their intervals."""
    if rows.empty:
        write_message(panel, "No estimate for all tumours.")
        return
    position = {name: at for at, name in enumerate(order)}
    ratio, low, high = (rows[name].to_numpy(dtype=np.float64) for name in ("hr", "ci_low", "ci_high"))
    y = rows["population"].map(position).to_numpy()
    significant = rows["fdr"].to_numpy(dtype=np.float64) < 0.05
    panel.axvline(1, color=style.MUTED, linewidth=0.8)
    panel.hlines(y, low, high, color=np.where(significant, style.INK, _FAINT_RIM), linewidth=1.0)
    panel.scatter(
        ratio, y, s=14, color=np.where(significant, style.INK, _FAINT_RIM), marker="D", zorder=3, gid="forest"
    )
    panel.set_xscale("log")
    finite = np.concatenate([low, high, ratio])
    finite = finite[np.isfinite(finite) & (finite > 0)]
    reach = float(np.clip(np.abs(np.log(finite)).max() * 1.06, np.log(1.3), np.log(8))) if finite.size else 1.0
    panel.set_xlim(np.exp(-reach), np.exp(reach))
    steps = (0.125, 0.25, 0.5, 1, 2, 4, 8) if reach > np.log(3) else (0.5, 0.67, 0.8, 1, 1.25, 1.5, 2)
    ticks = [tick for tick in steps if abs(np.log(tick)) <= reach]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.minorticks_off()
    panel.set_xlabel(f"hazard ratio with 95 % CI, all tumours\n{title}")
    panel.tick_params(axis="y", length=0, labelleft=False)
    panel.grid(axis="y", color=style.FAINT, linewidth=0.4)


def _reasons(rows: pd.DataFrame) -> str:
    return "; ".join(sorted(rows["reason"].dropna().astype(str).unique())[:2]) or "no reason was recorded"
