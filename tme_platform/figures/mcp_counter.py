"""MCP-counter by phenotype."""

from __future__ import annotations

import textwrap

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.boxes import fdr_of, phenotype_boxes, phenotype_legend
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import cohort_label, measured, of_cohort, phenotype_among, phenotypes_in, require

TITLE = "MCP-counter by phenotype"
_APART = " (without shared genes)"


@figure(
    title=TITLE,
    caption="MCP-counter scores of hot and cold tumours; they read the same RNA as the cell scores.",
)
def mcp_counter(
    mcp_counter_scores: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    phenotype_characteristics: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
    without_shared: bool = False,
) -> Drawn:
    """Draw MCP-counter's populations by phenotype.

    Parameters
    ----------
    mcp_counter_scores, tme_phenotypes, phenotype_characteristics
        The lake's tables; the last gives the false discovery rates.
    cohort
        Which cohort, where the tables hold several.
    without_shared
        Scores from the markers that no gene set of the phenotypes has: evidence that is not circular.
    """
    scores = measured(require(of_cohort(mcp_counter_scores, cohort), "the cohort has no MCP-counter scores."))
    phenotype = phenotype_among(tme_phenotypes, cohort, scores.index)
    variables = [str(name) for name in scores if str(name).endswith(_APART) == without_shared]
    require(scores[variables].T, "every marker is in a gene set of the phenotypes.")

    figure, axes = canvas(style.DOUBLE_MM, 85)
    panel = axes[0, 0]
    tests = None if phenotype_characteristics is None else of_cohort(phenotype_characteristics, cohort)
    fdr = fdr_of(tests, "mcp_counter_without_shared_genes" if without_shared else "mcp_counter")
    names = {name: textwrap.fill(name.removesuffix(_APART), 10, break_long_words=False) for name in variables}
    data, notes = phenotype_boxes(panel, scores, phenotype, variables, fdr=fdr, names=names)
    panel.set_ylabel("MCP-counter score (log2)")
    counts = {name: int((phenotype == name).sum()) for name in phenotypes_in(phenotype)}
    phenotype_legend(figure, counts, loc="outside upper right", ncols=len(counts))
    notes.append(
        f"Below the names: n {' | '.join(counts)}." + (" Above the boxes: false discovery rate." if fdr else "")
    )
    title = f"{cohort_label(mcp_counter_scores, cohort)}{TITLE}{', markers of no gene set' if without_shared else ''}"
    return finish(figure, data, title=title, frames=(mcp_counter_scores, tme_phenotypes), notes=notes)
