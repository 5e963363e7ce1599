"""Effect of the ring's width on the ring's features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish, write_message
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, select_cohort

TITLE = "Ring features by width of the ring"
CLASSES = {
    "shape": "shape",
    "firstorder": "first-order",
    "glcm": "GLCM",
    "glrlm": "GLRLM",
    "glszm": "GLSZM",
    "gldm": "GLDM",
    "ngtdm": "NGTDM",
}
_CHANGES = (0, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@figure(
    title=TITLE,
    caption="Rank correlation and median change of the ring's features at other widths, relative to the study's width.",
)
def ring_widths(ring_width: pd.DataFrame, *, reference_mm: float = 2.0, cohort: str | None = None) -> Drawn:
    """Draw rank correlation with the study's width, and median change, by width and class of feature.

    Parameters
    ----------
    ring_width
        The table of the same name (or the result of `radiomics.ring_width_change`): feature, width_mm, median_change,
        rank_correlation, patients.
    reference_mm
        The study's own width, drawn as a line.
    cohort
        Cohort to draw, if the table holds several.
    """
    from matplotlib.ticker import NullLocator, ScalarFormatter

    own = check_not_empty(select_cohort(ring_width, cohort), "no ring was measured at several widths.").copy()
    own["feature_class"] = own["feature"].map(_feature_class)
    grouped = own.groupby(["feature_class", "width_mm"], sort=True)
    data = grouped.agg(
        features=("feature", "size"),
        patients=("patients", "max"),
        rank_correlation=("rank_correlation", "median"),
        rank_q1=("rank_correlation", lambda values: values.quantile(0.25)),
        rank_q3=("rank_correlation", lambda values: values.quantile(0.75)),
        change=("median_change", lambda values: values.abs().median()),
    ).reset_index()
    figure, axes = canvas(style.DOUBLE_MM, 78, 1, 2)
    left, right = axes[0]
    present = [name for name in CLASSES if (data["feature_class"] == name).any()]
    for position, name in enumerate(present):
        rows = data[data["feature_class"] == name]
        look = style.series_style(position)
        x = rows["width_mm"].to_numpy(dtype=np.float64) + 0.05 * (position - (len(present) - 1) / 2)
        middle, q1, q3 = (rows[c].to_numpy(dtype=np.float64) for c in ("rank_correlation", "rank_q1", "rank_q3"))
        line = {"color": look["color"], "linestyle": look["linestyle"], "marker": look["marker"], "markersize": 4}
        left.errorbar(x, middle, yerr=np.maximum([middle - q1, q3 - middle], 0), elinewidth=0.7, capsize=1.5, **line)
        right.plot(
            x, 100 * rows["change"].to_numpy(dtype=np.float64),
            label=f"{CLASSES[name]} ({int(rows['features'].max())} features)", **line,
        )  # fmt: skip
    patients = int(own["patients"].max())
    if patients < 3:
        left.clear()
        write_message(left, f"{patients} patient(s): too few for a rank correlation.")
    else:
        left.set_ylabel("rank correlation with the study's ring")
        left.set_ylim(min(0.0, float(data["rank_q1"].min())), 1.03)
    right.set_ylabel("median change, %")
    right.set_yscale("symlog", linthresh=10)
    most = 100 * float(data["change"].max())
    right.set_yticks([tick for tick in _CHANGES if tick <= max(most * 1.1, 10)])
    right.yaxis.set_major_formatter(ScalarFormatter())
    right.yaxis.set_minor_locator(NullLocator())
    right.set_ylim(bottom=-0.5)
    for panel in (left, right) if patients >= 3 else (right,):
        panel.axvline(reference_mm, color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)))
        panel.set_xticks(sorted(own["width_mm"].unique()))
        panel.set_xlabel("width inside and outside, mm")
    figure.legend(*right.get_legend_handles_labels(), loc="outside right center")
    notes = [
        f"n = {patients} patients. Median over features, bars: quartiles over features; dotted: the study's width."
    ]
    title = f"{cohort_label(ring_width, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(ring_width,), notes=notes)


def _feature_class(name: str) -> str:
    return next((kind for kind in CLASSES if f"_{kind}_" in name), "other")
