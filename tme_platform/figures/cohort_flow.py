"""Number of patients in each cohort at each stage of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "From patients to rad-scores"
STAGES = ("patients", "cell scores", "phenotype", "image features", "signature", "rad-score")
_BOX_WIDTH, _BOX_HEIGHT = 0.8, 0.84


@figure(
    title=TITLE,
    caption="Patients in each cohort at each stage of the study, and rejected input rows.",
)
def cohort_flow(
    patients: pd.DataFrame,
    cell_scores: pd.DataFrame | None = None,
    tme_phenotypes: pd.DataFrame | None = None,
    radiomic_features: pd.DataFrame | None = None,
    signature_patients: pd.DataFrame | None = None,
    rad_scores: pd.DataFrame | None = None,
    rejected_inputs: pd.DataFrame | None = None,
) -> Drawn:
    """Draw the number of patients by cohort and stage.

    Parameters
    ----------
    patients, cell_scores, tme_phenotypes, radiomic_features, signature_patients, rad_scores, rejected_inputs
        Tables of the same names, all cohorts. A stage without a table is drawn empty.
    """
    check_not_empty(patients, "there is no cohort.")
    cohorts = sorted(patients["cohort"].unique())
    tables = (patients, cell_scores, tme_phenotypes, radiomic_features, signature_patients, rad_scores)
    rows = [
        {"cohort": cohort, "stage": stage, "n": _patients(table, cohort), "detail": _detail(stage, table, cohort)}
        for cohort in cohorts
        for stage, table in zip(STAGES, tables, strict=True)
    ]
    data = pd.DataFrame(rows)
    rejected = {cohort: _rejected(rejected_inputs, cohort) for cohort in cohorts}
    data["rows_rejected"] = data["cohort"].map(rejected).where(data["stage"] == STAGES[0])

    figure, axes = canvas(style.DOUBLE_MM, 22 + 14 * len(cohorts))
    panel = axes[0, 0]
    for y, cohort in enumerate(cohorts):
        own = data[data["cohort"] == cohort].set_index("stage")
        _row(panel, y, own, rejected[cohort])
    panel.set_xlim(-0.5, len(STAGES) - 0.5)
    panel.set_ylim(len(cohorts) - 0.45, -0.55)
    panel.set_xticks(range(len(STAGES)), STAGES)
    panel.xaxis.tick_top()
    panel.set_yticks(range(len(cohorts)), cohorts)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    notes = ["Number of patients. A dash, or an arrow across the stage, means that the cohort has no such data."]
    if rejected_inputs is not None:
        notes.append("Rows rejected: left out or set missing because of invalid input.")
    return finish(figure, data, title=TITLE, frames=tables, notes=notes)


def _row(panel: Axes, y: int, own: pd.DataFrame, rejected: int) -> None:
    """Draw the boxes of a cohort, connected by arrows."""
    from matplotlib.patches import FancyBboxPatch

    last, counts = None, own["n"].astype(int).to_dict()
    reached = [x for x, stage in enumerate(STAGES) if counts[stage] > 0]
    for x, stage in enumerate(STAGES):
        n, detail = counts[stage], str(own.loc[stage, "detail"])
        if n == 0:
            if not reached or x > reached[-1]:  # otherwise an arrow crosses the stage
                panel.text(x, y, "–", ha="center", va="center", color=style.MUTED)
            continue
        if last is not None:
            panel.annotate(
                "", (x - _BOX_WIDTH / 2, y), (last + _BOX_WIDTH / 2, y),
                arrowprops={"arrowstyle": "-|>", "linewidth": 0.8, "color": style.MUTED, "shrinkA": 0, "shrinkB": 0,
                            "mutation_scale": 6},
                zorder=1,
            )  # fmt: skip
        box = FancyBboxPatch(
            (x - _BOX_WIDTH / 2, y - _BOX_HEIGHT / 2), _BOX_WIDTH, _BOX_HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="#eef4f8", edgecolor=style.MUTED, linewidth=0.7, zorder=2, gid=f"box:{stage}",
        )  # fmt: skip
        panel.add_patch(box)
        below = f"{rejected} rows\nrejected" if x == 0 and rejected else detail
        panel.text(x, y - (0.24 if below else 0), f"{n:,}", ha="center", va="center", weight="bold", zorder=3)
        panel.text(x, y + 0.13, below, ha="center", va="center", size=style.SMALL_POINTS, color=style.INK, zorder=3)
        last = x


def _patients(table: pd.DataFrame | None, cohort: str) -> int:
    return 0 if table is None else int(table.loc[table["cohort"] == cohort, "patient_id"].nunique())


def _detail(stage: str, table: pd.DataFrame | None, cohort: str) -> str:
    """Return the breakdown of a stage's patients, such as hot and cold."""
    column = {"phenotype": "phenotype", "signature": "side"}.get(stage)
    if table is None or column is None:
        return ""
    counts = table.loc[table["cohort"] == cohort, column].value_counts()
    order = [name for name in (*style.PHENOTYPES, "discovery", "validation") if name in counts]
    return "\n".join(f"{counts[name]:,} {name}" for name in order)


def _rejected(rejected_inputs: pd.DataFrame | None, cohort: str) -> int:
    return 0 if rejected_inputs is None else int((rejected_inputs["cohort"] == cohort).sum())
