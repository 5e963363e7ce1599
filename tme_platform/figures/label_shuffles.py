"""Permutation test: the AUC with the true labels and its distribution under shuffled labels."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, format_p
from tme_platform.statistics import permutation_p

TITLE = "AUC with shuffled labels"


@figure(
    title=TITLE,
    caption="Cross-validated AUC with the true labels, and its distribution under shuffled labels.",
)
def label_shuffles(label_permutations: pd.DataFrame) -> Drawn:
    """Draw the histogram of the AUC under shuffled labels and the AUC with the true labels.

    Parameters
    ----------
    label_permutations
        The table of the same name. `shuffle` 0 holds the true labels.
    """
    known = label_permutations.dropna(subset=["auc"])
    null = known.loc[known["shuffle"] > 0, "auc"].to_numpy(dtype=np.float64)
    true = known.loc[known["shuffle"] == 0, "auc"].to_numpy(dtype=np.float64)
    check_not_empty(known if len(null) and len(true) else known.iloc[:0], "labels were not shuffled.")
    observed = float(true[0])
    p = permutation_p(observed, null)
    figure, axes = canvas(style.SINGLE_MM * 1.15, 68)
    panel = axes[0, 0]
    low, high = np.percentile(null, [2.5, 97.5])
    first, last = float(min(null.min(), observed)) - 0.02, float(max(null.max(), observed)) + 0.02
    panel.hist(
        null,
        bins=list(np.linspace(first, last, 26)),
        color="#bdbdbd",
        edgecolor=style.INK,
        linewidth=0.4,
        label="shuffled",
    )
    panel.axvspan(low, high, color="#56B4E9", alpha=0.18, linewidth=0, label="95 % of the shuffles")
    panel.axvline(observed, color=style.PHENOTYPE_COLOURS["hot"], linewidth=2, label=f"true labels: {observed:.2f}")
    panel.set_xlabel("cross-validated AUC (shortened procedure)")
    panel.set_ylabel("shuffles")
    panel.set_ylim(0, panel.get_ylim()[1] * 1.35)
    panel.legend(loc="upper left")
    least = f" (smallest possible value {1 / (null.size + 1):.2g})" if null.size < 100 else ""
    notes = [
        f"n = {null.size} shuffles, 95 % of them within {low:.2f}–{high:.2f}; {format_p(p)}{least}.",
    ]
    data = known[["shuffle", "auc"]].sort_values("shuffle")
    return finish(figure, data, title=TITLE, frames=(label_permutations,), notes=notes)
