"""Hazard ratio of hot against cold tumours, adjusted for clinical variables."""

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
    format_p,
    select_cohort,
    sorted_endpoints,
    variable_label,
)

TITLE = "Survival by phenotype, adjusted"


@figure(
    title=TITLE,
    caption="Hazard ratios of phenotype, age, stage, subtype and other clinical variables in one Cox model per "
    "time-to-event endpoint, with 95 % confidence intervals.",
)
def adjusted_survival(
    multivariable_survival: pd.DataFrame, endpoints: pd.DataFrame | None = None, *, cohort: str | None = None
) -> Drawn:
    """Draw the terms of the adjusted Cox model of each endpoint as a forest plot.

    Parameters
    ----------
    multivariable_survival
        The table of the same name. Covariates that are not in the model are named in the notes.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(select_cohort(multivariable_survival, cohort), "no cohort has survival and phenotypes.")
    known = own.dropna(subset=["hr"])
    own_reasons = own.loc[own["covariate"] == "phenotype", "reason"].dropna().astype(str).unique()
    check_not_empty(known, f"{'; '.join(own_reasons[:2]) or 'no hazard ratio could be estimated'}.")
    names = sorted_endpoints(known)
    counts = [int((known["endpoint"] == name).sum()) for name in names]
    n_notes = len(own) - len(known) + int(known["caution"].notna().sum())
    height = 40 * len(names) + 10 * sum(counts) + 5 * n_notes
    drawn, axes = canvas(style.DOUBLE_MM * 0.8, height, len(names), 1, heights=tuple(n + 1.0 for n in counts))
    notes = ["Line: 95 % CI, clipped at the axis limits; black: the interval excludes 1."]
    for panel, name in zip(axes[:, 0], names, strict=True):
        rows = known[known["endpoint"] == name]
        rows = rows.sort_values("covariate", key=lambda column: column != "phenotype", kind="stable")
        labels = [
            f"{_label(row['term'])}\n{format_interval(row['hr'], row['ci_low'], row['ci_high'])}"
            for row in rows.to_dict("records")
        ]
        title = endpoint_label(name, endpoints)
        forest(panel, rows.rename(columns={"hr": "ratio"}), labels, x_label=f"hazard ratio with 95 % CI, {title}")
        first = rows.iloc[0]
        notes.append(
            f"{title}: n = {int(first['n']):,}, {event_word(name, int(first['n_events']))}, "
            f"{int(first['n_left_out']):,} left out for a missing covariate; proportional hazards of the model: "
            f"{format_p(first['global_proportional_hazards_p'])}."
        )
        lost = own[(own["endpoint"] == name) & own["hr"].isna()]
        notes += [f"{_label(row['covariate'])}: {row['reason']}." for row in lost.to_dict("records")]
        notes += [
            f"{_label(row['term'])}: {row['caution']}." for row in rows.dropna(subset=["caution"]).to_dict("records")
        ]
    columns = ["endpoint", "term", "covariate", "n", "n_events", "n_left_out", "hr", "ci_low", "ci_high", "p"]
    title = f"{cohort_label(multivariable_survival, cohort)}{TITLE}"
    return finish(drawn, known[columns], title=title, frames=(multivariable_survival,), notes=notes)


def _label(term: str) -> str:
    """The term with the label of its clinical column."""
    name, separator, rest = term, "", ""
    for mark in (", ", ": "):
        if mark in term:
            name, separator, rest = term.partition(mark)
            break
    unit = name.removesuffix("_years") if separator == ", " else variable_label(name)
    return f"{unit}{separator}{rest}"
