"""Correlation of the signature's features with the cell populations."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, select_cohort

TITLE = "Features and cell populations"


@figure(
    title=TITLE,
    caption="Spearman correlation of the signature's top features with the cell populations of the same patients.",
)
def feature_cell_map(
    feature_cell_correlation: pd.DataFrame, populations: pd.DataFrame | None = None, *, cohort: str | None = None
) -> Drawn:
    """Draw Spearman's rho between the top 20 features and the populations as a heat map.

    Parameters
    ----------
    feature_cell_correlation
        The table of the same name.
    populations
        The table of the same name, all cohorts. Orders the populations by group.
    cohort
        Cohort to draw, if the first table holds several.
    """
    own = check_not_empty(
        select_cohort(feature_cell_correlation, cohort), "no patient has both features and cell scores."
    )
    rho = own.pivot(index="feature", columns="population", values="rho")
    fdr = own.pivot(index="feature", columns="population", values="fdr")
    columns = list(rho.columns)
    if populations is not None:
        groups = populations.drop_duplicates("population").set_index("population")["population_group"].reindex(columns)
        group_rank = groups.map({name: at for at, name in enumerate(style.GROUP_LABELS)}).fillna(9)
        columns = list(group_rank.sort_values(kind="stable").index)
    order = list(rho[columns].mean(axis=1).sort_values(kind="stable").index)
    values = rho.loc[order, columns].T.to_numpy(dtype=np.float64)
    figure, axes = canvas(style.DOUBLE_MM, min(66 + 3.15 * len(columns), 225))
    panel = axes[0, 0]
    reach = max(0.3, float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.3)
    image = panel.imshow(
        values, cmap=style.diverging(), vmin=-reach, vmax=reach, aspect="auto", interpolation="nearest"
    )
    y, x = np.nonzero(fdr.loc[order, columns].T.to_numpy(dtype=np.float64) < 0.05)
    panel.plot(x, y, "*", color=style.INK, markersize=4, linestyle="", gid="significant")
    panel.set_xticks(range(len(order)), [name if len(name) < 42 else name[:39] + "..." for name in order], rotation=90)
    panel.set_yticks(range(len(columns)), columns)
    panel.tick_params(length=0)
    bar = figure.colorbar(image, ax=panel, shrink=0.6, aspect=22, pad=0.01)
    bar.set_label("Spearman's rho")
    n_low, n_high = int(own["n"].min()), int(own["n"].max())
    n = f"{n_high}" if n_low == n_high else f"{n_low} to {n_high}"
    # Half-width of the 95 % range of a single correlation under the null hypothesis, by Fisher's z.
    chance = np.tanh(1.96 / np.sqrt(max(n_low - 3, 1)))
    notes = [
        f"n = {n} patients. Without any correlation, 95 % of single estimates would be within ±{chance:.2f}. "
        f"Star: FDR < 0.05 ({len(x)} of {own['fdr'].notna().sum()} pairs). The features were selected by labels "
        "that come from these populations, so the FDR is over all features."
    ]
    title = f"{cohort_label(feature_cell_correlation, cohort)}{TITLE}"
    tidy = own[["feature", "population", "n", "rho", "p", "fdr"]]
    return finish(figure, tidy, title=title, frames=(feature_cell_correlation,), notes=notes)
