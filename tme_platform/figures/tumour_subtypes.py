"""Intrinsic subtypes by phenotype."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    format_p,
    phenotypes_of,
    present_phenotypes,
    select_cohort,
)
from tme_platform.statistics.proportions import proportion_interval

TITLE = "Intrinsic subtypes by phenotype"
SUBTYPES = {
    "LumA": "luminal A",
    "LumB": "luminal B",
    "Her2": "HER2-enriched",
    "Basal": "basal-like",
    "Normal": "normal-like",
}


@figure(
    title=TITLE,
    caption="Share of each intrinsic subtype among hot and cold tumours, with 95 % confidence intervals.",
)
def tumour_subtypes(
    patients: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    intrinsic_subtypes: pd.DataFrame | None = None,
    phenotype_characteristics: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the share of each intrinsic subtype among hot and cold tumours.

    Parameters
    ----------
    patients
        The table of the same name. Its column `pam50` holds the published subtype.
    tme_phenotypes, phenotype_characteristics
        Tables of the same names. The second one provides the false discovery rate.
    intrinsic_subtypes
        The table of the same name, used if the cohort has no published subtypes.
    cohort
        Cohort to draw, if the tables hold several.
    """
    own = select_cohort(patients, cohort).set_index("patient_id")
    called, source, variable = own["pam50"].dropna(), "published", "published"
    if called.empty and intrinsic_subtypes is not None:
        called = select_cohort(intrinsic_subtypes, cohort).set_index("patient_id")["subtype"].dropna()
        source, variable = "nearest PAM50 centroid", "called"
    check_not_empty(called.to_frame(), "no subtype is available for this cohort.")
    phenotype = phenotypes_of(tme_phenotypes, cohort, called.index)
    data = _shares(called.loc[phenotype.index], phenotype)

    figure, axes = canvas(style.DOUBLE_MM * 0.75, 70)
    panel = axes[0, 0]
    groups = present_phenotypes(phenotype)
    width = 0.8 / len(groups)
    for offset, group in enumerate(groups):
        rows = data[data["group"] == group]
        x = np.arange(len(SUBTYPES)) + (offset - (len(groups) - 1) / 2) * width
        panel.bar(
            x,
            rows["share"],
            width * 0.92,
            color=style.PHENOTYPE_COLOURS[group],
            hatch=style.PHENOTYPE_HATCHES[group],
            edgecolor=style.INK,
            linewidth=0.6,
            yerr=np.maximum([rows["share"] - rows["ci_low"], rows["ci_high"] - rows["share"]], 0),
            error_kw={"elinewidth": 0.9, "capsize": 2, "ecolor": style.INK},
            label=f"{group} (n = {rows['n'].iloc[0]:,})",
        )
        for at, count, top in zip(x, rows["count"], rows["ci_high"], strict=True):
            panel.text(at, top + 0.012, f"{count}", ha="center", va="bottom", size=style.SMALL_POINTS)
    panel.set_xticks(range(len(SUBTYPES)), list(SUBTYPES.values()))
    panel.set_ylim(0, min(1.12, float(data["ci_high"].max()) * 1.15))
    panel.set_ylabel("share of the phenotype's tumours")
    panel.legend(loc="upper right")
    notes = [f"Subtype: {source}. Whiskers: 95 % CI (Wilson); numbers above: tumours.", *_single(data)]
    notes.append(_test(phenotype_characteristics, cohort, variable))
    title = f"{cohort_label(patients, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(patients, tme_phenotypes), notes=notes)


def _shares(called: pd.Series, phenotype: pd.Series) -> pd.DataFrame:
    rows = []
    for group in present_phenotypes(phenotype):
        own = called[phenotype == group]
        for subtype in SUBTYPES:
            count = int((own == subtype).sum())
            low, high = proportion_interval(count, len(own))
            share = count / len(own)
            rows.append((subtype, group, len(own), count, share, low, high))
    return pd.DataFrame(rows, columns=["subtype", "group", "n", "count", "share", "ci_low", "ci_high"])


def _single(data: pd.DataFrame) -> list[str]:
    alone = data.loc[data["n"] == 1, "group"].unique()
    return [f"Only one patient is {group}, so its shares are not informative." for group in alone]


def _test(characteristics: pd.DataFrame | None, cohort: str | None, variable: str) -> str:
    if characteristics is None:
        return ""
    own = select_cohort(characteristics, cohort)
    rows = own[(own["family"] == "subtype") & (own["variable"] == variable)]
    text = format_p(rows["fdr"].iloc[0], "FDR") if len(rows) else ""
    return f"Hot versus cold, Fisher's exact test: {text}." if text else ""
