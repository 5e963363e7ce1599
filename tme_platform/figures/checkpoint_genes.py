"""Immune checkpoint genes by phenotype."""

from __future__ import annotations

import pandas as pd

from tme_platform.expression import CHECKPOINT_GENES
from tme_platform.figures import style
from tme_platform.figures.boxes import counts_note, fdr_by_variable, phenotype_boxes, phenotype_legend
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, phenotypes_of, select_cohort

TITLE = "Immune checkpoint genes by phenotype"


@figure(
    title=TITLE,
    caption="Expression of eight immune checkpoint genes in hot and cold tumours, with false discovery rates.",
)
def checkpoint_genes(
    expression: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    phenotype_characteristics: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the eight checkpoint genes of Han et al. 2024 by phenotype.

    Parameters
    ----------
    expression
        The table of the same name. Other genes are ignored, so it is enough to load these eight.
    tme_phenotypes, phenotype_characteristics
        Tables of the same names. The second one provides the false discovery rates.
    cohort
        Cohort to draw, if the tables hold several.
    """
    own = select_cohort(expression[expression["gene"].isin(CHECKPOINT_GENES)], cohort)
    values = check_not_empty(own, "none of the checkpoint genes was measured.").pivot(
        index="sample_id", columns="gene", values="value"
    )
    phenotype = phenotypes_of(tme_phenotypes, cohort, values.index)
    genes = [gene for gene in CHECKPOINT_GENES if gene in values]

    figure, axes = canvas(style.DOUBLE_MM, 75)
    panel = axes[0, 0]
    fdr = fdr_by_variable(phenotype_characteristics, cohort, "checkpoint_genes")
    data, notes = phenotype_boxes(panel, values, phenotype, genes, fdr=fdr)
    panel.set_ylabel("expression (log2)")
    phenotype_legend(panel, phenotype, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    absent = [gene for gene in CHECKPOINT_GENES if gene not in values]
    notes.append(counts_note(phenotype, fdr))
    notes.append(f"Not measured in this cohort: {', '.join(absent)}." if absent else "")
    title = f"{cohort_label(expression, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(expression, tme_phenotypes), notes=notes)
