"""The four groups of cell populations by phenotype."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.boxes import fdr_of, phenotype_boxes, phenotype_legend
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import cohort_label, measured, of_cohort, phenotype_among, phenotypes_in, require
from tme_platform.phenotypes import group_means

TITLE = "Groups of cell populations by phenotype"


@figure(
    title=TITLE,
    caption="Mean score of adaptive, activated innate, inactivated innate and non-immune populations, hot against "
    "cold.",
)
def population_groups(
    cell_scores: pd.DataFrame,
    populations: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    phenotype_characteristics: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the mean score of adaptive, activated and inactivated innate, and non-immune populations by phenotype.

    Parameters
    ----------
    cell_scores, populations, tme_phenotypes, phenotype_characteristics
        The lake's tables; the last gives the false discovery rates.
    cohort
        Which cohort, where the tables hold several.
    """
    scores = measured(require(of_cohort(cell_scores, cohort), "the cohort has no cell scores."))
    phenotype = phenotype_among(tme_phenotypes, cohort, scores.index)
    listed = of_cohort(populations, cohort).dropna(subset=["population_group"])
    groups = dict(zip(listed["population"], listed["population_group"], strict=True))
    means = group_means(scores.T, groups).T
    present = [name for name in style.GROUP_LABELS if name in means]
    require(means[present].T, "no population has a group.")

    # Groups differ in scale by orders of magnitude, so each has an axis of its own.
    figure, axes = canvas(style.DOUBLE_MM, 75, 1, len(present))
    tests = None if phenotype_characteristics is None else of_cohort(phenotype_characteristics, cohort)
    fdr, tables = fdr_of(tests, "population_groups"), []
    notes: list[str] = []
    for panel, name in zip(axes[0], present, strict=True):
        data, said = phenotype_boxes(panel, means, phenotype, [name], fdr=fdr, names={name: style.GROUP_LABELS[name]})
        tables.append(data)
        notes = [*dict.fromkeys([*notes, *said])]
    axes[0, 0].set_ylabel("mean score of the group")
    counts = {name: int((phenotype == name).sum()) for name in phenotypes_in(phenotype)}
    phenotype_legend(figure, counts, loc="outside right center")
    if fdr:
        notes.append("Above the boxes: false discovery rate of hot against cold.")
    title = f"{cohort_label(cell_scores, cohort)}{TITLE}"
    frames = (cell_scores, tme_phenotypes)
    return finish(figure, pd.concat(tables), title=title, frames=frames, notes=notes)
