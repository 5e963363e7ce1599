"""Intraclass correlation of the features between readers, between sessions, or under perturbation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, select_cohort

TITLE = "Agreement of the features"
_NAMES = {
    "reader": "between readers",
    "session": "between sessions",
    "perturbation:contour": "outline perturbed",
    "perturbation:position": "position perturbed",
    "perturbation:noise": "noise added",
    "perturbation:field_of_view": "field of view changed",
}


@figure(
    title=TITLE,
    caption="Intraclass correlation of the features and its lower 95 % confidence limit, between readers and sessions, "
    "or under perturbation if there are no second readings.",
)
def icc_distribution(feature_agreement: pd.DataFrame, *, threshold: float = 0.75, cohort: str | None = None) -> Drawn:
    """Draw the distributions of the intraclass correlation and its lower 95 % limit, one panel per series and kind.

    Parameters
    ----------
    feature_agreement
        The table of the same name.
    threshold
        Value that a feature must exceed for every kind.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(select_cohort(feature_agreement, cohort), "no feature was measured twice in this cohort.")
    order = [*_NAMES, *sorted(set(own["kind"]) - set(_NAMES))]
    found = [((str(series), str(kind)), rows) for (series, kind), rows in own.groupby(["series", "kind"])]
    groups = sorted(found, key=lambda group: (group[0][0], order.index(group[0][1])))
    several = len({series for (series, _), _ in groups}) > 1
    width_mm = style.DOUBLE_MM if len(groups) > 1 else style.SINGLE_MM * 1.1
    figure, axes = canvas(width_mm, 70, 1, len(groups), share_y=True)
    bins, parts = np.linspace(-0.1, 1, 45), []
    for panel, ((series, kind), rows) in zip(axes[0], groups, strict=True):
        icc, low = rows["icc"].dropna().clip(lower=-0.1), rows["ci_low"].dropna().clip(lower=-0.1)
        above = int((rows["icc"] > threshold).sum())
        panel.hist(icc, bins=bins, color="#56B4E9", edgecolor="white", linewidth=0.2, label="ICC(2,1)")
        panel.hist(low, bins=bins, histtype="step", color=style.INK, linewidth=0.9, label="lower 95 % limit")
        panel.axvline(threshold, color=style.ALERT, linestyle="--", linewidth=0.9)
        panel.set_xlabel("intraclass correlation")
        subjects, raters = int(rows["subjects"].max()), int(rows["raters"].max())
        panel.set_title(
            f"{f'series {series}: ' if several else ''}{_NAMES.get(kind, kind)}\n"
            f"n = {subjects}, {raters} readings each\n"
            f"median {icc.median():.2f};\n{above} of {len(rows)} above {threshold:g}",
            size=style.SMALL_POINTS,
        )
        parts.append(rows)
    axes[0, 0].set_ylabel("features")
    axes[0, 0].legend(loc="upper left")
    kept = own.groupby(["series", "feature"])["kept"].first()
    notes = [
        f"{int(kept.sum())} of {len(kept)} features exceed {threshold:g} for every kind. "
        "Values below -0.1 are drawn at -0.1."
    ]
    columns = ["series", "kind", "feature", "subjects", "raters", "icc", "ci_low", "ci_high", "kept"]
    title = f"{cohort_label(feature_agreement, cohort)}{TITLE}"
    return finish(figure, pd.concat(parts)[columns], title=title, frames=(feature_agreement,), notes=notes)
