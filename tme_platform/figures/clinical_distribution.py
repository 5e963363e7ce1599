"""Clinical variables by phenotype."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, format_p, select_cohort, variable_label
from tme_platform.statistics.proportions import proportion_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Clinical variables by phenotype"
_LEAST = 0.02
"""Levels with a smaller share than this in every phenotype are pooled."""
_MOST_LEVELS = 12
_OTHER = "rarer levels"


@figure(
    title=TITLE,
    caption="Share of each level of the clinical variables with 95 % CI; quartiles of numeric variables.",
)
def clinical_distribution(phenotype_characteristics: pd.DataFrame, *, cohort: str | None = None) -> Drawn:
    """Draw the share of each level within the phenotypes, and quartiles of numeric variables.

    Parameters
    ----------
    phenotype_characteristics
        The table of the same name. Rows of the family `clinical` are drawn.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = select_cohort(phenotype_characteristics, cohort)
    rows = check_not_empty(own[own["family"] == "clinical"], "no clinical variable is available for this cohort.")
    counted, left = _levels(rows[rows["kind"] == "categorical"])
    numeric = rows[rows["kind"] == "numeric"]
    n_numeric = numeric["variable"].nunique()
    lines = counted.groupby("variable", sort=False)["level"].nunique().sum() + counted["variable"].nunique()
    heights = (max(float(lines), 1.0), *([2.0] * n_numeric))
    figure, axes = canvas(
        style.DOUBLE_MM * 0.75, min(220.0, 24 + 4.6 * lines + 20 * n_numeric), 1 + n_numeric, heights=heights
    )
    groups = [name for name in style.PHENOTYPES if (rows["phenotype"] == name).any()]
    shares = _draw_shares(axes[0, 0], counted, groups)
    spans = [
        _draw_numbers(panel, numeric[numeric["variable"] == variable], groups)
        for panel, variable in zip(axes[1:, 0], numeric["variable"].unique(), strict=True)
    ]
    data = pd.concat([part for part in (shares, *spans) if len(part)], ignore_index=True)
    notes = ["Share of the phenotype's patients with 95 % CI (Wilson); numeric variables: median and quartiles."]
    notes += [f"{variable_label(name)} is not drawn ({levels} levels)." for name, levels in left.items()]
    title = f"{cohort_label(phenotype_characteristics, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(phenotype_characteristics,), notes=notes)


def _levels(counted: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Pool rare levels. Return the rows to draw, and the number of levels of variables that have too many to draw."""
    parts, left = [], {}
    for name, own in counted.groupby("variable", sort=True):
        total = own.groupby("phenotype")["n"].transform("sum")
        rare = (own["n"] / total).groupby(own["level"]).transform("max") < _LEAST
        level = own["level"].astype("object").where(~rare | (len(own.loc[rare, "level"].unique()) < 2), _OTHER)
        summed = own.assign(level=level).groupby(["variable", "level", "phenotype"], sort=True)
        part = summed.agg(n=("n", "sum"), fdr=("fdr", "first")).reset_index()
        part["total"] = part.groupby("phenotype")["n"].transform("sum")
        if part["level"].nunique() > _MOST_LEVELS:
            left[str(name)] = own["level"].nunique()
            continue
        part["last"] = part["level"] == _OTHER
        parts.append(part.sort_values(["last", "level"], kind="stable"))
    columns = ["variable", "level", "phenotype", "n", "fdr", "total"]
    return (pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)), left


def _draw_shares(panel: Axes, counted: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    rows, ticks, labels, y = [], [], [], 0.0
    for variable, own in counted.groupby("variable", sort=False):
        fdr = format_p(own["fdr"].iloc[0], "FDR")
        heading = variable_label(str(variable))
        panel.text(0.012, y, f"{heading}   {fdr}", weight="bold", va="center", size=style.SMALL_POINTS)
        y += 1
        for level in own["level"].unique():
            for offset, group in enumerate(groups):
                found = own[(own["level"] == level) & (own["phenotype"] == group)]
                n = int(own.loc[own["phenotype"] == group, "total"].max()) if len(found) else 0
                if n == 0:
                    continue
                count = int(found["n"].iloc[0])
                low, high = proportion_interval(count, n)
                share = count / n
                panel.errorbar(
                    [share],
                    [y + (offset - (len(groups) - 1) / 2) * 0.36],
                    xerr=[[max(share - low, 0)], [max(high - share, 0)]],
                    fmt=style.PHENOTYPE_MARKERS[group],
                    color=style.PHENOTYPE_COLOURS[group],
                    markersize=3.5,
                    capsize=1.5,
                    elinewidth=0.9,
                )
                rows.append((variable, level, group, count, n, share, low, high))
            ticks.append(y)
            labels.append(str(level))
            y += 1
    panel.set_yticks(ticks, labels)
    panel.set_ylim(max(y, 1) - 0.4, -0.8)
    panel.set_xlim(0, 1.0)
    panel.set_xlabel("share of the phenotype's patients")
    panel.grid(axis="x", color=style.FAINT, linewidth=0.4)
    for group in groups:
        known = counted.loc[counted["phenotype"] == group, "total"]
        if len(known):
            label = f"{group} (n up to {int(known.max()):,})"
            panel.plot([], [], style.PHENOTYPE_MARKERS[group], color=style.PHENOTYPE_COLOURS[group], label=label)
    if panel.get_legend_handles_labels()[0]:
        panel.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    else:
        panel.set_axis_off()
    return pd.DataFrame(rows, columns=["variable", "level", "group", "count", "n", "share", "ci_low", "ci_high"])


def _draw_numbers(panel: Axes, own: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    rows, labels = [], []
    for y, group in enumerate(groups):
        found = own[own["phenotype"] == group]
        n = int(found["n"].iloc[0]) if len(found) else 0
        labels.append(f"{group} (n = {n:,})")
        if n == 0 or found["median"].isna().all():
            continue
        median, q1, q3 = (float(found[name].iloc[0]) for name in ("median", "q1", "q3"))
        panel.errorbar(
            [median],
            [y],
            xerr=[[median - q1], [q3 - median]],
            fmt=style.PHENOTYPE_MARKERS[group],
            color=style.PHENOTYPE_COLOURS[group],
            markersize=4,
            capsize=2,
        )
        rows.append((own["variable"].iloc[0], group, n, median, q1, q3))
    variable = str(own["variable"].iloc[0])
    panel.set_yticks(range(len(groups)), labels)
    panel.set_ylim(len(groups) - 0.4, -0.6)
    panel.set_xlabel(f"{variable_label(variable)}   {format_p(own['fdr'].iloc[0], 'FDR')}")
    return pd.DataFrame(rows, columns=["variable", "group", "n", "median", "q1", "q3"])
