"""Learning curve: cross-validated AUC by number of training patients."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

TITLE = "AUC by number of patients"


@figure(
    title=TITLE,
    caption="Cross-validated AUC in random subsets of the discovery patients, by size of the subset.",
)
def auc_by_size(learning_curve: pd.DataFrame) -> Drawn:
    """Draw the cross-validated AUC in random subsets of the discovery patients.

    Parameters
    ----------
    learning_curve
        The table of the same name (or the result of `signature.learning_curve`).
    """
    data = check_not_empty(
        learning_curve, "no subset of the discovery patients has enough hot and cold patients."
    ).sort_values("n")
    figure, axes = canvas(style.SINGLE_MM * 1.15, 72)
    panel = axes[0, 0]
    panel.axhline(0.5, color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
    auc, low, high = (data[name].astype("float64") for name in ("auc", "auc_low", "auc_high"))
    if len(data) > 1:
        panel.fill_between(data["n"].astype("float64"), low, high, color="#56B4E9", alpha=0.25, linewidth=0)
    panel.errorbar(
        data["n"].astype("float64"), auc, yerr=[(auc - low).clip(lower=0), (high - auc).clip(lower=0)], color=style.INK,
        marker="o", markersize=4, capsize=2, elinewidth=0.8,
    )  # fmt: skip
    labels = [f"{row['n']:.0f}\n({row['n_hot']:.0f} hot)" for row in data.to_dict("records")]
    panel.set_xticks(data["n"].astype("float64"), labels)
    panel.set_ylim(max(0.0, min(0.35, float(low.min()) - 0.05)), 1.0)
    panel.set_xlabel("discovery patients drawn")
    panel.set_ylabel("cross-validated AUC")
    draws = int(data["draws"].max())
    notes = [f"Mean of {draws} draws. Band: 2.5th to 97.5th percentile of the draws (not a confidence interval)."]
    if len(data) == 1:
        notes.append("Only one size could be drawn, so there is no curve.")
    return finish(figure, data, title=TITLE, frames=(learning_curve,), notes=notes)
