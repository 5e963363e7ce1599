"""Normalised enrichment scores of gene sets in hot versus cold tumours."""

from __future__ import annotations

import textwrap

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    format_p,
    gene_set_label,
    select_cohort,
    top_gene_sets,
)

TITLE = "Gene sets, hot versus cold"


@figure(
    title=TITLE,
    caption="Normalised enrichment scores of the gene sets with the smallest FDR in each direction.",
)
def enrichment_bars(
    pathway_enrichment: pd.DataFrame,
    gene_comparison: pd.DataFrame | None = None,
    *,
    collection: str | None = None,
    each: int = 10,
    cohort: str | None = None,
) -> Drawn:
    """Draw the normalised enrichment scores of the top gene sets in each direction.

    Parameters
    ----------
    pathway_enrichment, gene_comparison
        Tables of the same names. The second one provides the number of tumours.
    collection
        Gene set collection. Defaults to the smallest one in the table (hallmarks rather than thousands of processes).
    each
        Number of sets per direction, smallest FDR first.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(select_cohort(pathway_enrichment, cohort), "no genes were compared in this cohort.")
    chosen, data = top_gene_sets(own, collection, each)
    own = own[own["collection"] == chosen]

    labels = [textwrap.fill(gene_set_label(name), 60) for name in data["term"]]
    pitch = 6.4 if any("\n" in label for label in labels) else 4.2
    figure, axes = canvas(style.DOUBLE_MM, 28 + pitch * max(len(labels), 3))
    panel = axes[0, 0]
    for y, row in enumerate(data.to_dict("records")):
        significant = row["fdr"] < 0.05
        colour = style.PHENOTYPE_COLOURS[row["side"]]
        panel.barh(
            [y], [row["nes"]], color=colour if significant else "white",
            edgecolor=style.INK if significant else colour,
            hatch=style.PHENOTYPE_HATCHES[row["side"]] if significant else "", linewidth=0.6, height=0.78,
        )  # fmt: skip
        text = f"{format_p(row['fdr'], 'FDR')}, {row['n_genes']} genes"
        right = row["nes"] > 0
        panel.text(
            0.03 if not right else -0.03, y, text, va="center", ha="left" if not right else "right",
            size=style.SMALL_POINTS, color=style.INK if significant else style.MUTED,
        )  # fmt: skip
    panel.axvline(0, color=style.INK, linewidth=0.8)
    panel.set_yticks(range(len(data)), labels)
    panel.tick_params(axis="y", length=0)
    panel.set_ylim(len(data) - 0.4, -0.6)
    reach = max(1.5, float(data["nes"].abs().max())) * 1.05
    panel.set_xlim(-reach, reach)
    panel.set_xlabel(
        "normalised enrichment score:  lower in hot  \N{LEFTWARDS ARROW}  0  \N{RIGHTWARDS ARROW}  higher in hot"
    )
    nes = own.loc[own["fdr"] < 0.05, "nes"]
    notes = [
        f"{chosen}: {len(own):,} sets tested, {(nes > 0).sum()} higher and {(nes < 0).sum()} lower "
        f"in hot at FDR < 0.05; at most {each} shown per direction. Empty bars: FDR of 0.05 or more."
    ]
    if gene_comparison is not None and len(genes := select_cohort(gene_comparison, cohort)):
        notes.append(f"n = {int(genes['n_hot'].max())} hot and {int(genes['n_cold'].max())} cold tumours.")
    columns = ["collection", "term", "side", "es", "nes", "p", "fdr", "n_genes"]
    title = f"{cohort_label(pathway_enrichment, cohort)}{TITLE}"
    return finish(figure, data[columns], title=title, frames=(pathway_enrichment,), notes=notes)
