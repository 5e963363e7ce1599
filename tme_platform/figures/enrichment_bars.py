"""Gene sets that are up in hot or in cold tumours: their normalised enrichment scores."""

from __future__ import annotations

import textwrap

import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import cohort_label, of_cohort, p_text, require, set_name, strongest_sets

TITLE = "Gene sets, hot against cold"


@figure(
    title=TITLE,
    caption="Normalised enrichment score of the gene sets with the smallest FDR on either side.",
)
def enrichment_bars(
    pathway_enrichment: pd.DataFrame,
    gene_comparison: pd.DataFrame | None = None,
    *,
    collection: str | None = None,
    each: int = 10,
    cohort: str | None = None,
) -> Drawn:
    """Draw the strongest gene sets on either side by their normalised enrichment score.

    Parameters
    ----------
    pathway_enrichment, gene_comparison
        The lake's tables; the second gives the number of tumours.
    collection
        Gene-set collection; the smallest one of the table if not named (hallmarks rather than thousands of processes).
    each
        Sets on either side, smallest FDR first.
    cohort
        Which cohort, where the table holds several.
    """
    own = require(of_cohort(pathway_enrichment, cohort), "no genes were compared in this cohort.")
    chosen, data = strongest_sets(own, collection, each)
    own = own[own["collection"] == chosen]

    labels = [textwrap.fill(set_name(name), 60) for name in data["term"]]
    pitch = 6.4 if any("\n" in label for label in labels) else 4.2
    figure, axes = canvas(style.DOUBLE_MM, 28 + pitch * max(len(labels), 3))
    panel = axes[0, 0]
    for y, row in enumerate(data.to_dict("records")):
        firm = row["fdr"] < 0.05
        colour = style.PHENOTYPE_COLOURS[row["side"]]
        panel.barh(
            [y], [row["nes"]], color=colour if firm else "white", edgecolor=colour if not firm else style.INK,
            hatch=style.PHENOTYPE_HATCHES[row["side"]] if firm else "", linewidth=0.6, height=0.78,
        )  # fmt: skip
        text = f"{p_text(row['fdr'], 'FDR')}, {row['n_genes']} genes"
        right = row["nes"] > 0
        panel.text(
            0.03 if not right else -0.03, y, text, va="center", ha="left" if not right else "right",
            size=style.SMALL_POINTS, color=style.INK if firm else style.MUTED,
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
    firm_sets = own[own["fdr"] < 0.05]
    notes = [
        f"{chosen}: {len(own):,} sets tested, {(firm_sets['nes'] > 0).sum()} higher and {(firm_sets['nes'] < 0).sum()} "
        f"lower in hot at FDR < 0.05; at most {each} of either side shown. Empty bars: FDR of 0.05 or more."
    ]
    if gene_comparison is not None and len(genes := of_cohort(gene_comparison, cohort)):
        notes.append(f"n = {int(genes['n_hot'].max())} hot and {int(genes['n_cold'].max())} cold tumours.")
    columns = ["collection", "term", "side", "es", "nes", "p", "fdr", "n_genes"]
    title = f"{cohort_label(pathway_enrichment, cohort)}{TITLE}"
    return finish(figure, data[columns], title=title, frames=(pathway_enrichment,), notes=notes)
