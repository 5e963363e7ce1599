"""Heat map of cell population scores, tumours ordered by cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, numeric_values, select_cohort
from tme_platform.phenotypes import Scaling, scale_scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch

TITLE = "Cell populations by cluster"
_BARS = {
    "pam50": {"LumA": "#56B4E9", "LumB": "#F0E442", "Her2": "#CC79A7", "Basal": "#000000", "Normal": "#009E73"},
    "er": {"positive": "#4d4d4d", "negative": "#d9d9d9"},
    "her2": {"positive": "#4d4d4d", "negative": "#d9d9d9"},
}
_BAR_NAMES = {"phenotype": "phenotype", "pam50": "PAM50", "er": "ER", "her2": "HER2"}
_LIMIT = 2.5


@figure(
    title=TITLE,
    caption="Scores of all populations, scaled as for clustering. Tumours are ordered by cluster and immune mean.",
)
def cell_score_heatmap(
    cell_scores: pd.DataFrame,
    tme_phenotypes: pd.DataFrame,
    populations: pd.DataFrame,
    patients: pd.DataFrame | None = None,
    *,
    cohort: str | None = None,
) -> Drawn:
    """Draw the scaled scores as a heat map, tumours ordered by cluster and then by immune mean.

    Parameters
    ----------
    cell_scores, tme_phenotypes, populations
        Tables of the same names. Scores are scaled within each tumour or over the cohort, as they are for clustering.
    patients
        The table of the same name. Provides the annotation bars for subtype and receptors.
    cohort
        Cohort to draw, if the tables hold several.
    """
    from matplotlib.patches import Patch

    scores = numeric_values(check_not_empty(select_cohort(cell_scores, cohort), "the cohort has no cell scores."))
    labels = (
        select_cohort(tme_phenotypes, cohort).set_index("patient_id").reindex(scores.index).dropna(subset=["cluster"])
    )
    check_not_empty(labels, "the cohort has no phenotypes.")
    order = labels.sort_values(["cluster", "immune_mean"], ascending=[True, False], kind="stable").index
    scaling: Scaling = "over_cohort" if (labels["scaling"] == "over_cohort").any() else "within_sample"
    scaled = scale_scores(scores.loc[order].T, scaling)
    groups = select_cohort(populations, cohort).set_index("population")["population_group"].reindex(scaled.columns)
    rank = {name: position for position, name in enumerate(style.GROUP_LABELS)}
    group_rank = groups.map(rank).fillna(len(rank)).astype(int)
    rows = list(group_rank.sort_values(kind="stable").index)

    bars = {"phenotype": labels.loc[order, "phenotype"].astype("object")} | _annotations(patients, cohort, order)
    height = 42 + 3.1 * len(rows) + 4 * len(bars)
    figure, axes = canvas(
        style.DOUBLE_MM, min(height, 220), 1 + len(bars), 1, heights=(*([0.9] * len(bars)), max(len(rows) / 1.6, 4.0))
    )
    handles = [_draw_bar(panel, name, values) for panel, (name, values) in zip(axes[:-1, 0], bars.items(), strict=True)]
    heat = axes[-1, 0]
    image = heat.imshow(
        scaled[rows].T.to_numpy(),
        aspect="auto",
        interpolation="nearest" if len(order) < 600 else "antialiased",
        cmap=style.diverging(),
        vmin=-_LIMIT,
        vmax=_LIMIT,
    )
    heat.set_yticks(range(len(rows)), rows)
    heat.tick_params(axis="y", length=0)
    for tick, name in zip(heat.get_yticklabels(), rows, strict=True):
        tick.set_color(_dark(style.GROUP_COLOURS.get(str(groups[name]), style.INK)))
    heat.set_xticks([])
    heat.set_xlabel(f"{len(order):,} tumours, ordered by cluster, then immune mean")
    _separate(heat, labels.loc[order, "cluster"], group_rank[rows])
    bar = figure.colorbar(image, ax=heat, location="bottom", shrink=0.5, aspect=30, pad=0.01)
    bar.set_label("scaled score")
    present = [name for name in style.GROUP_LABELS if (groups == name).any()]
    kinds = [Patch(color=_dark(style.GROUP_COLOURS[name]), label=style.GROUP_LABELS[name]) for name in present]
    named = [handle for group in handles for handle in group]
    figure.legend(handles=[*named, *kinds], loc="outside right center", handlelength=1.0)
    data = scaled[rows].assign(cluster=labels.loc[order, "cluster"], phenotype=labels.loc[order, "phenotype"])
    tidy = data.rename_axis(index="patient_id", columns=None).reset_index()
    tidy = tidy.melt(["patient_id", "cluster", "phenotype"], var_name="population", value_name="scaled_score")
    across = f"across {len(rows)} populations within each tumour" if scaling == "within_sample" else "over the cohort"
    notes = [f"Scores scaled {across}; colours clipped at ±{_LIMIT} SD."]
    title = f"{cohort_label(cell_scores, cohort)}{TITLE}"
    return finish(figure, tidy, title=title, frames=(cell_scores, tme_phenotypes), notes=notes)


def _annotations(patients: pd.DataFrame | None, cohort: str | None, order: pd.Index) -> dict[str, pd.Series]:
    if patients is None:
        return {}
    own = select_cohort(patients, cohort).set_index("patient_id").reindex(order)
    return {name: own[name].astype("object") for name in _BARS if name in own and own[name].notna().any()}


def _draw_bar(panel: Axes, name: str, values: pd.Series) -> list[Patch]:
    """Draw one annotation bar, missing values in white, and return its legend entries."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    colours = style.PHENOTYPE_COLOURS if name == "phenotype" else _BARS[name]
    present = [level for level in colours if (values == level).any()]
    codes = values.map({level: at for at, level in enumerate(present)}).to_numpy(dtype=np.float64)
    palette = ListedColormap([colours[level] for level in present])
    panel.imshow(
        np.ma.masked_invalid(codes[None, :]), aspect="auto", cmap=palette, vmin=-0.5, vmax=len(present) - 0.5,
        interpolation="nearest",
    )  # fmt: skip
    panel.set_yticks([0], [_BAR_NAMES[name]])
    panel.tick_params(axis="y", length=0)
    panel.set_xticks([])
    panel.spines[:].set_visible(False)
    counts = {level: int((values == level).sum()) for level in present}
    prefix = "" if name == "phenotype" else f"{_BAR_NAMES[name]} "
    return [Patch(color=colours[level], label=f"{prefix}{level} (n = {counts[level]:,})") for level in present]


def _separate(heat: Axes, clusters: pd.Series, group_rank: pd.Series) -> None:
    """Draw lines between clusters and between groups of populations."""
    for edge in np.flatnonzero(clusters.to_numpy()[1:] != clusters.to_numpy()[:-1]):
        heat.axvline(edge + 0.5, color="black", linewidth=0.9)
    for edge in np.flatnonzero(group_rank.to_numpy()[1:] != group_rank.to_numpy()[:-1]):
        heat.axhline(edge + 0.5, color="black", linewidth=0.6)


def _dark(colour: str) -> tuple[float, float, float]:
    """Darken a colour so that it can be used for text."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return 0.58 * red, 0.58 * green, 0.58 * blue
