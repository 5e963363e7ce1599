"""Metrics of the rad-score by cohort: AUC, accuracy, sensitivity, specificity and predictive values."""

from __future__ import annotations

import numpy as np
import pandas as pd

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
_COLOURS = len(style.SERIES_HATCHES)
_MOST_UPRIGHT = 3
"""Number of series up to which the values fit above the bars without rotation."""


@figure(
    title=TITLE,
    caption="AUC, accuracy, sensitivity, specificity and predictive values by cohort with 95 % confidence intervals.",
)
def metric_bars(cohort_metrics: pd.DataFrame, endpoints: pd.DataFrame | None = None, *, subgroup: str = "all") -> Drawn:
    """Draw the honest metrics as bars with their 95 % confidence intervals.

    Parameters
    ----------
    cohort_metrics
        The table of the same name, for one cohort or several.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    subgroup
        Subgroup of patients.
    """
    way = "held-out patients in discovery, thresholds of their training folds; one locked threshold elsewhere"
    return bars_of_analysis(cohort_metrics, endpoints, "honest", f"{TITLE}: {way}", subgroup)


def bars_of_analysis(
    cohort_metrics: pd.DataFrame, endpoints: pd.DataFrame | None, analysis: str, title: str, subgroup: str = "all"
) -> Drawn:
    """Draw the metrics of one analysis; arguments as for `metric_bars`."""
    own = cohort_metrics[(cohort_metrics["analysis"] == analysis) & (cohort_metrics["subgroup"] == subgroup)]
    own = check_not_empty(own[own["metric"].isin(METRICS)], f"there are no {analysis} metrics in {subgroup} patients.")
    own = own[own["model"] == "signature"]
    series = by_endpoint(own)
    figure, axes = canvas(style.DOUBLE_MM, 80 + 5 * len(series), 2, 1, heights=(62, 5.0 * len(series)))
    panel, legend = axes[:, 0]
    width, notes, parts = 0.84 / len(series), [], []
    for position, (key, rows) in enumerate(series):
        found = rows.set_index("metric").reindex(list(METRICS))
        value, low, high = (found[name].to_numpy(dtype=np.float64) for name in ("value", "ci_low", "ci_high"))
        look = style.series_style(position)
        x = np.arange(len(METRICS)) + (position - (len(series) - 1) / 2) * width
        n, positive = int(found["n"].max()), int(found["n_positive"].max())
        outcome = endpoint_label(key[2], endpoints, key[0])
        name = f"{key[0]}, {key[1]}: {outcome} (n = {n}, {positive} positive)"
        panel.bar(
            x, value, width * 0.9, facecolor=_pale(str(look["color"])), edgecolor=style.INK, linewidth=0.6, label=name,
            hatch=style.SERIES_HATCHES[(position + position // _COLOURS) % _COLOURS],
        )  # fmt: skip
        panel.errorbar(
            x, value, yerr=np.maximum([value - low, high - value], 0), fmt="none", ecolor=style.INK, elinewidth=0.9,
            capsize=2,
        )  # fmt: skip
        by_chance = np.array([_at_random(metric, positive / n) for metric in METRICS])
        by_chance[np.isnan(value)] = np.nan
        panel.hlines(
            by_chance, x - width * 0.45, x + width * 0.45, color=style.ALERT, linewidth=1.6, zorder=3, gid="at random"
        )
        for at, text, top in zip(x, value, np.fmax(high, value), strict=True):
            if np.isfinite(text):
                panel.text(
                    at, top + 0.015, f"{text:.2f}", ha="center", va="bottom", size=style.SMALL_POINTS,
                    rotation=90 if len(series) > _MOST_UPRIGHT else 0,
                )  # fmt: skip
        for reason in found.loc[found["value"].isna(), "reason"].dropna().unique():
            notes.append(f"{key[0]}, {key[1]}, {outcome}: {reason}.")
        parts.append(found.reset_index().assign(cohort=key[0], side=key[1], endpoint=key[2]))
    panel.set_xticks(range(len(METRICS)), list(METRICS.values()))
    panel.set_ylim(0, 1.09 if len(series) <= _MOST_UPRIGHT else 1.16)
    panel.set_yticks(np.arange(0, 1.01, 0.2))
    panel.set_ylabel("value with 95 % CI")
    legend.set_axis_off()
    legend.legend(*panel.get_legend_handles_labels(), loc="upper left")
    notes.append("Red ticks: calls at random (AUC 0.5; PPV the share of positives; NPV the share of negatives).")
    columns = ["cohort", "side", "endpoint", "metric", "value", "ci_low", "ci_high", "n", "n_positive", "method"]
    heading = title + ("" if subgroup == "all" else f" ({variable_label(subgroup)})")
    return finish(figure, pd.concat(parts)[columns], title=heading, frames=(cohort_metrics,), notes=notes)


def _at_random(metric: str, prevalence: float) -> float:
    """Value of a metric if patients were called at random; NaN where it depends on how many are called."""
    return {"auc": 0.5, "ppv": prevalence, "npv": 1 - prevalence}.get(metric, float("nan"))


def _pale(colour: str) -> tuple[float, ...]:
    """Mix a colour with white so that hatch and interval remain visible."""
    from matplotlib.colors import to_rgb

    return tuple(0.45 * part + 0.55 for part in to_rgb(colour))
