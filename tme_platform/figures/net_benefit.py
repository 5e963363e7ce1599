"""Decision curves: the net benefit of acting on the rad-score."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label

TITLE = "Net benefit of acting on the rad-score"
_MOST_ACROSS = 2


@figure(
    title=TITLE,
    caption="Decision curves: net benefit of acting on the rad-score, compared with acting on everybody and on nobody.",
)
def net_benefit(decision_curves: pd.DataFrame, endpoints: pd.DataFrame | None = None) -> Drawn:
    """Draw net benefit against the threshold probability, one panel per cohort, side and endpoint.

    Parameters
    ----------
    decision_curves
        The table of the same name, for one cohort or several.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    """
    check_not_empty(decision_curves, "no patient has both a rad-score and an endpoint.")
    curves = by_endpoint(decision_curves)
    across = min(len(curves), _MOST_ACROSS)
    down = -(-len(curves) // across)
    width = style.DOUBLE_MM if across > 1 else style.DOUBLE_MM * 0.6
    figure, rows_of_axes = canvas(width, 28 + 62 * down, down + 1, across, heights=(*[1.0] * down, 0.16 / across))
    axes, legend = rows_of_axes[:-1], rows_of_axes[-1]
    for panel in (*axes.flat[len(curves) :], *legend):
        panel.set_axis_off()
    for position, (panel, (key, rows)) in enumerate(zip(axes.flat, curves, strict=False)):
        own = rows.sort_values("threshold")
        first = own.iloc[0]
        prevalence = float(first["n_positive"]) / float(first["n"])
        panel.plot(own["threshold"], own["treat_all"], color=style.MUTED, linestyle="--", label="act on everybody")
        panel.axhline(0, color=style.MUTED, linestyle=":", label="act on nobody")
        panel.plot(
            own["threshold"], own["net_benefit"], color=style.INK, label="recalibrated rad-score", gid="net_benefit"
        )
        panel.fill_between(own["threshold"], own["ci_low"], own["ci_high"], color=style.INK, alpha=0.13, linewidth=0)
        top = max(prevalence, float(own["net_benefit"].max()), 0.02)
        panel.set_ylim(-0.35 * top, 1.15 * top)
        # Above twice the prevalence few would act, and the curves only fall.
        panel.set_xlim(0, min(1.0, max(0.3, 2 * prevalence)))
        panel.set_title(
            f"{key[0]}, {key[1]}\n{endpoint_label(key[2], endpoints, key[0])}\n"
            f"n = {int(first['n'])}, {int(first['n_positive'])} positive",
            size=style.SMALL_POINTS,
        )
        panel.set_xlabel("threshold probability")
        if position % across == 0:
            panel.set_ylabel("net benefit")
    named = legend[0].legend(
        *axes.flat[0].get_legend_handles_labels(), loc="upper left", ncols=across + 1, borderaxespad=0
    )
    named.set_in_layout(False)  # it is wider than its column
    notes = [
        "Net benefit in true positives per patient, of the recalibrated probability; discovery: held-out patients. "
        "Band: pointwise 95 % CI (bootstrap of patients)."
    ]
    return finish(figure, decision_curves, title=TITLE, frames=(decision_curves,), notes=notes)
