"""Precision against recall of the rad-score, beside the share of positives, computed from the ROC curves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label, in_all_patients

TITLE = "Precision and recall of the rad-score"
_MOST_ACROSS = 3


@figure(
    title=TITLE,
    caption="Precision (PPV) against recall (sensitivity) over all thresholds, beside the share of positives.",
)
def precision_recall(roc_curves: pd.DataFrame, endpoints: pd.DataFrame | None = None) -> Drawn:
    """Draw precision against recall, one panel per cohort, side and endpoint.

    Parameters
    ----------
    roc_curves
        The table of the same name, for one cohort or several. Discovery uses held-out patients.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    """
    curves = by_endpoint(
        check_not_empty(in_all_patients(roc_curves), "no patient has both a rad-score and an endpoint.")
    )
    across = min(len(curves), _MOST_ACROSS)
    down = -(-len(curves) // across)
    width = style.DOUBLE_MM if across > 1 else style.DOUBLE_MM * 0.6
    figure, axes = canvas(width, 24 + 62 * down, down, across)
    for panel in axes.flat[len(curves) :]:
        panel.set_axis_off()
    parts = []
    for position, (panel, (key, rows)) in enumerate(zip(axes.flat, curves, strict=False)):
        found = precision_and_recall(rows)
        average = average_precision(found)
        n, positive = (int(rows[name].iloc[0]) for name in ("n", "n_positive"))
        panel.axhline(positive / n, color=style.MUTED, linestyle=(0, (1, 2)), gid="prevalence")
        recall, precision = np.append(0.0, found["recall"]), np.append(found["precision"].iloc[:1], found["precision"])
        panel.plot(recall, precision, color=style.INK, drawstyle="steps-pre", gid="precision")
        panel.set_xlim(-0.02, 1.02)
        panel.set_ylim(-0.02, 1.04)
        panel.set_xlabel("recall (sensitivity)")
        if position % across == 0:
            panel.set_ylabel("precision (PPV)")
        panel.set_title(
            f"{key[0]}, {key[1]}\n{endpoint_label(key[2], endpoints, key[0])}: n = {n}\n"
            f"average precision {average:.2f}, positives {positive / n:.2f}",
            size=style.SMALL_POINTS,
        )
        parts.append(found.assign(cohort=key[0], side=key[1], endpoint=key[2], average_precision=average))
    notes = [
        "Dotted: the share of positives, which is the precision of calls at random. Average precision: sum over "
        "thresholds of precision times the gain in recall, without interpolation. Discovery: from the ROC curve of "
        "held-out patients within their fold, at the share of positives of all.",
    ]
    columns = ["cohort", "side", "endpoint", "recall", "precision", "average_precision", "n", "n_positive"]
    return finish(figure, pd.concat(parts)[columns], title=TITLE, frames=(roc_curves,), notes=notes)


def precision_and_recall(curve: pd.DataFrame) -> pd.DataFrame:
    """Compute precision and recall at the points of a ROC curve.

    Parameters
    ----------
    curve
        Columns sensitivity, specificity, n, n_positive.

    Returns
    -------
    pandas.DataFrame
        Columns recall, precision, n, n_positive, by increasing recall; the highest precision first where recall stays
        the same. Points where nobody is called positive have no precision and are left out.
    """
    positive = curve["n_positive"].to_numpy(dtype=np.float64)
    recall = curve["sensitivity"].to_numpy(dtype=np.float64)
    false = (1 - curve["specificity"].to_numpy(dtype=np.float64)) * (curve["n"].to_numpy(dtype=np.float64) - positive)
    called = recall * positive + false
    table = curve.assign(recall=recall, called=called)[["recall", "called", "n", "n_positive"]]
    table = table[table["called"] > 0].sort_values(["recall", "called"], kind="stable")
    table["precision"] = table["recall"] * table["n_positive"].astype("float64") / table["called"]
    return table[["recall", "precision", "n", "n_positive"]].reset_index(drop=True)


def average_precision(points: pd.DataFrame) -> float:
    """Sum precision times the gain in recall over the points of `precision_and_recall`, without interpolation."""
    gain = np.diff(points["recall"].to_numpy(dtype=np.float64), prepend=0.0)
    return float(np.sum(gain * points["precision"].to_numpy(dtype=np.float64)))
