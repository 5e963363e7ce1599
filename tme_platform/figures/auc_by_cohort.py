"""AUCs of the rad-score by cohort and endpoint: honest, in our reading of the published analysis, and as published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.auc_forest import Block, Estimate, auc_forest
from tme_platform.figures.canvas import Drawn, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import by_endpoint, check_not_empty, endpoint_label, in_all_patients
from tme_platform.study.published import published

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

TITLE = "AUC of the rad-score by cohort"
_OURS = {"honest": ("our study, honest", "o", style.INK), "paper": ("our reading of the paper", "s", "white")}
_PUBLISHED = ("published", "D", "#56B4E9")
_COLUMNS = ["cohort", "side", "endpoint", "source", "value", "ci_low", "ci_high", "n", "n_positive"]


@figure(
    title=TITLE,
    caption="AUC with 95 % CI by cohort, side and endpoint, and the value that the published study reports, if any.",
)
def auc_by_cohort(
    cohort_metrics: pd.DataFrame, cohorts: pd.DataFrame | None = None, endpoints: pd.DataFrame | None = None
) -> Drawn:
    """Draw the AUC of all patients by cohort, side and endpoint as a forest plot.

    Parameters
    ----------
    cohort_metrics
        The table of the same name, for one cohort or several.
    cohorts
        The table of the same name. Provides the roles, by which published cohorts are identified.
    endpoints
        The table of the same name. Provides the titles of endpoints.
    """
    own = in_all_patients(cohort_metrics)
    own = own[(own["metric"] == "auc") & (own["model"] == "signature") & own["analysis"].isin(_OURS)]
    own = check_not_empty(own.dropna(subset=["value"]), "no cohort has patients of both outcomes.")
    blocks, parts = [], []
    for key, rows in by_endpoint(own):
        data = _estimates(key, rows, _roles(key[0], cohorts))
        heading = f"{key[0]}, {key[1]}: {endpoint_label(key[2], endpoints, key[0])}"
        blocks.append(Block(heading, [_row(row) for row in data.to_dict("records")]))
        parts.append(data)
    notes = [
        "Honest: held-out patients in discovery, compared within their fold. Our reading of the paper: apparent in "
        "discovery, on the training patients. For all others, both are the AUC of the stored signature.",
    ]
    data = pd.concat(parts, ignore_index=True)
    if (data["source"] == _PUBLISHED[0]).any():
        notes.append(
            "Published: Han et al. 2024. How its discovery AUC was obtained is not stated beyond "
            "five-fold cross-validation, so it need not be the same quantity as either of ours."
        )
    return finish(auc_forest(blocks), data[_COLUMNS], title=TITLE, frames=(cohort_metrics,), notes=notes)


def _roles(cohort: str, cohorts: pd.DataFrame | None) -> list[str]:
    """Return the roles of a cohort; none if the table is missing."""
    found = pd.Series(dtype="str") if cohorts is None else cohorts.loc[cohorts["cohort"] == cohort, "roles"]
    return [part.strip() for roles in found for part in str(roles).split(",")]


def _estimates(key: tuple[str, str, str], rows: pd.DataFrame, roles: Sequence[str]) -> pd.DataFrame:
    """Return our AUCs and the published one of a cohort, side and endpoint."""
    ours = rows.set_index("analysis").reindex([name for name in _OURS if name in set(rows["analysis"])]).reset_index()
    ours = ours.assign(source=ours["analysis"].map({name: label for name, (label, _, _) in _OURS.items()}))
    number = {"section": "evaluation", "measure": "auc", "analysis": "paper", "side": key[1], "endpoint": key[2]}
    theirs = published(number, roles)
    if theirs:
        row = {"value": theirs["published"], "ci_low": theirs["published_low"], "ci_high": theirs["published_high"]}
        ours = pd.concat([ours, pd.DataFrame([{**row, "source": _PUBLISHED[0]}])], ignore_index=True)
    return ours.assign(cohort=key[0], side=key[1], endpoint=key[2]).reindex(columns=_COLUMNS)


def _row(row: Mapping[Hashable, Any]) -> Estimate:
    label, marker, face = next(look for look in (*_OURS.values(), _PUBLISHED) if look[0] == row["source"])
    value, low, high = (float(row[name]) for name in ("value", "ci_low", "ci_high"))
    n, positive = row["n"], row["n_positive"]
    remark = "" if pd.isna(n) else f"n = {n:.0f} ({positive:.0f} positive)"
    return Estimate(label, value, low, high, remark, marker, face)
