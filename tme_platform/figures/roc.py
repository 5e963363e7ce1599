"""ROC curves of the rad-score in all cohorts, with AUC and confidence interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label, format_interval, in_all_patients
from tme_platform.statistics.proportions import proportion_interval

TITLE = "ROC curves of the rad-score"
_BANDS_UP_TO = 2
"""Number of curves up to which confidence bands are drawn without overlapping too much."""


@figure(
    title=TITLE,
    caption="ROC curve of each cohort and endpoint with AUC and 95 % confidence interval; discovery out of fold.",
)
def roc(
    roc_curves: pd.DataFrame, cohort_metrics: pd.DataFrame | None = None, endpoints: pd.DataFrame | None = None
) -> Drawn:
    """Draw one ROC curve per cohort, side and endpoint.

    Parameters
    ----------
    roc_curves
        The table of the same name, for one cohort or several. Discovery uses out-of-fold scores.
    cohort_metrics
        The table of the same name. If given, the apparent AUC is stated for comparison.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    """
    drawn = check_not_empty(in_all_patients(roc_curves), "no patient has both a rad-score and an endpoint.")
    curves = by_endpoint(drawn)
    names = [_name(key, endpoints) for key, _ in curves]
    lines = sum(2 if len(name) > 30 else 1 for name in names) + len(curves)
    figure, axes = canvas(style.DOUBLE_MM * 0.85, max(85.0, 20 + 4.0 * lines), 1, 2, widths=(1.3, 1.0))
    panel, legend = axes[0]
    panel.plot([0, 1], [0, 1], color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
    notes: list[str] = []
    for position, (name, (key, rows)) in enumerate(zip(names, curves, strict=True)):
        own = rows.sort_values("point")
        first = own.iloc[0]
        look = style.series_style(position)
        false_positive = 1 - own["specificity"].to_numpy(dtype=np.float64)
        sensitivity = own["sensitivity"].to_numpy(dtype=np.float64)
        area = format_interval(first["auc"], first["auc_low"], first["auc_high"])
        n, positive = int(first["n"]), int(first["n_positive"])
        panel.plot(
            false_positive, sensitivity, color=look["color"], linestyle=look["linestyle"], gid="roc:" + ":".join(key),
            label=f"{name}\nAUC {area}, n = {n} ({positive} positive)",
        )  # fmt: skip
        if len(curves) <= _BANDS_UP_TO:
            limits = [proportion_interval(round(value * positive), positive) for value in sensitivity]
            low, high = np.array(limits).T
            panel.fill_between(false_positive, low, high, color=look["color"], alpha=0.13, linewidth=0)
        if min(positive, n - positive) == 1:
            notes.append(f"{name}: only one patient in one of the classes, so the curve is a single step.")
    panel.set_xlim(-0.01, 1.01)
    panel.set_ylim(-0.01, 1.01)
    panel.set_aspect("equal")
    panel.set_xlabel("1 − specificity")
    panel.set_ylabel("sensitivity")
    legend.set_axis_off()
    legend.legend(*panel.get_legend_handles_labels(), loc="center left", labelspacing=1.0)
    notes.append("AUC with 95 % CI (logit scale). Discovery: held-out patients, compared within their fold.")
    if len(curves) <= _BANDS_UP_TO:
        notes.append("Bands: 95 % CI of the sensitivity (Wilson).")
    notes.append(_apparent(cohort_metrics, endpoints))
    return finish(figure, drawn, title=TITLE, frames=(roc_curves,), notes=notes)


def _name(key: tuple[str, str, str], endpoints: pd.DataFrame | None) -> str:
    cohort, side, endpoint = key
    return f"{cohort}, {side}: {endpoint_label(endpoint, endpoints, cohort)}"


def _apparent(metrics: pd.DataFrame | None, endpoints: pd.DataFrame | None) -> str:
    """State the apparent AUC, so that the two are not confused."""
    if metrics is None:
        return ""
    rows = metrics.query("metric == 'auc' and analysis == 'paper' and side == 'discovery' and subgroup == 'all'")
    texts = [
        f"{row['cohort']}, {endpoint_label(row['endpoint'], endpoints, row['cohort'])}: "
        f"{format_interval(row['value'], row['ci_low'], row['ci_high'])}"
        for row in rows.to_dict("records")
    ]
    return f"Apparent AUC on the training patients: {'; '.join(texts)}." if texts else ""
