"""Mean scores of the four groups of cell populations by phenotype."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.boxes import fdr_by_variable, phenotype_boxes, phenotype_legend
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    numeric_values,
    phenotypes_of,
    select_cohort,
)
from tme_platform.phenotypes import group_means

TITLE = "Groups of cell populations by phenotype"


@figure(
    title=TITLE,
    caption="Mean score of adaptive, activated innate, inactivated innate and non-immune populations in hot and cold "
    "tumours.",
)
def population_groups(
    cell_scores: pd.DataFrame,
    populations: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    phenotype_characteristics: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the mean score of each group of populations by phenotype.

    Parameters
    ----------
    cell_scores, populations, tme_phenotypes, phenotype_characteristics
        Tables of the same names. The last one provides the false discovery rates.
    cohort
        Cohort to draw, if the tables hold several.
    """
    scores = numeric_values(check_not_empty(select_cohort(cell_scores, cohort), "the cohort has no cell scores."))
    phenotype = phenotypes_of(tme_phenotypes, cohort, scores.index)
    listed = select_cohort(populations, cohort).dropna(subset=["population_group"])
    groups = dict(zip(listed["population"], listed["population_group"], strict=True))
    means = group_means(scores.T, groups).T
    present = [name for name in style.GROUP_LABELS if name in means]
    check_not_empty(means[present].T, "no population is assigned to a group.")

    # Scales differ by orders of magnitude, so each group has its own axis.
    figure, axes = canvas(style.DOUBLE_MM, 75, 1, len(present))
    fdr, tables = fdr_by_variable(phenotype_characteristics, cohort, "population_groups"), []
    notes: list[str] = []
    for panel, name in zip(axes[0], present, strict=True):
        data, remarks = phenotype_boxes(
            panel, means, phenotype, [name], fdr=fdr, names={name: style.GROUP_LABELS[name]}
        )
        tables.append(data)
        notes = [*dict.fromkeys([*notes, *remarks])]
    axes[0, 0].set_ylabel("mean score of the group")
    phenotype_legend(figure, phenotype, loc="outside right center")
    if fdr:
        notes.append("Above the boxes: false discovery rate of hot versus cold.")
    title = f"{cohort_label(cell_scores, cohort)}{TITLE}"
    frames = (cell_scores, tme_phenotypes)
    return finish(figure, pd.concat(tables), title=title, frames=frames, notes=notes)
