"""Effect of ComBat: patients on the first two principal components, before and after, by scanner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Scanners before and after harmonisation"
STAGES = ("before", "after")
_PANELS = {"pc1": "first component", "pc2": "second component"}


@figure(
    title=TITLE,
    caption="Patients on the first two principal components before and after ComBat, by scanner.",
)
def scanner_effect(harmonisation_effect: pd.DataFrame, rad_scores: pd.DataFrame | None = None) -> Drawn:
    """Draw the principal components before and after, coloured by scanner, and their distribution per scanner.

    Parameters
    ----------
    harmonisation_effect
        The table of the same name: cohort, patient_id, stage (before, after), batch, pc1, pc2. The components are
        fitted before harmonisation, so that both stages share the same axes.
    rad_scores
        The table of the same name: the patients whose features were not harmonised are counted.
    """
    known = harmonisation_effect.dropna(subset=["pc1", "pc2", "batch"])
    check_not_empty(known, "no features were harmonised.")
    batches = sorted(known["batch"].unique())
    figure, axes = canvas(style.DOUBLE_MM, 128, 2, 2, heights=(1.5, 1.0))
    for panel, stage in zip(axes[0], STAGES, strict=True):
        rows = known[known["stage"] == stage]
        for position, batch in enumerate(batches):
            own = rows[rows["batch"] == batch]
            look = style.series_style(position)
            panel.plot(
                own["pc1"], own["pc2"], linestyle="", marker=look["marker"], color=look["color"], markersize=3.5,
                alpha=0.75, label=f"{batch} (n = {len(own)})", gid=f"{stage}:{batch}",
            )  # fmt: skip
            _mean_cross(panel, own, str(look["color"]))
        panel.set_title(stage)
        panel.set_xlabel("first principal component")
    axes[0, 0].set_ylabel("second principal component")
    _same_limits(axes[0], known)
    for panel, (column, label) in zip(axes[1], _PANELS.items(), strict=True):
        _spread(panel, known, batches, column)
        panel.set_ylabel(label)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside right center")
    notes = ["Crosses: mean per scanner with 95 % CI. Below: median and quartiles, before (left) and after (right)."]
    alone = [batch for batch in batches if len(known.loc[known["batch"] == batch, "patient_id"].unique()) == 1]
    notes += [
        f"Scanner {batch} has a single patient, so scanner and patient effects cannot be separated." for batch in alone
    ]
    if rad_scores is not None and (left := int(rad_scores["caution"].notna().sum())):
        notes.append(
            f"Not shown: {left} of {len(rad_scores)} patients with a rad-score, whose features were not harmonised."
        )
    columns = ["cohort", "patient_id", "stage", "batch", "pc1", "pc2"]
    return finish(figure, known[columns], title=TITLE, frames=(harmonisation_effect,), notes=notes)


def _mean_cross(panel: Axes, own: pd.DataFrame, colour: str) -> None:
    if len(own) < 2:
        return
    half = 1.96 * own[["pc1", "pc2"]].std() / np.sqrt(len(own))
    panel.errorbar(
        [own["pc1"].mean()], [own["pc2"].mean()], xerr=[half["pc1"]], yerr=[half["pc2"]], color=colour, elinewidth=1.8,
        capsize=2.5, zorder=5, markeredgecolor=style.INK,
    )  # fmt: skip


def _same_limits(panels: np.ndarray, known: pd.DataFrame) -> None:
    for column, setter in (("pc1", "set_xlim"), ("pc2", "set_ylim")):
        low, high = float(known[column].min()), float(known[column].max())
        pad = 0.06 * (high - low or 1)
        for panel in panels:
            getattr(panel, setter)(low - pad, high + pad)


def _spread(panel: Axes, known: pd.DataFrame, batches: list[str], column: str) -> None:
    """Draw median and quartiles of a component per scanner, before and after."""
    for position, batch in enumerate(batches):
        look = style.series_style(position)
        for shift, stage in ((-0.15, "before"), (0.15, "after")):
            values = known[(known["batch"] == batch) & (known["stage"] == stage)][column].to_numpy(dtype=np.float64)
            if values.size == 0:
                continue
            q1, median, q3 = np.percentile(values, [25, 50, 75])
            face = look["color"] if stage == "after" else "white"
            panel.errorbar(
                [position + shift], [median], yerr=[[median - q1], [q3 - median]], color=look["color"],
                marker=look["marker"], markerfacecolor=face, markersize=4.5, capsize=2,
            )  # fmt: skip
    panel.axhline(0, color=style.FAINT, linewidth=0.6, zorder=0)
    panel.set_xticks(range(len(batches)), batches, rotation=30 if len(batches) > 4 else 0)
    panel.set_xlim(-0.6, len(batches) - 0.4)
