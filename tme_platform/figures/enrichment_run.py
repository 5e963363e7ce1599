"""The running sum of gene sets along the genes ranked from hot to cold."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, NothingToDrawError, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import cohort_label, of_cohort, p_text, require, set_name, strongest_sets

TITLE = "Running sums of gene sets"


@figure(
    title=TITLE,
    caption="GSEA's running sum along the genes ranked from higher in hot to higher in cold tumours, of the set with "
    "the smallest FDR on either side.",
)
def enrichment_run(
    pathway_enrichment: pd.DataFrame,
    gene_comparison: pd.DataFrame,
    *,
    term: str | None = None,
    collection: str | None = None,
    cohort: str | None = None,
) -> Drawn:
    """Draw the running sum of GSEA (Subramanian et al. 2005), the set's genes, and the ranking they stand in.

    Parameters
    ----------
    pathway_enrichment, gene_comparison
        The lake's tables; genes are ranked by `signal_to_noise`.
    term
        The gene set; that with the smallest FDR on either side if not named.
    collection
        Gene-set collection; the smallest one of the table if not named.
    cohort
        Which cohort, where the tables hold several.
    """
    compared = of_cohort(gene_comparison, cohort).dropna(subset=["signal_to_noise"])
    ranked = require(compared, "no genes were compared in this cohort.").sort_values(
        "signal_to_noise", ascending=False, kind="stable"
    )
    tested = require(of_cohort(pathway_enrichment, cohort), "no gene set was tested in this cohort.")
    if term is None:
        _, sets = strongest_sets(tested, collection, 1)
    else:
        sets = require(tested[tested["term"] == term].head(1), f"{term} was not tested.")
    if "genes" not in sets:
        raise NothingToDrawError(
            "the table is of a version that did not name the sets' genes; `tme run` makes it anew."
        )
    rank = ranked["signal_to_noise"].to_numpy(dtype=np.float64)
    width = style.DOUBLE_MM if len(sets) > 1 else style.SINGLE_MM * 1.15
    figure, axes = canvas(width, 92, 3, len(sets), heights=(4, 0.7, 1.6), share_x=True)
    parts = []
    for column, row in zip(axes.T, sets.to_dict("records"), strict=True):
        member = ranked["gene"].isin(str(row["genes"]).split(",")).to_numpy()
        running = running_sum(rank, member)
        _draw(column, row, rank, member, running)
        parts.append(
            pd.DataFrame(
                {
                    "term": row["term"],
                    "place": np.arange(1, len(rank) + 1),
                    "gene": ranked["gene"].to_numpy(),
                    "signal_to_noise": rank,
                    "member": member,
                    "running_sum": running,
                }
            )
        )
    axes[0, 0].set_ylabel("running sum")
    axes[2, 0].set_ylabel("signal\nto noise")
    hot, cold = (int(ranked[name].max()) for name in ("n_hot", "n_cold"))
    notes = [
        f"n = {hot} hot and {cold} cold tumours. {len(rank):,} genes from higher in hot to higher in cold by signal to "
        "noise; FDR over the sets of the collection."
    ]
    title = f"{cohort_label(gene_comparison, cohort)}{TITLE.lower()}"
    return finish(figure, pd.concat(parts, ignore_index=True), title=title, frames=(gene_comparison,), notes=notes)


def running_sum(rank: np.ndarray, member: np.ndarray) -> np.ndarray:
    """GSEA's running sum with weight 1 over genes in descending order; genes of the set weigh alike if all are 0."""
    weight = np.abs(rank) * member
    inside = weight / weight.sum() if weight.sum() > 0 else member / member.sum()
    outside = ~member / max(int((~member).sum()), 1)
    return np.cumsum(inside - outside)


def _draw(
    column: np.ndarray, row: Mapping[Hashable, Any], rank: np.ndarray, member: np.ndarray, running: np.ndarray
) -> None:
    """The three panels of one gene set."""
    top, middle, bottom = column
    peak = int(np.argmax(np.abs(running)))
    side = "hot" if running[peak] > 0 else "cold"
    colour = style.PHENOTYPE_COLOURS[side]
    places = np.arange(1, len(rank) + 1)
    top.plot(places, running, color=colour, gid="running")
    top.axhline(0, color=style.MUTED, linewidth=0.6)
    top.plot([places[peak]], [running[peak]], style.PHENOTYPE_MARKERS[side], color=colour, markersize=5)
    found = f"{member.sum()} genes, NES {row['nes']:.2f}, {p_text(row['fdr'], 'FDR')}"
    top.set_title(f"{textwrap.fill(set_name(row['term']), 34)}\n{found}", loc="left")
    middle.vlines(places[member], 0, 1, color=style.INK, linewidth=0.4, gid="genes")
    middle.set_yticks([])
    _ranking(bottom, places, rank)


def _ranking(panel: Axes, places: np.ndarray, rank: np.ndarray) -> None:
    """By how much each gene is higher in hot or in cold."""
    panel.fill_between(places, np.clip(rank, 0, None), color=style.PHENOTYPE_COLOURS["hot"], linewidth=0)
    panel.fill_between(places, np.clip(rank, None, 0), color=style.PHENOTYPE_COLOURS["cold"], linewidth=0)
    panel.axhline(0, color=style.MUTED, linewidth=0.6)
    panel.set_xlabel("genes, from higher in hot to higher in cold")
    panel.set_xlim(0, len(rank) + 1)
