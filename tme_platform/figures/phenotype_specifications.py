"""Specification curve: what hot and cold are worth by every definition."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Hot and cold by other definitions"
_PANELS = {
    "hot\nshare": ("hot_share", None, None),
    "leukocyte\nfraction": ("leukocyte_fraction_hot", "leukocyte_fraction_cold", None),
    "purity\n(ABSOLUTE)": ("purity_absolute_hot", "purity_absolute_cold", None),
    "Basal\nshare": ("basal_hot", "basal_cold", None),
    "hazard ratio\nof hot (log)": ("hr_hot", None, ("hr_low", "hr_high")),
    "AUC\nfrom MRI": ("auc", None, ("auc_low", "auc_high")),
    "AUC, clinical\nvariables": ("clinical_auc", None, ("clinical_auc_low", "clinical_auc_high")),
}
"""Panel -> column of hot (or of the value), column of cold, columns of the interval."""
_NO_EFFECT = {"hr_hot": 1.0, "auc": 0.5, "clinical_auc": 0.5}
_LABEL_WIDTH = 30
"""Characters per line of a definition's name."""


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
    widths = tuple(1.0 if interval is None else 1.4 for _, _, interval in panels.values())
    figure, axes = canvas(style.DOUBLE_MM, 34 + 9 * len(data), 1, len(panels), share_y=True, widths=widths)
    for panel, (name, columns) in zip(axes[0], panels.items(), strict=True):
        _draw(panel, data, name, *columns)
    first = axes[0, 0]
    names = [textwrap.fill(str(name), _LABEL_WIDTH) for name in data["specification"]]
    first.set_yticks(range(len(data)), names, size=style.SMALL_POINTS)
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
    from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

    rows = np.arange(len(data))
    colour = style.PHENOTYPE_COLOURS["hot"] if cold is not None else style.INK
    if hot in _NO_EFFECT:
        panel.axvline(_NO_EFFECT[hot], color=style.MUTED, linewidth=0.6, linestyle=":")
    if interval is not None:
        low, high = (data[column].to_numpy(dtype=float) for column in interval)
        panel.hlines(rows, low, high, color=colour, linewidth=1.0)
    panel.scatter(data[hot].to_numpy(dtype=float), rows, s=14, color=colour, zorder=3, gid=f"{hot}")
    if cold is not None:
        edge = style.PHENOTYPE_COLOURS["cold"]
        values = data[cold].to_numpy(dtype=float)
        panel.scatter(values, rows, s=14, facecolor="white", edgecolor=edge, zorder=3, gid=f"{cold}")
    panel.set_xlabel(name, size=style.SMALL_POINTS)
    if hot == "hr_hot":
        panel.set_xscale("log")
        panel.xaxis.set_major_locator(FixedLocator([0.5, 1, 2]))
        panel.xaxis.set_major_formatter("{x:g}")
        panel.xaxis.set_minor_locator(NullLocator())
    else:
        panel.xaxis.set_major_locator(MaxNLocator(2 if interval is None else 3))
    panel.margins(x=0.2)
    panel.tick_params(axis="x", labelsize=style.SMALL_POINTS)
