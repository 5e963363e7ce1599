"""AUC of each feature alone, against its p-value."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

TITLE = "Each feature alone"
_NAMED = 5
_FDR = 0.05


@figure(
    title=TITLE,
    caption="AUC of each candidate feature for hot against cold tumours, and its p-value (Wilcoxon); features with an "
    "FDR below 0.05 are filled.",
)
def univariate_auc(feature_univariate: pd.DataFrame) -> Drawn:
    """Draw the AUC of each feature and -log10 p.

    Parameters
    ----------
    feature_univariate
        The table of the same name.
    """
    check_not_empty(feature_univariate, "no signature was trained.")
    data = feature_univariate.dropna(subset=["auc", "p"])[["feature", "n", "n_hot", "auc", "p", "fdr", "kept"]]
    check_not_empty(data, "no feature could be tested.")
    figure, axes = canvas(style.SINGLE_MM * 1.25, 78)
    panel = axes[0, 0]
    height = -np.log10(data["p"].to_numpy(dtype=np.float64).clip(1e-300))
    auc, found = data["auc"].to_numpy(dtype=np.float64), data["fdr"].to_numpy(dtype=np.float64) < _FDR
    kept = data["kept"].to_numpy(dtype=bool)
    for members, colour, marker, name in (
        (kept, style.SERIES_COLOURS[4], "o", "kept by agreement"),
        (~kept, style.SERIES_COLOURS[1], "s", "not kept"),
    ):
        fill = np.where(found[members], colour, "white")
        if members.any():
            panel.scatter(auc[members], height[members], s=16, color=fill, edgecolors=colour, marker=marker,
                          linewidths=0.8, gid=f"features:{name}", label=name)  # fmt: skip
    panel.axvline(0.5, color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
    first = data.assign(height=height).nsmallest(_NAMED, "p") if found.any() else data.iloc[:0]
    for row in first[first["fdr"] < _FDR].to_dict("records"):
        side = "right" if row["auc"] > 0.5 else "left"
        name = row["feature"] if len(row["feature"]) < 30 else row["feature"][:27] + "..."
        panel.annotate(name, (row["auc"], row["height"]), (-5 if side == "right" else 5, 0), ha=side, va="center",
                       textcoords="offset points", size=style.SMALL_POINTS)  # fmt: skip
    panel.set_xlim(0, 1)
    panel.set_ylim(0, max(1.5, float(height.max()) * 1.35))
    panel.set_xlabel("AUC; above 0.5: higher in hot tumours")
    panel.set_ylabel("-log10 p")
    panel.legend(loc="upper left")
    notes = [
        f"n = {int(data['n'].max())} ({int(data['n_hot'].max())} hot); {found.sum()} of {len(data)} features have an "
        f"FDR below {_FDR:g}. Descriptive: the signature does not select features by these values."
    ]
    lost = len(feature_univariate) - len(data)
    if lost:
        notes.append(f"{lost} could not be tested.")
    return finish(figure, data, title=TITLE, frames=(feature_univariate,), notes=notes)
