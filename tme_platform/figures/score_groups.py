"""Boxes and points of the rad-score by group, shared by the figures that compare groups of patients."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.frames import select_cohort

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from matplotlib.axes import Axes

COLUMNS = ["variable", "group", "n", "q1", "median", "q3", "mean", "ci_low", "ci_high", "p", "fdr"]
BOX_NOTE = "Box: median and quartiles; diamond: mean with 95 % CI; n below each group; FDR over variables and outcomes."
POINT_NOTE = "Points: patients; open in discovery, with the mean of their held-out scores."
_ORDER = {name: at for at, name in enumerate((*style.PHENOTYPES, "positive", "negative", "CR", "PR", "SD", "PD"))}
_OTHER = "#d9d9d9"
_JITTER = 0.2
_UPRIGHT_LETTERS = 23
"""Letters of all labels from which they are turned upright."""


def with_intervals(rad_score_groups: pd.DataFrame, cohort: str | None) -> pd.DataFrame:
    """Return the groups of a cohort with the 95 % confidence interval of the mean (Student's t)."""
    from scipy.stats import t

    own = select_cohort(rad_score_groups, cohort)
    n = own["n"].astype("float64")
    half = own["sd"].astype("float64") / n**0.5 * pd.Series(t.ppf(0.975, (n - 1).where(n > 1)), index=own.index)
    return own.assign(ci_low=own["mean"] - half, ci_high=own["mean"] + half)


def score_range(rows: pd.DataFrame, members: pd.DataFrame | None) -> tuple[float, float]:
    """Return limits of the axis that hold every box, interval and point, with a margin."""
    values = rows[["q1", "q3", "mean", "ci_low", "ci_high"]].to_numpy(dtype=np.float64).ravel()
    if members is not None:
        values = np.concatenate([values, members["rad_score"].to_numpy(dtype=np.float64)])
    low, high = np.nanmin(values), np.nanmax(values)
    margin = 0.06 * max(high - low, 0.05)
    return float(low - margin), float(high + margin)


def draw_groups(panel: Axes, rows: pd.DataFrame, members: pd.DataFrame | None, title: str) -> list[str]:
    """Draw the groups of one variable side by side.

    Parameters
    ----------
    panel
        Panel to draw in.
    rows
        Rows of `with_intervals` of one variable.
    members
        Rows of the table `rad_score_group_members` of the same variable, or None for boxes only.
    title
        Name of the variable, for notes.

    Returns
    -------
    list of str
        A sentence for each group of a single patient.
    """
    notes, labels = [], []
    ordered = rows.sort_values("group", key=lambda names: names.map(lambda name: (_ORDER.get(name, 99), str(name))))
    for x, row in enumerate(ordered.to_dict("records")):
        name = str(row["group"])
        if row["n"] == 1:
            colour = style.PHENOTYPE_COLOURS.get(name, _OTHER)
            panel.plot([x], [row["mean"]], "o", color=colour, markeredgecolor=style.INK)
            notes.append(f"{title} {name}: a single patient, drawn as a point.")
        else:
            _box(panel, x, row, name)
            if members is not None:
                _points(panel, x, members[members["group"] == name])
        labels.append(f"{name.replace('_', ' ')}\n{row['n']:.0f}")
    upright = max(len(label.split("\n")[0]) for label in labels) * len(labels) > _UPRIGHT_LETTERS
    panel.set_xticks(range(len(labels)), [label.replace("\n", ", ") for label in labels] if upright else labels)
    if upright:
        panel.tick_params(axis="x", rotation=90)
    panel.set_xlim(-0.6, len(labels) - 0.4)
    return notes


def panel_title(name: str, test: str, letters: int) -> str:
    """Return the title of a panel: the variable, in lines of at most so many letters, and the result of its test."""
    return f"{textwrap.fill(name, letters)}\n{test or 'no test'}"


def _box(panel: Axes, x: int, row: Mapping[Hashable, Any], name: str) -> None:
    panel.bar(
        [x], [row["q3"] - row["q1"]], 0.62, bottom=[row["q1"]], color=style.PHENOTYPE_COLOURS.get(name, _OTHER),
        edgecolor=style.INK, linewidth=0.6, hatch=style.PHENOTYPE_HATCHES.get(name, ""), gid=f"box:{name}",
    )  # fmt: skip
    panel.hlines([row["median"]], x - 0.31, x + 0.31, color=style.INK, linewidth=1.4)
    panel.errorbar(
        [x], [row["mean"]], yerr=[[row["mean"] - row["ci_low"]], [row["ci_high"] - row["mean"]]], fmt="D",
        markersize=3, color="white", markeredgecolor=style.INK, markeredgewidth=0.7, ecolor=style.INK,
        elinewidth=1.0, capsize=2, zorder=4,
    )  # fmt: skip


def _points(panel: Axes, x: int, members: pd.DataFrame) -> None:
    """Draw the patients, spread evenly from left to right in a fixed order that is not that of the scores."""
    own = members.sort_values("patient_id")
    offsets = _JITTER * (2 * ((np.arange(len(own)) * 0.618034) % 1) - 1)
    seen = (own["side"] == "discovery").to_numpy()
    for where, face in ((seen, "white"), (~seen, style.INK)):
        panel.scatter(
            x + offsets[where], own["rad_score"].to_numpy(dtype=np.float64)[where], s=5, facecolors=face,
            edgecolors=style.INK, linewidths=0.4, alpha=0.65, zorder=3, gid="patients",
        )  # fmt: skip
