"""Which features the signature rests on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import require

TITLE = "Features of the signature"


@figure(
    title=TITLE,
    caption="The first features by impurity, and the loss of AUC when each is shuffled in held-out folds.",
)
def feature_importance(
    signature_importance: pd.DataFrame, signature: pd.DataFrame | None = None, *, first: int = 20
) -> Drawn:
    """Draw impurity importance and, beside it, the loss of AUC when the feature is shuffled in held-out folds.

    Parameters
    ----------
    signature_importance
        The lake's table.
    signature
        The lake's table; gives the number of patients and the out-of-fold AUC.
    first
        How many features, by rank.
    """
    require(signature_importance, "no signature was trained.")
    data = signature_importance.nsmallest(first, "rank")[["feature", "rank", "importance", "permutation_importance"]]
    figure, axes = canvas(style.DOUBLE_MM, 26 + 4.3 * len(data), 1, 2, widths=(1.4, 1.0), share_y=True)
    left, right = axes[0]
    y = np.arange(len(data))
    left.barh(y, data["importance"], color="#56B4E9", edgecolor=style.INK, linewidth=0.5, height=0.7)
    left.set_yticks(y, [name if len(name) < 48 else name[:45] + "..." for name in data["feature"]])
    left.set_ylim(len(data) - 0.4, -0.6)
    left.set_xlabel("mean decrease in impurity")
    lost = data["permutation_importance"].to_numpy(dtype=np.float64)
    right.axvline(0, color=style.MUTED, linewidth=0.8)
    right.hlines(y, 0, lost, color=style.MUTED, linewidth=0.8)
    right.plot(lost, y, "o", color="#E69F00", markeredgecolor=style.INK, markeredgewidth=0.5, markersize=5)
    right.set_xlabel("loss of AUC when shuffled")
    for panel in (left, right):
        panel.tick_params(axis="y", length=0)
        panel.grid(axis="x", color=style.FAINT, linewidth=0.4)
    right.tick_params(labelleft=False)
    notes = [
        f"The {len(data)} first of {len(signature_importance)} features by impurity, on training patients; "
        "the loss of AUC is from held-out folds."
    ]
    if signature is not None and len(signature):
        row = signature.iloc[0]
        notes.append(
            f"n = {int(row['n_patients'])} ({int(row['n_hot'])} hot); out-of-fold AUC {row['oof_auc']:.2f} "
            f"({row['oof_auc_low']:.2f}–{row['oof_auc_high']:.2f})."
            + (" The interval includes 0.5: an order of features that do not tell." if row["oof_auc_low"] < 0.5 else "")
        )
    return finish(figure, data, title=TITLE, frames=(signature_importance,), notes=notes)
