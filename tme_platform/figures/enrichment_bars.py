"""Gene sets in hot compared with cold tumours, tested by permuting tumours."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Gene sets, hot versus cold"

IMMUNE_PROCESSES = (
    "GOBP_ADAPTIVE_IMMUNE_RESPONSE",
    "GOBP_INNATE_IMMUNE_RESPONSE",
    "GOBP_T_CELL_ACTIVATION",
    "GOBP_T_CELL_RECEPTOR_SIGNALING_PATHWAY",
    "GOBP_B_CELL_ACTIVATION",
    "GOBP_NATURAL_KILLER_CELL_MEDIATED_IMMUNITY",
    "GOBP_ANTIGEN_PROCESSING_AND_PRESENTATION",
    "GOBP_RESPONSE_TO_INTERFERON_GAMMA",
    "GOBP_LEUKOCYTE_MEDIATED_CYTOTOXICITY",
    "GOBP_LEUKOCYTE_CHEMOTAXIS",
)
"""Immune processes that are always shown, whatever their result: chosen by us before looking at results."""

_LABEL_WIDTH = 58


@figure(
    title=TITLE,
    caption="Gene sets with the smallest p-value in each direction, and immune processes of our choice (not the "
    "paper's list) whatever their p-value. P-values are from permuting tumours, which keeps the correlation between "
    "genes. A diamond marks sets that CAMERA supports too (FDR < 0.05); it is more conservative. Where the phenotypes "
    "come from the same expression, immune sets differ because of how hot and cold are defined.",
)
def enrichment_bars(
    gene_set_tests: pd.DataFrame,
    *,
    collection: str | None = None,
    each: int = 10,
    cohort: str | None = None,
) -> Drawn:
    """Draw the restandardised mean t of the top gene sets in each direction and of immune processes.

    Parameters
    ----------
    gene_set_tests
        Table of the same name.
    collection
        Gene set collection. Defaults to the smallest one in the table (hallmarks rather than thousands of processes).
    each
        Number of sets per direction, smallest p-value first.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = _with_camera(check_not_empty(select_cohort(gene_set_tests, cohort), "no gene set was tested in this cohort."))
    chosen, top = top_gene_sets(own, collection, each, "statistic")
    named = own[own["term"].isin(IMMUNE_PROCESSES)].sort_values("statistic", ascending=False)
    panels = [top.drop(columns="side").assign(panel=chosen)]
    if len(named):
        panels.append(named.assign(panel="immune processes of our choice"))
    pitches = [_pitch(rows) for rows in panels]
    figure, axes = canvas(style.DOUBLE_MM, 34 + sum(pitches) + 8 * len(panels), len(panels), heights=tuple(pitches),
                          share_x=True)  # fmt: skip
    reach = max(1.0, *(float(rows["statistic"].abs().max()) for rows in panels)) * 1.1
    for panel, rows in zip(axes[:, 0], panels, strict=True):
        _draw(panel, rows, reach)
    axes[-1, 0].set_xlabel(
        "mean t relative to all genes:  lower in hot  \N{LEFTWARDS ARROW}  0  \N{RIGHTWARDS ARROW}  higher in hot"
    )
    tested = own[own["collection"] == chosen]
    below = tested.loc[tested["fdr"] < 0.05, "statistic"]
    notes = [
        f"n = {int(own['n_hot'].max())} hot and {int(own['n_cold'].max())} cold tumours. {chosen}: {len(tested):,} "
        f"sets tested, {(below > 0).sum()} higher and {(below < 0).sum()} lower in hot at FDR < 0.05; at most {each} "
        "shown per direction. Bars: mean t of the genes relative to all genes, in standard deviations over genes; "
        "empty if the FDR is 0.05 or more. Brackets: number of genes."
    ]
    columns = ["panel", "collection", "term", "higher_in", "statistic", "p", "fdr", "camera_p", "camera_fdr", "n_genes"]
    title = f"{cohort_label(gene_set_tests, cohort)}{TITLE}"
    return finish(figure, pd.concat(panels)[columns], title=title, frames=(gene_set_tests,), notes=notes)


def _with_camera(tests: pd.DataFrame) -> pd.DataFrame:
    """One row per set: the test by permutation with CAMERA's p-value and FDR, the smallest p-value first."""
    camera = tests[tests["method"] == "camera"][["collection", "term", "p", "fdr"]]
    permuted = tests[tests["method"] == "sample_permutation"]
    both = permuted.merge(camera.rename(columns={"p": "camera_p", "fdr": "camera_fdr"}), "left", ["collection", "term"])
    strongest = both["statistic"].abs().sort_values(ascending=False, kind="stable").index
    return both.loc[strongest].sort_values("p", kind="stable")


def _label(row: pd.Series) -> str:
    return textwrap.fill(f"{gene_set_label(row['term'])} ({row['n_genes']})", _LABEL_WIDTH)


def _pitch(rows: pd.DataFrame) -> float:
    """Height of a panel, mm."""
    return (6.4 if any("\n" in _label(row) for _, row in rows.iterrows()) else 4.2) * max(len(rows), 3)


def _draw(panel: Axes, rows: pd.DataFrame, reach: float) -> None:
    for y, row in enumerate(rows.to_dict("records")):
        side, score = row["higher_in"], row["statistic"]
        significant = row["fdr"] < 0.05
        colour = style.PHENOTYPE_COLOURS[side]
        panel.barh(
            [y], [score], color=colour if significant else "white",
            edgecolor=style.INK if significant else colour,
            hatch=style.PHENOTYPE_HATCHES[side] if significant else "", linewidth=0.6, height=0.78,
        )  # fmt: skip
        right = score > 0
        panel.text(
            -0.02 * reach if right else 0.02 * reach, y, f"{format_p(row['p'])}, {format_p(row['fdr'], 'FDR')}",
            va="center", ha="right" if right else "left", size=style.SMALL_POINTS,
            color=style.INK if significant else style.MUTED,
        )  # fmt: skip
        if row["camera_fdr"] < 0.05:
            end = score + 0.025 * reach * (1 if right else -1)
            panel.plot([end], [y], "D", color=style.INK, markersize=3, gid="camera")
    panel.axvline(0, color=style.INK, linewidth=0.8)
    panel.set_yticks(range(len(rows)), [_label(row) for _, row in rows.iterrows()])
    panel.tick_params(axis="y", length=0)
    panel.set_ylim(len(rows) - 0.4, -0.6)
    panel.set_xlim(-reach, reach)
    panel.set_title(str(rows["panel"].iloc[0]).replace("_", " "), loc="left")
