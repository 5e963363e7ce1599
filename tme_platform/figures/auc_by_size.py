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
    caption="Cross-validated AUC in random subsets of the discovery patients, by size of the subset, with "
    "the true and with shuffled labels.",
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
    n = data["n"].astype("float64")
    auc, sd, null, null_sd = (data[name].astype("float64") for name in ("auc", "auc_sd", "null_auc", "null_sd"))
    shuffled = {"color": style.SERIES_COLOURS[1], "label": "shuffled labels", "linestyle": "--", "marker": "s"}
    true = {"color": style.INK, "label": "true labels", "marker": "o"}
    for values, spread, look in ((null, null_sd, shuffled), (auc, sd, true)):
        panel.errorbar(n, values, yerr=spread, markersize=4, capsize=2, elinewidth=0.8, **look)
    labels = [f"{row['n']:.0f}\n({row['n_hot']:.0f} hot)" for row in data.to_dict("records")]
    panel.set_xticks(n, labels)
    panel.set_ylim(max(0.0, min(0.35, float((auc - sd).min()) - 0.05, float((null - null_sd).min()) - 0.05)), 1.0)
    panel.legend(loc="upper left")
    panel.set_xlabel("discovery patients drawn")
    panel.set_ylabel("cross-validated AUC")
    draws, null_draws = (int(data[name].max()) for name in ("draws", "null_draws"))
    notes = [
        f"Mean of {draws} draws, and of {null_draws} with shuffled labels. Lines: one standard deviation of the draws, "
        "which share patients (not a confidence interval)."
    ]
    if len(data) == 1:
        notes.append("Only one size could be drawn, so there is no curve.")
    return finish(figure, data, title=TITLE, frames=(learning_curve,), notes=notes)
