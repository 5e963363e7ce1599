"""Specification curve: what hot and cold are worth by every definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

TITLE = "Hot and cold by other definitions"
_PANELS = {
    "hot share": ("hot_share", None, None),
    "leukocyte fraction": ("leukocyte_fraction_hot", "leukocyte_fraction_cold", None),
    "purity (ABSOLUTE)": ("purity_absolute_hot", "purity_absolute_cold", None),
    "Basal share": ("basal_hot", "basal_cold", None),
    "hazard ratio of hot": ("hr_hot", None, ("hr_low", "hr_high")),
    "AUC from MRI": ("auc", None, ("auc_low", "auc_high")),
    "AUC, clinical": ("clinical_auc", None, ("clinical_auc_low", "clinical_auc_high")),
}
"""Panel -> column of hot (or of the value), column of cold, columns of the interval."""
_NO_EFFECT = {"hazard ratio of hot": 1.0, "AUC from MRI": 0.5, "AUC, clinical": 0.5}


@figure(
    title=TITLE,
    caption="Every definition of hot and cold in a list: hot share; leukocyte fraction, purity and Basal share of hot "
    "and cold tumours; hazard ratio, and the AUC within held-out folds from MRI and from clinical variables.",
)
def phenotype_specifications(phenotype_specifications: pd.DataFrame) -> Drawn:
    """Draw one row per definition, ordered by the AUC from MRI; the study's own definition is in bold.

    Parameters
    ----------
    phenotype_specifications
        The table of the same name.
    """
    table = check_not_empty(phenotype_specifications, "no definitions were compared.")
    data = table.sort_values(["auc", "specification"], na_position="first", ignore_index=True)
    panels = {name: columns for name, columns in _PANELS.items() if data[columns[0]].notna().any()}
    figure, axes = canvas(style.DOUBLE_MM, 34 + 6 * len(data), 1, len(panels), share_y=True)
    for panel, (name, columns) in zip(axes[0], panels.items(), strict=True):
        _draw(panel, data, name, *columns)
    first = axes[0, 0]
    first.set_yticks(range(len(data)), data["specification"], size=style.SMALL_POINTS)
    for label, is_main in zip(first.get_yticklabels(), data["is_main"].fillna(value=False), strict=True):
        label.set_fontweight("bold" if is_main else "normal")
    images = data["n_images"].dropna()
    notes = [
        "Bold: the study's own definition, set in the study file. Filled: hot or the value; empty: cold. "
        "Lines: 95 % CI.",
        f"n = {_range(data['n'])} tumours" + (f"; {_range(images)} with image features." if len(images) else "."),
        "Definitions were not selected by their AUC: the range over definitions is the result.",
    ]
    drawn = [column for hot, cold, interval in _PANELS.values() for column in (hot, cold, *(interval or ())) if column]
    return finish(
        figure, data[["specification", "is_main", "n", "n_hot", *drawn]], title=TITLE, frames=(table,), notes=notes
    )


def _range(counts: pd.Series) -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _draw(
    panel: Axes, data: pd.DataFrame, name: str, hot: str, cold: str | None, interval: tuple[str, str] | None
) -> None:
    rows = np.arange(len(data))
    colour = style.PHENOTYPE_COLOURS["hot"] if cold is not None else style.INK
    if name in _NO_EFFECT:
        panel.axvline(_NO_EFFECT[name], color=style.MUTED, linewidth=0.6, linestyle=":")
    if interval is not None:
        low, high = (data[column].to_numpy(dtype=float) for column in interval)
        panel.hlines(rows, low, high, color=colour, linewidth=1.0)
    panel.scatter(data[hot].to_numpy(dtype=float), rows, s=14, color=colour, zorder=3, gid=f"{hot}")
    if cold is not None:
        edge = style.PHENOTYPE_COLOURS["cold"]
        values = data[cold].to_numpy(dtype=float)
        panel.scatter(values, rows, s=14, facecolor="white", edgecolor=edge, zorder=3, gid=f"{cold}")
    panel.set_xlabel(name.replace(" ", "\n", 1), size=style.SMALL_POINTS)
    panel.tick_params(axis="x", labelsize=style.SMALL_POINTS)
    panel.xaxis.set_major_locator(MaxNLocator(2))
