"""Metrics of the rad-score by cohort: AUC, accuracy, sensitivity, specificity and predictive values."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label, variable_label

TITLE = "Metrics of the rad-score"
METRICS = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "npv": "NPV",
}
_MOST_UPRIGHT = 3
"""Number of series up to which the values fit above the bars without rotation."""


@figure(
    title=TITLE,
    caption="AUC, accuracy, sensitivity, specificity and predictive values by cohort with 95 % confidence intervals.",
)
def metric_bars(
    cohort_metrics: pd.DataFrame,
    endpoints: pd.DataFrame | None = None,
    *,
    analysis: str = "honest",
    subgroup: str = "all",
) -> Drawn:
    """Draw the metrics as bars with their 95 % confidence intervals.

    Parameters
    ----------
    cohort_metrics
        The table of the same name, for one cohort or several.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    analysis
        ``honest`` (held-out patients in discovery, one locked threshold elsewhere) or ``paper`` (our reading of the
        published analysis).
    subgroup
        Subgroup of patients.
    """
    own = cohort_metrics[(cohort_metrics["analysis"] == analysis) & (cohort_metrics["subgroup"] == subgroup)]
    own = check_not_empty(own[own["metric"].isin(METRICS)], f"there are no {analysis} metrics in {subgroup} patients.")
    own = own[own["model"] == "signature"]
    series = by_endpoint(own)
    figure, axes = canvas(style.DOUBLE_MM, 72 + 5 * len(series))
    panel = axes[0, 0]
    width, notes, parts = 0.84 / len(series), [], []
    for position, (key, rows) in enumerate(series):
        found = rows.set_index("metric").reindex(list(METRICS))
        value, low, high = (found[name].to_numpy(dtype=np.float64) for name in ("value", "ci_low", "ci_high"))
        look = style.series_style(position)
        x = np.arange(len(METRICS)) + (position - (len(series) - 1) / 2) * width
        n, positive = int(found["n"].max()), int(found["n_positive"].max())
        title = endpoint_label(key[2], endpoints, key[0])
        name = f"{key[0]}, {key[1]}: {title} (n = {n}, {positive} positive)"
        panel.bar(
            x, value, width * 0.9, facecolor=_pale(str(look["color"])), edgecolor=style.INK, linewidth=0.6, label=name,
            hatch=style.SERIES_HATCHES[position % len(style.SERIES_HATCHES)],
        )  # fmt: skip
        panel.errorbar(
            x, value, yerr=np.maximum([value - low, high - value], 0), fmt="none", ecolor=style.INK, elinewidth=0.9,
            capsize=2,
        )  # fmt: skip
        for at, text, top in zip(x, value, np.fmax(high, value), strict=True):
            if np.isfinite(text):
                panel.text(
                    at, top + 0.015, f"{text:.2f}", ha="center", va="bottom", size=style.SMALL_POINTS,
                    rotation=90 if len(series) > _MOST_UPRIGHT else 0,
                )  # fmt: skip
        for reason in found.loc[found["value"].isna(), "reason"].dropna().unique():
            notes.append(f"{key[0]}, {key[1]}, {title}: {reason}.")
        parts.append(found.reset_index().assign(cohort=key[0], side=key[1], endpoint=key[2]))
    panel.axhline(0.5, color=style.MUTED, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    panel.set_xticks(range(len(METRICS)), list(METRICS.values()))
    panel.set_ylim(0, 1.09 if len(series) <= _MOST_UPRIGHT else 1.16)
    panel.set_yticks(np.arange(0, 1.01, 0.2))
    panel.set_ylabel("value with 95 % CI")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside lower left", borderaxespad=0.4)
    way = {
        "honest": "held-out patients in discovery, thresholds of their training folds; one locked threshold elsewhere"
    }.get(analysis, "our reading of the paper: apparent in discovery; threshold chosen in each cohort")
    columns = ["cohort", "side", "endpoint", "metric", "value", "ci_low", "ci_high", "n", "n_positive", "method"]
    title = f"{TITLE}: {way}" + ("" if subgroup == "all" else f" ({variable_label(subgroup)})")
    return finish(figure, pd.concat(parts)[columns], title=title, frames=(cohort_metrics,), notes=notes)


def _pale(colour: str) -> tuple[float, ...]:
    """Mix a colour with white so that hatch and interval remain visible."""
    return tuple(0.45 * part + 0.55 for part in to_rgb(colour))
