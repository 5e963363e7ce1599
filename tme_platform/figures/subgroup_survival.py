"""Hazard ratio of hot against cold tumours in all patients and in subgroups."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.forest import forest
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    endpoint_label,
    event_word,
    format_interval,
    select_cohort,
    sorted_endpoints,
    variable_label,
)

TITLE = "Survival by phenotype in subgroups"
_NAMES = {
    "er_positive": "ER-positive",
    "er_negative": "ER-negative",
    "her2_positive": "HER2-positive",
    "her2_negative_hr_positive": "HER2-negative, HR-positive",
    "triple_negative": "triple-negative",
}
"""Names of the packaged subgroups."""


@figure(
    title=TITLE,
    caption="Hazard ratio of hot against cold tumours in all patients and in each subgroup with enough events, with "
    "95 % confidence intervals; not corrected for the number of subgroups.",
)
def subgroup_survival(
    survival_tests: pd.DataFrame, endpoints: pd.DataFrame | None = None, *, cohort: str | None = None
) -> Drawn:
    """Draw the hazard ratio by subgroup as a forest plot, one panel per endpoint.

    Parameters
    ----------
    survival_tests
        The table of the same name.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(select_cohort(survival_tests, cohort), "no patient has survival and a phenotype.")
    known = check_not_empty(own.dropna(subset=["hr_hot"]), "no hazard ratio could be estimated.")
    names = sorted_endpoints(known)
    counts = [int((known["endpoint"] == name).sum()) for name in names]
    drawn, axes = canvas(
        style.DOUBLE_MM * 0.7, 26 * len(names) + 9 * sum(counts), len(names), 1, heights=tuple(n + 1.0 for n in counts)
    )
    ratios = {"hr_hot": "ratio", "hr_low": "ci_low", "hr_high": "ci_high"}
    for panel, name in zip(axes[:, 0], names, strict=True):
        rows = known[known["endpoint"] == name]
        labels = [
            f"{_name(row['subgroup'])} (n = {int(row['n']):,}, {event_word(name, int(row['n_events']))})\n"
            f"{format_interval(row['hr_hot'], row['hr_low'], row['hr_high'])}"
            for row in rows.to_dict("records")
        ]
        title = endpoint_label(name, endpoints, cohort)
        forest(panel, rows.rename(columns=ratios), labels, x_label=f"hazard ratio, hot against cold\n{title}")
    notes = [
        "Line: 95 % CI, clipped at the axis limits; black: the interval excludes 1. Subgroups overlap, and their "
        "intervals are not corrected for their number. That two ratios look different is no evidence that they are."
    ]
    lost = own[own["hr_hot"].isna()]
    notes += [f"{row['subgroup']}: {row['reason']}." for row in lost.dropna(subset=["reason"]).to_dict("records")]
    columns = ["endpoint", "subgroup", "n", "n_events", "hr_hot", "hr_low", "hr_high", "p"]
    title = f"{cohort_label(survival_tests, cohort)}{TITLE}"
    return finish(drawn, known[columns], title=title, frames=(survival_tests,), notes=notes)


def _name(subgroup: str) -> str:
    return _NAMES.get(subgroup, variable_label(subgroup))
