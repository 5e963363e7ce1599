"""Tumour purity by four methods and by phenotype."""

from __future__ import annotations

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.boxes import fdr_of, phenotype_boxes, phenotype_legend
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import cohort_label, of_cohort, phenotype_among, phenotypes_in, require

TITLE = "Tumour purity by phenotype"
METHODS = {
    "purity_estimate": "ESTIMATE",
    "purity_absolute": "ABSOLUTE",
    "purity_lump": "LUMP",
    "purity_ihc": "IHC",
}


@figure(
    title=TITLE,
    caption="Published tumour purity by ESTIMATE, ABSOLUTE, LUMP and immunohistochemistry, hot against cold.",
)
def tumour_purity(
    patients: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    phenotype_characteristics: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the published purity by ESTIMATE, ABSOLUTE, LUMP and immunohistochemistry by phenotype.

    Parameters
    ----------
    patients, tme_phenotypes, phenotype_characteristics
        The lake's tables; the last gives the false discovery rates.
    cohort
        Which cohort, where the tables hold several.
    """
    own = of_cohort(patients, cohort).set_index("patient_id")
    known = [name for name in METHODS if name in own and own[name].notna().any()]
    require(own[known].T, "the cohort has no tumour purity.")
    phenotype = phenotype_among(tme_phenotypes, cohort, own.index)

    figure, axes = canvas(style.DOUBLE_MM * 0.7, 75)
    panel = axes[0, 0]
    tests = None if phenotype_characteristics is None else of_cohort(phenotype_characteristics, cohort)
    fdr = fdr_of(tests, "purity")
    data, notes = phenotype_boxes(panel, own[known].astype("float64"), phenotype, known, fdr=fdr, names=METHODS)
    panel.set_ylabel("tumour purity")
    panel.set_ylim(0, 1.02)
    counts = {name: int((phenotype == name).sum()) for name in phenotypes_in(phenotype)}
    phenotype_legend(panel, counts, loc="lower left", bbox_to_anchor=(1.0, 0.0))
    absent = [label for name, label in METHODS.items() if name not in known]
    notes.append(
        f"Below the names: n {' | '.join(counts)}." + (" Above the boxes: false discovery rate." if fdr else "")
    )
    notes.append(f"Not known in this cohort: {', '.join(absent)}." if absent else "")
    title = f"{cohort_label(patients, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(patients, tme_phenotypes), notes=notes)
