"""Agreement of tumour outlines: Dice coefficient and Hausdorff distance between readers and between sessions."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, select_cohort
from tme_platform.statistics.proportions import mean_interval

TITLE = "Agreement of the outlines"
MEASURES = {
    "dice": "Dice coefficient",
    "hausdorff_mm": "Hausdorff distance, mm",
    "hausdorff_95_mm": "Hausdorff, 95th percentile, mm",
}
KINDS = ("between readers", "between sessions", "both differ")


@figure(
    title=TITLE,
    caption="Dice coefficient and Hausdorff distance between outlines of the same tumour, by different readers and in "
    "different sessions.",
)
def reader_agreement(reader_overlap: pd.DataFrame, *, cohort: str | None = None) -> Drawn:
    """Draw each pair of outlines as a point, with median and mean, by what differs between the two.

    Parameters
    ----------
    reader_overlap
        The table of the same name (or the result of `radiomics.compare_outlines`): reader_a, session_a, reader_b,
        session_b, dice, hausdorff_mm, hausdorff_95_mm by patient and series.
    cohort
        Cohort to draw, if the table holds several.
    """
    own = check_not_empty(select_cohort(reader_overlap, cohort), "no tumour was outlined twice in this cohort.").copy()
    other_reader = own["reader_a"] != own["reader_b"]
    other_session = own["session_a"] != own["session_b"]
    own["kind"] = np.select([other_reader & other_session, other_reader], [KINDS[2], KINDS[0]], KINDS[1])
    present = [kind for kind in KINDS if (own["kind"] == kind).any()]
    figure, axes = canvas(style.DOUBLE_MM, 78, 1, len(MEASURES))
    notes, rows = [], []
    for panel, (measure, label) in zip(axes[0], MEASURES.items(), strict=True):
        for x, kind in enumerate(present):
            values = own.loc[own["kind"] == kind, measure].dropna().to_numpy(dtype=np.float64)
            if values.size == 0:
                continue
            # Deterministic jitter by rank, so that no point hides another.
            spread = (np.argsort(np.argsort(values)) * 7 % 11 - 5) / 5 * 0.22
            look = style.series_style(x + 1)
            panel.plot(
                x + spread, values, look["marker"], color=look["color"], markersize=3, alpha=0.7, linestyle="",
                gid=f"{measure}:{kind}",
            )  # fmt: skip
            mean, low, high = mean_interval(values)
            median = float(np.median(values))
            panel.hlines([median], x - 0.3, x + 0.3, color=style.INK, linewidth=1.5, zorder=4)
            panel.errorbar(
                [x + 0.36], [mean], yerr=[[mean - low], [high - mean]], fmt="D", color="white",
                markeredgecolor=style.INK, ecolor=style.INK, markersize=3.5, capsize=2, zorder=4,
            )  # fmt: skip
            rows.append((measure, kind, values.size, median, mean, low, high))
        panel.set_xticks(
            range(len(present)), [f"{kind.replace(' ', chr(10), 1)}\n{(own['kind'] == kind).sum()}" for kind in present]
        )
        panel.set_xlim(-0.6, len(present) - 0.3)
        panel.set_title(label, size=style.SMALL_POINTS)
        if measure != "dice":
            panel.set_ylim(bottom=0)
        else:
            panel.set_ylim(top=1.005)
    n = own[["patient_id", "series"]].drop_duplicates().shape[0]
    notes.append(f"{n} tumours; below the names: pairs of outlines. Line: median; diamond: mean with 95 % CI.")
    notes += [f"{kind}: a single pair." for kind in present if (own["kind"] == kind).sum() == 1]
    columns = ["measure", "kind", "n", "median", "mean", "ci_low", "ci_high"]
    data = own.melt(["patient_id", "series", "kind"], list(MEASURES), var_name="measure")
    data = data.merge(pd.DataFrame(rows, columns=columns), on=["measure", "kind"], how="left")
    title = f"{cohort_label(reader_overlap, cohort)}{TITLE}"
    return finish(figure, data, title=title, frames=(reader_overlap,), notes=notes)
