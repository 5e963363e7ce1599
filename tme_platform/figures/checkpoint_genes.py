"""Immune checkpoint genes by phenotype."""

from __future__ import annotations

import pandas as pd

from tme_platform.expression import CHECKPOINT_GENES
from tme_platform.figures import style
from tme_platform.figures.boxes import fdr_of, phenotype_boxes, phenotype_legend
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import cohort_label, of_cohort, phenotype_among, phenotypes_in, require

TITLE = "Immune checkpoint genes by phenotype"


@figure(
    title=TITLE,
    caption="Expression of the eight checkpoint genes in hot and cold tumours with the false discovery rate of each.",
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
        The lake's table; rows of other genes are passed over, so a caller may load the eight genes only.
    tme_phenotypes, phenotype_characteristics
        The lake's tables; the last gives the false discovery rates.
    cohort
        Which cohort, where the tables hold several.
    """
    own = of_cohort(expression[expression["gene"].isin(CHECKPOINT_GENES)], cohort)
    values = require(own, "none of the checkpoint genes was measured.").pivot(
        index="sample_id", columns="gene", values="value"
    )
    phenotype = phenotype_among(tme_phenotypes, cohort, values.index)
    genes = [gene for gene in CHECKPOINT_GENES if gene in values]

    figure, axes = canvas(style.DOUBLE_MM, 75)
    panel = axes[0, 0]
    tests = None if phenotype_characteristics is None else of_cohort(phenotype_characteristics, cohort)
    fdr = fdr_of(tests, "checkpoint_genes")
    data, notes = phenotype_boxes(panel, values, phenotype, genes, fdr=fdr)
    panel.set_ylabel("expression (log2)")
    counts = {name: int((phenotype == name).sum()) for name in phenotypes_in(phenotype)}
    phenotype_legend(panel, counts, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    absent = [gene for gene in CHECKPOINT_GENES if gene not in values]
    notes.append(
        f"Below the names: n {' | '.join(counts)}." + (" Above the boxes: false discovery rate." if fdr else "")
    )
    notes.append(f"Not measured in this cohort: {', '.join(absent)}." if absent else "")
    title = f"{cohort_label(expression, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(expression, tme_phenotypes), notes=notes)
