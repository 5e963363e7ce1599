"""Versions of the signature over time: AUC and number of training patients."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

TITLE = "Versions of the signature"


@figure(
    title=TITLE,
    caption="Out-of-fold and apparent AUC of each version of the signature, and the number of training patients.",
)
def model_history(signature: pd.DataFrame) -> Drawn:
    """Draw out-of-fold and apparent AUC and the number of training patients of each version.

    Parameters
    ----------
    signature
        One row per version: model_version, trained (time), n_patients, n_hot, oof_auc, oof_auc_low, oof_auc_high,
        apparent_auc, and optionally alias (``champion``). The table `signature` has all of these except `trained`
        and `alias`. Without `trained`, versions are drawn in the order of the rows.
    """
    data = check_not_empty(signature, "no signature was trained.").copy()
    if "trained" in data:
        data = data.sort_values("trained", kind="stable")
    figure, axes = canvas(
        min(style.DOUBLE_MM, style.SINGLE_MM + 8.0 * len(data)), 92, 2, heights=(2.6, 1.0), share_x=True
    )
    upper, lower = axes[:, 0]
    x = np.arange(len(data))
    auc, low, high = (data[name].to_numpy(dtype=np.float64) for name in ("oof_auc", "oof_auc_low", "oof_auc_high"))
    upper.axhline(0.5, color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
    upper.errorbar(
        x, auc, yerr=[auc - low, high - auc], color=style.INK, marker="o", markersize=5, capsize=3, elinewidth=1.0,
        label="out of fold, 95 % CI",
    )  # fmt: skip
    upper.plot(
        x, data["apparent_auc"].astype("float64"), linestyle="--", marker="^", color="#E69F00", markersize=4,
        label="apparent (training patients)",
    )  # fmt: skip
    champion = data["alias"].fillna("").astype(str).str.contains("champion").to_numpy() if "alias" in data else x < 0
    upper.plot(
        x[champion], auc[champion], "o", markersize=11, markerfacecolor="none", markeredgecolor="#009E73",
        markeredgewidth=1.5, linestyle="", label="champion" if champion.any() else None,
    )  # fmt: skip
    upper.set_ylim(min(0.3, float(np.nanmin(low)) - 0.05), 1.22)
    upper.set_yticks(np.arange(0.4, 1.01, 0.2))
    upper.set_ylabel("AUC")
    upper.legend(loc="upper left", ncols=1)
    lower.bar(x, data["n_patients"].astype("float64"), 0.6, color="#bdbdbd", edgecolor=style.INK, linewidth=0.6)
    hot = data["n_hot"].astype("float64")
    lower.bar(x, hot, 0.6, color=style.PHENOTYPE_COLOURS["hot"], edgecolor=style.INK, linewidth=0.6, label="hot")
    for at, n, hot_count in zip(x, data["n_patients"], data["n_hot"], strict=True):
        lower.text(at, n, f"{n} ({hot_count} hot)", ha="center", va="bottom", size=style.SMALL_POINTS)
    lower.set_ylim(0, float(data["n_patients"].max()) * 1.3)
    lower.set_ylabel("patients")
    days = [f"\n{time:%Y-%m-%d}" for time in pd.to_datetime(data["trained"])] if "trained" in data else [""] * len(data)
    lower.set_xticks(x, [f"v{version}{day}" for version, day in zip(data["model_version"], days, strict=True)])
    lower.set_xlim(-0.6, len(data) - 0.4)
    notes = ["The apparent AUC is optimistic, since it is computed on the training patients."]
    if len(data) == 1:
        notes.append("There is only one version, so there is nothing to compare it with.")
    return finish(figure, data, title=TITLE, frames=(signature,), notes=notes)
