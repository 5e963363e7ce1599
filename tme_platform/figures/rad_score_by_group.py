"""The rad-score by clinical group: phenotype, stage, subtype, receptors, response."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    endpoint_label,
    format_p,
    select_cohort,
    variable_label,
)
from tme_platform.tables.clinical import CLINICAL_COLUMNS

TITLE = "Rad-score by clinical group"
_MOST_ACROSS = 4
_MOST_GROUPS = 12


@figure(
    title=TITLE,
    caption="Median, quartiles and mean of the rad-score by phenotype, stage, subtype, receptors, arm and response.",
)
def rad_score_by_group(
    rad_score_groups: pd.DataFrame, endpoints: pd.DataFrame | None = None, *, cohort: str | None = None
) -> Drawn:
    """Draw median and quartiles of the rad-score by group, with the mean and its interval, one panel per variable.

    Parameters
    ----------
    rad_score_groups
        The table of the same name (or the result of `evaluation.score_by_group`).
    endpoints
        The table of the same name. Provides the titles of endpoints.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(
        select_cohort(rad_score_groups, cohort), "no patient has both a rad-score and a clinical group."
    ).copy()
    half = _half_interval(own)
    own["ci_low"], own["ci_high"] = own["mean"] - half, own["mean"] + half
    sizes = own.groupby("variable", sort=False)["group"].size()
    shown = [name for name in sizes.index if sizes[name] <= _MOST_GROUPS]
    check_not_empty(own[own["variable"].isin(shown)], "every clinical variable has too many groups.")
    across = min(len(shown), _MOST_ACROSS)
    down = -(-len(shown) // across)
    figure, axes = canvas(style.DOUBLE_MM if across > 2 else style.DOUBLE_MM * 0.6, 22 + 58 * down, down, across)
    for panel in axes.flat[len(shown) :]:
        panel.set_axis_off()
    notes = ["Box: median and quartiles; diamond: mean with 95 % CI; n below each group; FDR over the variables."]
    for position, (panel, variable) in enumerate(zip(axes.flat, shown, strict=False)):
        rows = _sorted(own[own["variable"] == variable])
        notes += _panel(panel, rows, _title(str(variable), endpoints))
        if position % across == 0:
            panel.set_ylabel("rad-score")
    for name in sizes.index.difference(shown):
        notes.append(f"{_title(str(name), endpoints)} is not drawn ({sizes[name]} groups).")
    columns = ["variable", "group", "n", "q1", "median", "q3", "mean", "ci_low", "ci_high", "p", "fdr"]
    title = f"{cohort_label(rad_score_groups, cohort)}{TITLE}"
    return finish(figure, own[columns], title=title, frames=(rad_score_groups,), notes=notes)


def _title(variable: str, endpoints: pd.DataFrame | None) -> str:
    """The label of a clinical column, or the title of an endpoint."""
    return variable_label(variable) if variable in CLINICAL_COLUMNS else endpoint_label(variable, endpoints)


def _half_interval(own: pd.DataFrame) -> pd.Series:
    from scipy.stats import t

    n = own["n"].astype("float64")
    return own["sd"].astype("float64") / n**0.5 * pd.Series(t.ppf(0.975, (n - 1).where(n > 1)), index=own.index)


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort phenotypes and responses in their usual order, other groups by name."""
    order = {name: at for at, name in enumerate((*style.PHENOTYPES, "CR", "PR", "SD", "PD"))}
    return rows.sort_values("group", key=lambda names: names.map(lambda name: (order.get(name, 99), str(name))))


def _panel(panel: Axes, rows: pd.DataFrame, title: str) -> list[str]:
    notes, labels = [], []
    for x, row in enumerate(rows.to_dict("records")):
        name = str(row["group"])
        colour = style.PHENOTYPE_COLOURS.get(name, "#d9d9d9")
        if row["n"] == 1:
            panel.plot([x], [row["mean"]], "o", color=colour, markeredgecolor=style.INK)
            notes.append(f"{title} {name}: a single patient, drawn as a point.")
        else:
            panel.bar(
                [x], [row["q3"] - row["q1"]], 0.62, bottom=[row["q1"]], color=colour, edgecolor=style.INK,
                linewidth=0.6, hatch=style.PHENOTYPE_HATCHES.get(name, ""), gid=f"box:{name}",
            )  # fmt: skip
            panel.hlines([row["median"]], x - 0.31, x + 0.31, color=style.INK, linewidth=1.4)
            panel.errorbar(
                [x], [row["mean"]], yerr=[[row["mean"] - row["ci_low"]], [row["ci_high"] - row["mean"]]], fmt="D",
                markersize=3, color="white", markeredgecolor=style.INK, markeredgewidth=0.7, ecolor=style.INK,
                elinewidth=1.0, capsize=2, zorder=4,
            )  # fmt: skip
        labels.append(f"{name.replace('_', ' ')}\n{row['n']:.0f}")
    upright = max(len(label.split("\n")[0]) for label in labels) * len(labels) > 26
    panel.set_xticks(range(len(labels)), [label.replace("\n", ", ") for label in labels] if upright else labels)
    if upright:
        panel.tick_params(axis="x", rotation=90)
    panel.set_xlim(-0.6, len(labels) - 0.4)
    panel.set_ylim(0, 1)
    panel.set_title(f"{title}\n{format_p(rows['fdr'].iloc[0], 'FDR') or 'no test'}", size=style.SMALL_POINTS)
    return notes
