"""AUCs of the rad-score in subgroups of patients, beside those of all patients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.auc_forest import Block, Estimate, auc_forest
from tme_platform.figures.canvas import Drawn, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label, subgroup_label

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

TITLE = "AUC of the rad-score by subgroup"
_FEWEST_OF_BOTH = 5
"""Positive, and negative, patients below which an AUC says next to nothing."""
_COLUMNS = ["cohort", "side", "endpoint", "subgroup", "value", "ci_low", "ci_high", "n", "n_positive"]


@figure(
    title=TITLE,
    caption="Honest AUC with 95 % CI in subgroups with at least 5 positive and 5 negative patients.",
)
def auc_by_subgroup(cohort_metrics: pd.DataFrame, endpoints: pd.DataFrame | None = None) -> Drawn:
    """Draw the honest AUC by subgroup, in blocks by cohort, side and endpoint.

    Parameters
    ----------
    cohort_metrics
        The table of the same name, for one cohort or several.
    endpoints
        The table of the same name. Provides the titles of endpoints and subgroups.
    """
    own = cohort_metrics[(cohort_metrics["metric"] == "auc") & (cohort_metrics["analysis"] == "honest")]
    own = own[own["model"] == "signature"].dropna(subset=["value"])
    fewest = pd.concat([own["n_positive"], own["n"] - own["n_positive"]], axis=1).min(axis=1)
    enough = own[(own["subgroup"] == "all") | (fewest >= _FEWEST_OF_BOTH)]
    blocks, parts = [], []
    for key, rows in by_endpoint(enough):
        if rows["subgroup"].nunique() < 2:
            continue
        ordered = rows.sort_values("subgroup", key=lambda names: names.where(names != "all", ""))
        heading = f"{key[0]}, {key[1]}: {endpoint_label(key[2], endpoints, key[0])}"
        blocks.append(Block(heading, [_row(row, endpoints) for row in ordered.to_dict("records")]))
        parts.append(ordered)
    data = check_not_empty(pd.concat(parts) if parts else own.iloc[:0], "no subgroup has enough patients.")
    left_out = len(own) - len(enough)
    notes = [
        "Discovery: held-out patients, compared within their fold. Differences between subgroups are not tested, and "
        "overlapping intervals are no evidence that there are none.",
        f"Not drawn: {left_out} with fewer than {_FEWEST_OF_BOTH} patients of either outcome." if left_out else "",
    ]
    return finish(auc_forest(blocks), data[_COLUMNS], title=TITLE, frames=(cohort_metrics,), notes=notes)


def _row(row: Mapping[Hashable, Any], endpoints: pd.DataFrame | None) -> Estimate:
    value, low, high = (float(row[name]) for name in ("value", "ci_low", "ci_high"))
    name, n, positive = str(row["subgroup"]), row["n"], row["n_positive"]
    label = subgroup_label(name, endpoints, str(row["cohort"]))
    marker, face = ("D", "white") if name == "all" else ("o", style.INK)
    return Estimate(label, value, low, high, f"n = {n:.0f} ({positive:.0f} positive)", marker, face)
