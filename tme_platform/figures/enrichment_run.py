"""GSEA running sums of gene sets along the genes ranked from hot to cold, the paper's way."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, NothingToDrawError, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import (
    check_not_empty,
    cohort_label,
    format_p,
    gene_set_label,
    select_cohort,
    top_gene_sets,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Running sums of gene sets, the paper's way"


@figure(
    title=TITLE,
    caption="The paper's way of showing enrichment: GSEA running sum of the gene set with the largest normalised "
    "enrichment score in each direction, along the genes ranked from higher in hot to higher in cold tumours. "
    "Preranked GSEA permutes genes; its p-values are far too small and not shown. The p-values shown are from "
    "permuting tumours.",
)
def enrichment_run(
    pathway_enrichment: pd.DataFrame,
    gene_comparison: pd.DataFrame,
    gene_set_tests: pd.DataFrame | None = None,
    *,
    term: str | None = None,
    collection: str | None = None,
    cohort: str | None = None,
) -> Drawn:
    """Draw the GSEA running sum (Subramanian et al. 2005), the positions of the set's genes, and the ranking.

    Parameters
    ----------
    pathway_enrichment, gene_comparison, gene_set_tests
        Tables of the same names. Genes are ranked by `signal_to_noise`; the p-value is that of permuting tumours.
    term
        Gene set. Defaults to the set with the largest normalised enrichment score in each direction.
    collection
        Gene set collection. Defaults to the smallest one in the table.
    cohort
        Cohort to draw, if the tables hold several.
    """
    compared = select_cohort(gene_comparison, cohort).dropna(subset=["signal_to_noise"])
    ranked = check_not_empty(compared, "no genes were compared in this cohort.").sort_values(
        "signal_to_noise", ascending=False, kind="stable"
    )
    tested = check_not_empty(select_cohort(pathway_enrichment, cohort), "no gene set was tested in this cohort.")
    if term is None:
        strongest = tested["nes"].abs().sort_values(ascending=False, kind="stable").index
        _, sets = top_gene_sets(tested.loc[strongest], collection, 1, "nes")
    else:
        sets = check_not_empty(tested[tested["term"] == term].head(1), f"{term} was not tested.")
    if "genes" not in sets:
        raise NothingToDrawError(
            "the table was built by an earlier version, without the genes of each set; `tme run` rebuilds it."
        )
    permuted = _permutation_p(gene_set_tests, cohort)
    rank = ranked["signal_to_noise"].to_numpy(dtype=np.float64)
    width = style.DOUBLE_MM if len(sets) > 1 else style.SINGLE_MM * 1.15
    figure, axes = canvas(width, 92, 3, len(sets), heights=(4, 0.7, 1.6), share_x=True)
    parts = []
    for column, row in zip(axes.T, sets.to_dict("records"), strict=True):
        member = ranked["gene"].isin(str(row["genes"]).split(",")).to_numpy()
        running = running_sum(rank, member)
        _draw(column, row, rank, member, running, permuted.get(row["term"]))
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
        "noise. p: from permuting tumours."
    ]
    title = f"{cohort_label(gene_comparison, cohort)}{TITLE.lower()}"
    return finish(figure, pd.concat(parts, ignore_index=True), title=title, frames=(gene_comparison,), notes=notes)


def running_sum(rank: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Compute GSEA's running sum with weight 1. Genes of the set are weighted equally if all their values are 0."""
    weight = np.abs(rank) * member
    inside = weight / weight.sum() if weight.sum() > 0 else member / member.sum()
    outside = ~member / max(int((~member).sum()), 1)
    return np.cumsum(inside - outside)


def _permutation_p(gene_set_tests: pd.DataFrame | None, cohort: str | None) -> dict[str, float]:
    """Return the p-value of each gene set from permuting tumours."""
    if gene_set_tests is None:
        return {}
    tests = select_cohort(gene_set_tests, cohort)
    permuted = tests[tests["method"] == "sample_permutation"]
    return dict(zip(permuted["term"], permuted["p"], strict=True))


def _draw(
    column: np.ndarray,
    row: Mapping[Hashable, Any],
    rank: np.ndarray,
    member: np.ndarray,
    running: np.ndarray,
    p: float | None,
) -> None:
    """Draw the three panels of one gene set."""
    top, middle, bottom = column
    peak = int(np.argmax(np.abs(running)))
    side = "hot" if running[peak] > 0 else "cold"
    colour = style.PHENOTYPE_COLOURS[side]
    ranks = np.arange(1, len(rank) + 1)
    top.plot(ranks, running, color=colour, gid="running")
    top.axhline(0, color=style.MUTED, linewidth=0.6)
    top.plot([ranks[peak]], [running[peak]], style.PHENOTYPE_MARKERS[side], color=colour, markersize=5)
    found = ", ".join(filter(None, (f"{member.sum()} genes", f"NES {row['nes']:.2f}", format_p(p))))
    top.set_title(f"{textwrap.fill(gene_set_label(row['term']), 34)}\n{found}", loc="left")
    middle.vlines(ranks[member], 0, 1, color=style.INK, linewidth=0.4, gid="genes")
    middle.set_yticks([])
    _ranking(bottom, ranks, rank)


def _ranking(panel: Axes, ranks: np.ndarray, rank: np.ndarray) -> None:
    """Draw the ranking metric of every gene."""
    panel.fill_between(ranks, np.clip(rank, 0, None), color=style.PHENOTYPE_COLOURS["hot"], linewidth=0)
    panel.fill_between(ranks, np.clip(rank, None, 0), color=style.PHENOTYPE_COLOURS["cold"], linewidth=0)
    panel.axhline(0, color=style.MUTED, linewidth=0.6)
    panel.set_xlabel("genes, from higher in hot to higher in cold")
    panel.set_xlim(0, len(rank) + 1)
