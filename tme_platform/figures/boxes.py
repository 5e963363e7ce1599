"""Box plots of several variables by phenotype, shared by the figures that compare phenotypes.

Boxes show median and quartiles, with whiskers to the farthest value within 1.5 times the interquartile range. The
diamond and its bar show the mean with its 95 % confidence interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.frames import format_p, present_phenotypes, select_cohort
from tme_platform.statistics.proportions import mean_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

COLUMNS = ["variable", "group", "n", "q1", "median", "q3", "mean", "ci_low", "ci_high"]
BOX_NOTE = "Box: quartiles; whiskers: 1.5 times the interquartile range; diamond: mean with 95 % CI."


def phenotype_boxes(
    axes: Axes,
    values: pd.DataFrame,
    phenotype: pd.Series,
    variables: Sequence[str],
    *,
    fdr: Mapping[str, float] | None = None,
    names: Mapping[str, str] | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Draw box plots of each variable by phenotype.

    Parameters
    ----------
    axes
        Panel to draw in.
    values
        Patients x variables.
    phenotype
        Phenotype by patient. Patients without one are left out.
    variables
        Columns of `values`, from left to right.
    fdr
        False discovery rate by variable, written above its boxes.
    names
        Axis label by variable. Defaults to the column name.

    Returns
    -------
    data
        One row per box: `COLUMNS`.
    notes
        A sentence for each group of a single patient, and one that explains the boxes.
    """
    joined = values.join(phenotype.rename("_phenotype"), how="inner")
    groups = [name for name in style.PHENOTYPES if (joined["_phenotype"] == name).any()]
    rows, notes, spread = [], [], 0.8 / max(len(groups), 1)
    for column, variable in enumerate(variables):
        for offset, group in enumerate(groups):
            own = joined.loc[joined["_phenotype"] == group, variable].dropna().to_numpy(dtype=np.float64)
            if own.size == 0:
                continue
            x = column + (offset - (len(groups) - 1) / 2) * spread
            rows.append({"variable": variable, "group": group, "n": own.size, **_box(axes, own, x, spread, group)})
            if own.size == 1:
                notes.append(f"{variable}: a single {group} patient, drawn as a point.")
    data = pd.DataFrame(rows, columns=COLUMNS)
    shown = names or {}
    labels = [_label(data, variable, shown.get(variable, variable), groups) for variable in variables]
    axes.set_xticks(range(len(variables)), labels)
    axes.set_xlim(-0.55, len(variables) - 0.45)
    _write_fdr(axes, variables, fdr or {})
    return data, [*notes, BOX_NOTE]


def phenotype_legend(target: Axes | Figure, phenotype: pd.Series, **kwargs: Any) -> None:
    """Add a legend of the phenotypes with their n to a panel or a figure."""
    from matplotlib.patches import Patch

    handles = [
        Patch(
            facecolor=style.PHENOTYPE_COLOURS[name],
            hatch=style.PHENOTYPE_HATCHES[name],
            edgecolor=style.INK,
            linewidth=0.6,
            label=f"{name} (n = {n:,})",
        )
        for name in present_phenotypes(phenotype)
        for n in [int((phenotype == name).sum())]
    ]
    target.legend(handles=handles, **kwargs)


def _box(axes: Axes, own: np.ndarray, x: float, spread: float, group: str) -> dict[str, float]:
    """Draw one box and return its values."""
    q1, median, q3 = (float(value) for value in np.percentile(own, [25, 50, 75]))
    mean, low, high = mean_interval(own)
    colour = style.PHENOTYPE_COLOURS[group]
    if own.size == 1:
        axes.plot([x], own, style.PHENOTYPE_MARKERS[group], color=colour, markeredgecolor=style.INK, markersize=5)
    else:
        drawn = axes.boxplot(
            [own],
            positions=[x],
            widths=spread * 0.86,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": colour, "hatch": style.PHENOTYPE_HATCHES[group], "linewidth": 0.6},
            medianprops={"color": style.INK, "linewidth": 1.4},
            whiskerprops={"linewidth": 0.6},
            capprops={"linewidth": 0.6},
            flierprops={"marker": ".", "markersize": 1.6, "markerfacecolor": style.MUTED, "markeredgecolor": "none"},
        )
        drawn["boxes"][0].set_gid(f"box:{group}")
        axes.errorbar(
            [x], [mean], yerr=[[mean - low], [high - mean]], fmt="D", markersize=2.8, color="white",
            markeredgecolor=style.INK, markeredgewidth=0.7, ecolor=style.INK, elinewidth=1.0, capsize=1.5, zorder=4,
        )  # fmt: skip
    return {"q1": q1, "median": median, "q3": q3, "mean": mean, "ci_low": low, "ci_high": high}


def _label(data: pd.DataFrame, variable: str, name: str, groups: list[str]) -> str:
    """Return the label of a variable with the n of each phenotype, hot first."""
    own = data[data["variable"] == variable].set_index("group")["n"]
    return f"{name}\n" + " | ".join(f"{own.get(group, 0):.0f}" for group in groups)


def _write_fdr(axes: Axes, variables: Sequence[str], fdr: Mapping[str, float]) -> None:
    for column, variable in enumerate(variables):
        text = format_p(fdr.get(variable), "").strip().removeprefix("=").strip()
        if text:
            axes.text(
                column, 1.01, text, ha="center", va="bottom", size=style.SMALL_POINTS,
                transform=axes.get_xaxis_transform(), color=style.INK if fdr[variable] < 0.05 else style.MUTED,
                weight="bold" if fdr[variable] < 0.05 else "normal",
            )  # fmt: skip


def fdr_by_variable(characteristics: pd.DataFrame | None, cohort: str | None, family: str) -> dict[str, float]:
    """Return the false discovery rate of each variable in a family of `phenotype_characteristics`."""
    if characteristics is None:
        return {}
    own = select_cohort(characteristics, cohort)
    own = own[own["family"] == family].dropna(subset=["fdr"])
    return {str(row["variable"]): float(row["fdr"]) for row in own.to_dict("records")}


def counts_note(phenotype: pd.Series, fdr: Mapping[str, float]) -> str:
    """Explain the numbers below and above the boxes."""
    below = f"Below the names: n {' | '.join(present_phenotypes(phenotype))}."
    return f"{below} Above the boxes: false discovery rate." if fdr else below


def phenotype_line(name: str, label: str) -> Line2D:
    """Return the legend entry of a phenotype's curve."""
    from matplotlib.lines import Line2D

    return Line2D(
        [], [], color=style.PHENOTYPE_COLOURS[name], linestyle=style.PHENOTYPE_LINES[name], label=label,
        linewidth=style.LINE_POINTS,
    )  # fmt: skip
