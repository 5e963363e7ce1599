"""AUC at each site, from a signature that was trained at the other sites."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

TITLE = "AUC at sites left out of the training"
_TOGETHER = "all sites"
_CROSS_VALIDATED = "cross-validated, all patients"


@figure(
    title=TITLE,
    caption="AUC among the patients of each site, from a signature trained at the other sites, and the cross-validated "
    "AUC for comparison. Lines: 95 % confidence intervals.",
)
def auc_by_site(leave_one_site_out: pd.DataFrame, signature: pd.DataFrame | None = None) -> Drawn:
    """Draw the AUC of each site left out, of all sites together, and of cross-validation over all patients.

    Parameters
    ----------
    leave_one_site_out
        The table of the same name.
    signature
        The table of the same name. Provides the cross-validated AUC.
    """
    check_not_empty(leave_one_site_out, "fewer than two sites are recorded.")
    known = leave_one_site_out.dropna(subset=["auc"])
    check_not_empty(known, "no site has both hot and cold tumours.")
    together = known["site"] == _TOGETHER
    data = pd.concat([known[~together].sort_values("n", ascending=False), known[together]])
    data = data[["site", "n", "n_hot", "auc", "ci_low", "ci_high"]]
    if signature is not None and len(signature):
        row = signature.iloc[0]
        limits = [row["n_patients"], row["n_hot"], row["oof_auc"], row["oof_auc_low"], row["oof_auc_high"]]
        data.loc[len(leave_one_site_out)] = [_CROSS_VALIDATED, *limits]
    figure, axes = canvas(style.SINGLE_MM * 1.25, 30 + 7 * len(data))
    panel = axes[0, 0]
    y = np.arange(len(data))
    auc, low, high = (data[name].to_numpy(dtype=np.float64) for name in ("auc", "ci_low", "ci_high"))
    summary = data["site"].isin([_TOGETHER, _CROSS_VALIDATED]).to_numpy()
    panel.axvline(0.5, color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
    panel.hlines(y, low, high, color=style.INK, linewidth=np.where(summary, 1.6, 0.9))
    panel.scatter(auc[~summary], y[~summary], s=16, color=style.SERIES_COLOURS[4], edgecolors=style.INK, zorder=3,
                  linewidths=0.5, gid="sites")  # fmt: skip
    panel.scatter(auc[summary], y[summary], s=28, color=style.INK, marker="D", zorder=3, gid="summary")
    labels = [f"{row['site']} (n = {row['n']:.0f}, {row['n_hot']:.0f} hot)" for row in data.to_dict("records")]
    panel.set_yticks(y, labels)
    panel.set_ylim(len(data) - 0.5, -0.5)
    panel.set_xlim(0, 1)
    panel.set_xlabel("AUC with 95 % CI")
    panel.tick_params(axis="y", length=0)
    notes = [
        "All sites: mean over sites of the AUC among their own patients. Scores of different sites are not compared."
    ]
    lost = leave_one_site_out[leave_one_site_out["auc"].isna()]
    if len(lost):
        notes.append(
            "No AUC: " + "; ".join(f"{row['site']} ({row['reason']})" for row in lost.to_dict("records")) + "."
        )
    few = data.loc[data["ci_low"].isna(), "site"]
    if len(few):
        notes.append(f"Too few tumours for an interval: {', '.join(few)}.")
    return finish(figure, data, title=TITLE, frames=(leave_one_site_out,), notes=notes)
