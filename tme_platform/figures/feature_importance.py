"""Importance of the signature's features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

TITLE = "Importance of the signature's features"


@figure(
    title=TITLE,
    caption="Top features by mean decrease in impurity, and the loss of AUC when each is permuted in held-out folds, "
    "and the share of held-out folds whose model selected it.",
)
def feature_importance(
    signature_importance: pd.DataFrame, signature: pd.DataFrame | None = None, *, first: int = 20
) -> Drawn:
    """Draw impurity importance and the loss of AUC when the feature is permuted in held-out folds.

    Parameters
    ----------
    signature_importance
        The table of the same name.
    signature
        The table of the same name. Provides the number of patients and the out-of-fold AUC.
    first
        Number of features, by rank.
    """
    check_not_empty(signature_importance, "no signature was trained.")
    data = signature_importance.nsmallest(first, "rank")[
        ["feature", "rank", "importance", "permutation_importance", "selected_share"]
    ]
    figure, axes = canvas(style.DOUBLE_MM, 26 + 4.3 * len(data), 1, 3, widths=(1.4, 1.0, 0.7), share_y=True)
    left, right, often = axes[0]
    y = np.arange(len(data))
    left.barh(y, data["importance"], color="#56B4E9", edgecolor=style.INK, linewidth=0.5, height=0.7)
    left.set_yticks(y, [name if len(name) < 48 else name[:45] + "..." for name in data["feature"]])
    left.set_ylim(len(data) - 0.4, -0.6)
    left.set_xlabel("mean decrease in impurity")
    lost = data["permutation_importance"].to_numpy(dtype=np.float64)
    right.axvline(0, color=style.MUTED, linewidth=0.8)
    right.hlines(y, 0, lost, color=style.MUTED, linewidth=0.8)
    right.plot(lost, y, "o", color="#E69F00", markeredgecolor=style.INK, markeredgewidth=0.5, markersize=5)
    right.set_xlabel("loss of AUC\nwhen permuted")
    share = 100 * data["selected_share"].to_numpy(dtype=np.float64)
    often.barh(y, share, color=style.FAINT, edgecolor=style.INK, linewidth=0.5, height=0.7)
    often.set_xlim(0, 100)
    often.set_xlabel("selected,\n% of folds")
    for panel in (left, right, often):
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="x", color=style.FAINT, linewidth=0.4)
    right.tick_params(labelleft=False)
    often.tick_params(labelleft=False)
    notes = [
        f"Top {len(data)} of {len(signature_importance)} features by mean decrease in impurity on the training "
        "patients; loss of AUC in held-out folds, 0 where a model did not select the feature."
    ]
    if signature is not None and len(signature):
        row = signature.iloc[0]
        notes.append(
            f"n = {int(row['n_patients'])} ({int(row['n_hot'])} hot); out-of-fold AUC {row['oof_auc']:.2f} "
            f"({row['oof_auc_low']:.2f}–{row['oof_auc_high']:.2f})."
            + (" The interval reaches 0.5 or below, so the ranking may be noise." if row["oof_auc_low"] <= 0.5 else "")
        )
    return finish(figure, data, title=TITLE, frames=(signature_importance,), notes=notes)
