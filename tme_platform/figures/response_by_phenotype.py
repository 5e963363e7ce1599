"""Share of patients with each binary endpoint, by phenotype and treatment arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    endpoint_label,
    format_p,
    select_cohort,
    sorted_endpoints,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Response by phenotype"
_OFFSET = {"hot": -0.17, "cold": 0.17}
_PANELS_PER_ROW = 2


@figure(
    title=TITLE,
    caption="Share of patients with hot and with cold tumours who have each endpoint, by treatment arm, with 95 % "
    "confidence intervals (Wilson).",
)
def response_by_phenotype(
    phenotype_response: pd.DataFrame, endpoints: pd.DataFrame | None = None, *, cohort: str | None = None
) -> Drawn:
    """Draw the share of patients with each endpoint by phenotype and treatment arm.

    Parameters
    ----------
    phenotype_response
        The table of the same name.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(
        select_cohort(phenotype_response, cohort), "no patient of this cohort has a phenotype and a binary endpoint."
    )
    names = sorted_endpoints(own)
    columns = min(_PANELS_PER_ROW, len(names))
    rows = -(-len(names) // columns)
    most_arms = int(own.groupby("endpoint").size().max())
    drawn, axes = canvas(style.DOUBLE_MM, 24 + rows * (20 + 9 * most_arms), rows, columns)
    marks = [
        _panel(panel, own[own["endpoint"] == name], endpoint_label(name, endpoints, cohort))
        for panel, name in zip(axes.flat, names, strict=False)
    ]
    for panel in axes.flat[len(names) :]:
        panel.set_axis_off()
    notes = ["Line: 95 % CI (Wilson). p: Fisher's exact test, not corrected; the table has the false discovery rate."]
    title = f"{cohort_label(phenotype_response, cohort)}{TITLE}"
    return finish(drawn, pd.concat(marks), title=title, frames=(phenotype_response,), notes=notes)


def _panel(panel: Axes, rows: pd.DataFrame, title: str) -> pd.DataFrame:
    """Draw one endpoint, `all` first and then the arms by name."""
    rows = rows.assign(first=rows["arm"] != "all").sort_values(["first", "arm"], kind="stable")
    labels = []
    for at, row in enumerate(rows.to_dict("records")):
        counts = ", ".join(f"{name} {row[f'positive_{name}']}/{row[f'n_{name}']}" for name in _OFFSET)
        p = format_p(row["p"])
        labels.append(f"{row['arm']} (n = {row['n']}{', ' + p if p else ''})\n{counts}")
        for name, offset in _OFFSET.items():
            low, high, share = (row[f"share_{name}{part}"] for part in ("_low", "_high", ""))
            if pd.isna(share):
                continue
            colour = style.PHENOTYPE_COLOURS[name]
            panel.hlines(at + offset, low, high, color=colour, linestyle=style.PHENOTYPE_LINES[name])
            panel.plot(
                share, at + offset, style.PHENOTYPE_MARKERS[name], color=colour, markersize=4.5, gid=f"share:{name}"
            )
    for name in _OFFSET:
        panel.plot(
            [], [], style.PHENOTYPE_MARKERS[name], color=style.PHENOTYPE_COLOURS[name], markersize=4.5, label=name
        )
    panel.set_yticks(np.arange(len(rows)), labels)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_xlim(-0.02, 1.02)
    panel.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    panel.set_xlabel("share of patients")
    panel.legend(
        title=title, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, alignment="left",
        columnspacing=1.0, handletextpad=0.4,
    )  # fmt: skip
    panel.grid(axis="x", color=style.FAINT, linewidth=0.4)
    kept = ["endpoint", "arm", *(f"{part}_{name}" for name in _OFFSET for part in ("n", "positive", "share"))]
    limits = [f"share_{name}_{limit}" for name in _OFFSET for limit in ("low", "high")]
    return rows[[*kept, *limits, "p"]]
