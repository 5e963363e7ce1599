"""Tumour purity by phenotype, estimated by four methods."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.boxes import counts_note, fdr_by_variable, phenotype_boxes, phenotype_legend
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, phenotypes_of, select_cohort

TITLE = "Tumour purity by phenotype"
METHODS = {
    "purity_estimate": "ESTIMATE",
    "purity_absolute": "ABSOLUTE",
    "purity_lump": "LUMP",
    "purity_ihc": "IHC",
}


@figure(
    title=TITLE,
    caption="Published tumour purity (ESTIMATE, ABSOLUTE, LUMP and immunohistochemistry) of hot and cold tumours.",
)
def tumour_purity(
    patients: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    phenotype_characteristics: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the published purity of each method by phenotype.

    Parameters
    ----------
    patients, tme_phenotypes, phenotype_characteristics
        Tables of the same names. The last one provides the false discovery rates.
    cohort
        Cohort to draw, if the tables hold several.
    """
    own = select_cohort(patients, cohort).set_index("patient_id")
    known = [name for name in METHODS if name in own and own[name].notna().any()]
    check_not_empty(own[known].T, "tumour purity is not available for this cohort.")
    phenotype = phenotypes_of(tme_phenotypes, cohort, own.index)

    figure, axes = canvas(style.DOUBLE_MM * 0.7, 75)
    panel = axes[0, 0]
    fdr = fdr_by_variable(phenotype_characteristics, cohort, "purity")
    data, notes = phenotype_boxes(panel, own[known].astype("float64"), phenotype, known, fdr=fdr, names=METHODS)
    panel.set_ylabel("tumour purity")
    panel.set_ylim(0, 1.02)
    phenotype_legend(panel, phenotype, loc="lower left", bbox_to_anchor=(1.0, 0.0))
    absent = [label for name, label in METHODS.items() if name not in known]
    notes.append(counts_note(phenotype, fdr))
    notes.append(f"Not available in this cohort: {', '.join(absent)}." if absent else "")
    title = f"{cohort_label(patients, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(patients, tme_phenotypes), notes=notes)
