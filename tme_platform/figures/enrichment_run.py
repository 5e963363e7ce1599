"""The running sum of one gene set along the genes ranked from hot to cold."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, NothingToDrawError, canvas, figure_function, finish
from tme_platform.figures.frames import cohort_label, of_cohort, p_text, require

TITLE = "Running sum of a gene set"


@figure_function(TITLE)
def enrichment_run(
    gene_comparison: pd.DataFrame,
    term: str,
    genes: Collection[str],
    pathway_enrichment: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the running sum of GSEA (Subramanian et al. 2005), the set's genes, and the ranking they stand in.

    Parameters
    ----------
    gene_comparison
        The lake's table; genes are ranked by `signal_to_noise`.
    term, genes
        The gene set; genes that were not measured take no part.
    pathway_enrichment
        The lake's table; gives NES and FDR of the term.
    cohort
        Which cohort, where the tables hold several.
    """
    own = of_cohort(gene_comparison, cohort).dropna(subset=["signal_to_noise"])
    ranked = require(own, "no genes were compared in this cohort.").sort_values(
        "signal_to_noise", ascending=False, kind="stable"
    )
    member = ranked["gene"].isin(list(genes)).to_numpy()
    if not member.any():
        raise NothingToDrawError(f"no gene of {term} was compared.")
    rank = ranked["signal_to_noise"].to_numpy(dtype=np.float64)
    running = running_sum(rank, member)
    peak = int(np.argmax(np.abs(running)))
    side = "hot" if running[peak] > 0 else "cold"
    colour = style.PHENOTYPE_COLOURS[side]

    figure, axes = canvas(style.SINGLE_MM * 1.15, 85, 3, heights=(4, 0.7, 1.6), share_x=True)
    top, middle, bottom = axes[:, 0]
    places = np.arange(1, len(rank) + 1)
    top.plot(places, running, color=colour, gid="running")
    top.axhline(0, color=style.MUTED, linewidth=0.6)
    top.plot([places[peak]], [running[peak]], style.PHENOTYPE_MARKERS[side], color=colour, markersize=5)
    top.set_ylabel("running sum")
    middle.vlines(places[member], 0, 1, color=style.INK, linewidth=0.4, gid="genes")
    middle.set_yticks([])
    middle.set_ylabel(f"{member.sum()} genes", rotation=0, ha="right", va="center", size=style.SMALL_POINTS)
    bottom.fill_between(places, np.clip(rank, 0, None), color=style.PHENOTYPE_COLOURS["hot"], linewidth=0)
    bottom.fill_between(places, np.clip(rank, None, 0), color=style.PHENOTYPE_COLOURS["cold"], linewidth=0)
    bottom.axhline(0, color=style.MUTED, linewidth=0.6)
    bottom.set_ylabel("signal\nto noise")
    bottom.set_xlabel(f"{len(rank):,} genes, from higher in hot to higher in cold")
    bottom.set_xlim(0, len(rank) + 1)
    hot, cold = (int(ranked[name].max()) for name in ("n_hot", "n_cold"))
    notes = [f"{hot} hot and {cold} cold tumours. {_result(pathway_enrichment, cohort, term, running[peak])}"]
    data = pd.DataFrame({"place": places, "gene": ranked["gene"].to_numpy(), "signal_to_noise": rank,
                         "member": member, "running_sum": running})  # fmt: skip
    title = f"{cohort_label(gene_comparison, cohort)}{term.replace('_', ' ')}"
    return finish(figure, data, title=title, frames=(gene_comparison,), notes=notes)


def running_sum(rank: np.ndarray, member: np.ndarray) -> np.ndarray:
    """GSEA's running sum with weight 1 over genes in descending order; genes of the set weigh alike if all are 0."""
    weight = np.abs(rank) * member
    inside = weight / weight.sum() if weight.sum() > 0 else member / member.sum()
    outside = ~member / max(int((~member).sum()), 1)
    return np.cumsum(inside - outside)


def _result(pathways: pd.DataFrame | None, cohort: str | None, term: str, score: float) -> str:
    found = None if pathways is None else of_cohort(pathways, cohort).query("term == @term")
    if found is None or found.empty:
        return f"Enrichment score {score:.2f}."
    row = found.iloc[0]
    return f"Enrichment score {score:.2f}, NES {row['nes']:.2f}, {p_text(row['fdr'], 'FDR')}."
