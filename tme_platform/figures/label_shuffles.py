"""Permutation test: the AUC with the true labels and its distribution under shuffled labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, format_p

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "AUC with shuffled labels"


@figure(
    title=TITLE,
    caption="Cross-validated AUC with the true labels, and its distribution under labels that were shuffled among all "
    "patients, and among the patients of the same site.",
)
def label_shuffles(label_permutations: pd.DataFrame) -> Drawn:
    """Draw the histogram of the AUC under shuffled labels and the AUC with the true labels, one panel per way.

    Parameters
    ----------
    label_permutations
        The table of the same name. `shuffle` 0 holds the true labels.
    """
    known = label_permutations.dropna(subset=["auc"]).sort_values(["within", "shuffle"])
    panels = []
    for within, rows in known.groupby("within", sort=True):
        null = rows.loc[rows["shuffle"] > 0, "auc"].to_numpy(dtype=np.float64)
        first = rows[rows["shuffle"] == 0]
        if len(null) and len(first):
            panels.append((str(within), first.iloc[0], null))
    check_not_empty(known if panels else known.iloc[:0], "labels were not shuffled.")
    figure, axes = canvas(style.SINGLE_MM * 1.15, 22 + 46 * len(panels), len(panels), 1, share_x=True)
    notes = []
    for panel, (within, true, null) in zip(axes[:, 0], panels, strict=True):
        way = f"among {within}" if within == "all patients" else f"within {within}"
        _histogram(panel, float(true["auc"]), null, way)
        low, high = np.percentile(null, [2.5, 97.5])
        least = f"; smallest possible value {1 / (null.size + 1):.2g}" if null.size < 100 else ""
        p = f"{format_p(float(true['p']))} (standard error {true['p_se']:.2g}{least})"
        notes.append(f"Shuffled {way}: n = {null.size}, 95 % of them within {low:.2f}–{high:.2f}; {p}.")
    axes[-1, 0].set_xlabel("cross-validated AUC (shortened procedure)")
    columns = ["within", "shuffle", "auc", "p", "p_se"]
    return finish(figure, known[columns], title=TITLE, frames=(label_permutations,), notes=notes)


def _histogram(panel: Axes, observed: float, null: np.ndarray, way: str) -> None:
    first, last = float(min(null.min(), observed)) - 0.02, float(max(null.max(), observed)) + 0.02
    panel.hist(
        null,
        bins=list(np.linspace(first, last, 26)),
        color="#bdbdbd",
        edgecolor=style.INK,
        linewidth=0.4,
        label=f"shuffled {way}",
    )
    low, high = np.percentile(null, [2.5, 97.5])
    panel.axvspan(low, high, color="#56B4E9", alpha=0.18, linewidth=0, label="95 % of the shuffles")
    panel.axvline(observed, color=style.PHENOTYPE_COLOURS["hot"], linewidth=2, label=f"true labels: {observed:.2f}")
    panel.set_ylabel("shuffles")
    panel.set_ylim(0, panel.get_ylim()[1] * 1.45)
    panel.legend(loc="upper left")
