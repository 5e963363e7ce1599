"""Decision curves of the signature, of clinical variables and of both, and what the signature adds."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LETTERS = 30
TITLE = "Net benefit added to clinical variables"
MODELS = {
    "signature": "recalibrated rad-score",
    "clinical": "clinical variables",
    "combined": "image features and clinical variables",
}
_COLUMNS = ["model", "threshold", "net_benefit", "ci_low", "ci_high", "gain", "gain_low", "gain_high", "treat_all"]


@figure(
    title=TITLE,
    caption="Net benefit of the rad-score, of clinical variables and of both in held-out discovery patients, and what "
    "image features add to clinical variables.",
)
def net_benefit_added(clinical_decision_curves: pd.DataFrame) -> Drawn:
    """Draw the decision curves of the three models, and what two of them gain over the clinical one.

    Parameters
    ----------
    clinical_decision_curves
        The table of the same name.
    """
    curves = check_not_empty(clinical_decision_curves, "no signature was compared with clinical variables.")
    first = curves.iloc[0]
    n, positive = int(first["n"]), int(first["n_positive"])
    prevalence = positive / n
    # Above twice the prevalence few would act, and the curves only fall.
    last = min(1.0, max(0.3, 2 * prevalence))
    figure, axes = canvas(style.DOUBLE_MM, 126, 2, len(MODELS))
    top = 1.15 * max(prevalence, float(curves["net_benefit"].max()), 0.02)
    gained = curves[curves["threshold"] <= last][["gain_low", "gain_high"]]
    limit = max(1.1 * float(gained.abs().max().max()), 0.02)
    for (upper, lower), (name, label) in zip(axes.T, MODELS.items(), strict=True):
        own = curves[curves["model"] == name].sort_values("threshold")
        at = own["threshold"]
        upper.plot(at, own["treat_all"], color=style.MUTED, linestyle="--", label="act on everybody")
        upper.axhline(0, color=style.MUTED, linestyle=":", label="act on nobody")
        _with_band(upper, own, ("net_benefit", "ci_low", "ci_high"), f"net_benefit:{name}")
        upper.set_ylim(-0.35 * top, 1.3 * top)
        upper.set_title(textwrap.fill(label, _LETTERS), size=style.SMALL_POINTS)
        if name == "clinical":
            lower.set_axis_off()
            lower.legend(*upper.get_legend_handles_labels(), loc="upper left")
        else:
            lower.axhline(0, color=style.MUTED, linestyle=":")
            _with_band(lower, own, ("gain", "gain_low", "gain_high"), f"gain:{name}")
            lower.set_ylim(-limit, limit)
            lower.set_title("minus clinical variables", size=style.SMALL_POINTS)
            lower.set_xlabel("threshold probability")
        upper.set_xlabel("threshold probability")
        for panel in (upper, lower):
            panel.set_xlim(0, last)
    axes[0, 0].set_ylabel(f"net benefit (n = {n}, {positive} hot)")
    axes[1, 0].set_ylabel("difference of net benefit")
    notes = [
        "Recalibrated probabilities of held-out patients in the same folds; net benefit in true positives per patient.",
        "Bands: pointwise 95 % CI (bootstrap of patients; paired for the differences). A band that contains 0 leaves "
        "open whether the model is better or worse than clinical variables.",
    ]
    data = curves[[*_COLUMNS, "n", "n_positive"]]
    return finish(figure, data, title=TITLE, frames=(clinical_decision_curves,), notes=notes)


def _with_band(panel: Axes, own: pd.DataFrame, columns: tuple[str, str, str], gid: str) -> None:
    value, low, high = (own[name] for name in columns)
    panel.plot(own["threshold"], value, color=style.INK, label="the model above", gid=gid)
    panel.fill_between(own["threshold"], low, high, color=style.INK, alpha=0.13, linewidth=0)
