"""Confusion matrices of the rad-score by cohort: how many patients with each outcome are called positive."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish, write_message
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Confusion matrices of the rad-score"
ANALYSES = {"honest": "honest threshold", "paper": "our reading"}
_NAMES = ("positive", "negative")
_SHADES = ("#ffffff", "#8fb8d8")
_PAIRS_ACROSS = 2
_LETTERS = 46
"""Letters of the small size that fit above a pair of panels."""


@figure(
    title=TITLE,
    caption="Patients by outcome and call, at the honest threshold and at the threshold chosen in the same cohort.",
)
def confusion_matrices(cohort_metrics: pd.DataFrame, endpoints: pd.DataFrame | None = None) -> Drawn:
    """Draw a confusion matrix for each cohort, side, endpoint and analysis.

    The counts follow from sensitivity and specificity. Those of held-out discovery patients are means over the repeats
    of the cross-validation and can be fractions.

    Parameters
    ----------
    cohort_metrics
        The table of the same name, for one cohort or several.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    """
    own = cohort_metrics[(cohort_metrics["subgroup"] == "all") & (cohort_metrics["model"] == "signature")]
    own = own[own["metric"].isin(["sensitivity", "specificity"]) & own["analysis"].isin(ANALYSES)]
    series = by_endpoint(check_not_empty(own, "no patient has both a rad-score and an endpoint."))
    across = min(len(series), _PAIRS_ACROSS)
    down = -(-len(series) // across)
    figure, axes = canvas(style.DOUBLE_MM / 2 * across, 24 + 44 * down, down, 2 * across)
    for panel in axes.flat[2 * len(series) :]:
        panel.set_axis_off()
    parts = []
    for position, (key, rows) in enumerate(series):
        pair = axes.flat[2 * position : 2 * position + 2]
        name = textwrap.fill(f"{key[0]}, {key[1]}: {endpoint_label(key[2], endpoints, key[0])}", _LETTERS)
        # The name stands above both panels.
        pair[0].set_title(f"{name}\n{ANALYSES['honest']}", size=style.SMALL_POINTS)
        pair[1].set_title(ANALYSES["paper"], size=style.SMALL_POINTS)
        for panel, analysis in zip(pair, ANALYSES, strict=True):
            found = rows[rows["analysis"] == analysis].set_index("metric")
            if found.empty or found["value"].isna().any():
                reasons = [str(reason) for reason in found["reason"].dropna().unique() if reason]
                write_message(panel, reasons[0] if reasons else "no calls")
                continue
            matrix = confusion(found)
            _panel(panel, matrix)
            parts.append(matrix.assign(cohort=key[0], side=key[1], endpoint=key[2], analysis=analysis))
    data = check_not_empty(pd.concat(parts) if parts else pd.DataFrame(), "no threshold separates the patients.")
    notes = [
        "Shares are of the patients with the same outcome. Honest: one threshold locked in discovery; in discovery, "
        "calls of held-out patients at the threshold of their training folds, as means over the repeats, which can be "
        "fractions of a patient. Our reading (of the paper): threshold chosen on the same patients, so optimistic.",
    ]
    columns = ["cohort", "side", "endpoint", "analysis", "outcome", "call", "patients", "share", "n", "n_positive"]
    return finish(figure, data[columns], title=TITLE, frames=(cohort_metrics,), notes=notes)


def confusion(metrics: pd.DataFrame) -> pd.DataFrame:
    """Compute the four counts from sensitivity and specificity.

    Parameters
    ----------
    metrics
        Rows ``sensitivity`` and ``specificity`` with value, n and n_positive.

    Returns
    -------
    pandas.DataFrame
        One row per cell: outcome, call (positive or negative), patients, share (of those with the outcome), n,
        n_positive.
    """
    n, positive = int(metrics["n"].iloc[0]), int(metrics["n_positive"].iloc[0])
    sensitivity, specificity = (float(metrics["value"][name]) for name in ("sensitivity", "specificity"))
    cells = [
        ("positive", "positive", positive, sensitivity),
        ("positive", "negative", positive, 1 - sensitivity),
        ("negative", "positive", n - positive, 1 - specificity),
        ("negative", "negative", n - positive, specificity),
    ]
    return pd.DataFrame(
        [(outcome, call, round(size * share, 6), share, n, positive) for outcome, call, size, share in cells],
        columns=["outcome", "call", "patients", "share", "n", "n_positive"],
    )


def _panel(panel: Axes, matrix: pd.DataFrame) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    shares = matrix["share"].to_numpy(dtype=np.float64).reshape(2, 2)
    shades = LinearSegmentedColormap.from_list("tme_shares", _SHADES)
    panel.imshow(shares, cmap=shades, vmin=0, vmax=1, aspect="auto")
    for at, row in enumerate(matrix.to_dict("records")):
        patients = row["patients"]
        count = f"{patients:.0f}" if float(patients).is_integer() else f"{patients:.1f}"
        panel.text(at % 2, at // 2, f"{count}\n({row['share']:.0%})".replace("%", " %"), ha="center", va="center")
    n, positive = (int(matrix[name].iloc[0]) for name in ("n", "n_positive"))
    panel.set_xticks([0, 1], [f"called\n{name}" for name in _NAMES])
    panel.set_yticks([0, 1], [f"{_NAMES[0]}\nn = {positive}", f"{_NAMES[1]}\nn = {n - positive}"])
    panel.tick_params(length=0)
