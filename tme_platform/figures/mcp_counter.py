"""MCP-counter scores by phenotype."""

from __future__ import annotations

import textwrap

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.boxes import counts_note, fdr_by_variable, phenotype_boxes, phenotype_legend
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    numeric_values,
    phenotypes_of,
    select_cohort,
)

TITLE = "MCP-counter scores by phenotype"
_UNSHARED = " (without shared genes)"


@figure(
    title=TITLE,
    caption="MCP-counter scores of hot and cold tumours, computed from the same RNA as the cell scores.",
)
def mcp_counter(
    mcp_counter_scores: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    phenotype_characteristics: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
    without_shared: bool = False,
) -> Drawn:
    """Draw the scores of MCP-counter's populations by phenotype.

    Parameters
    ----------
    mcp_counter_scores, tme_phenotypes, phenotype_characteristics
        Tables of the same names. The last one provides the false discovery rates.
    cohort
        Cohort to draw, if the tables hold several.
    without_shared
        Show scores computed only from markers that are in none of the gene sets used for the phenotypes, which avoids
        circularity.
    """
    scores = numeric_values(
        check_not_empty(select_cohort(mcp_counter_scores, cohort), "the cohort has no MCP-counter scores.")
    )
    phenotype = phenotypes_of(tme_phenotypes, cohort, scores.index)
    variables = [str(name) for name in scores if str(name).endswith(_UNSHARED) == without_shared]
    check_not_empty(scores[variables].T, "every marker is in a gene set used for the phenotypes.")

    figure, axes = canvas(style.DOUBLE_MM, 85)
    panel = axes[0, 0]
    fdr = fdr_by_variable(
        phenotype_characteristics, cohort, "mcp_counter_without_shared_genes" if without_shared else "mcp_counter"
    )
    names = {name: textwrap.fill(name.removesuffix(_UNSHARED), 10, break_long_words=False) for name in variables}
    data, notes = phenotype_boxes(panel, scores, phenotype, variables, fdr=fdr, names=names)
    panel.set_ylabel("MCP-counter score (log2)")
    phenotype_legend(figure, phenotype, loc="outside upper right", ncols=len(style.PHENOTYPES))
    notes.append(counts_note(phenotype, fdr))
    title = f"{cohort_label(mcp_counter_scores, cohort)}{TITLE}{', markers in no gene set' if without_shared else ''}"
    return finish(figure, data, title=title, frames=(mcp_counter_scores, tme_phenotypes), notes=notes)
