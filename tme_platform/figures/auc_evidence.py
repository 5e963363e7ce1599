"""What MRI is worth in one figure: the honest AUC beside the paper's way, shuffled labels, rivals and definitions.

The AUC of each cohort and endpoint belongs in `auc_by_cohort`, that of each definition in `phenotype_specifications`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, format_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Hot or cold from MRI: how much to believe"
_ROW_MM = 10.8
_COLUMNS = ["source", "kind", "value", "low", "high", "n", "n_positive"]
_RIVALS = {"clinical": "Clinical variables alone", "volume": "Tumour volume alone"}


class _Row(NamedTuple):
    """A row of the figure: an estimate with its interval, or a range of several values without an estimate."""

    source: str
    kind: str
    value: float
    low: float
    high: float
    n: float
    n_positive: float
    counted: str
    several: tuple[float, ...] = ()


@figure(
    title=TITLE,
    caption="AUC for telling hot from cold tumours on MRI: in patients that the model was not trained on (filled), on "
    "its training patients as we read the paper (open), with shuffled labels, from other variables in the same folds, "
    "and by other definitions of hot and cold. 0.5 is a coin toss.",
)
def auc_evidence(
    signature: pd.DataFrame,
    cohort_metrics: pd.DataFrame | None = None,
    signature_rivals: pd.DataFrame | None = None,
    label_permutations: pd.DataFrame | None = None,
    phenotype_specifications: pd.DataFrame | None = None,
) -> Drawn:
    """Draw the AUC of the newest signature above everything that it must be compared with.

    Parameters
    ----------
    signature, cohort_metrics, signature_rivals, label_permutations, phenotype_specifications
        The tables of the same names. Rows of missing tables are left out.
    """
    check_not_empty(signature, "no signature was trained.")
    rows = [*_own(signature.iloc[-1]), *_unseen(cohort_metrics), *_shuffled(label_permutations)]
    rows += [*_rivals(signature_rivals), *_definitions(phenotype_specifications)]
    drawn, axes = canvas(style.SINGLE_MM * 1.06, 27 + _ROW_MM * len(rows))
    panel = axes[0, 0]
    for y, row in enumerate(rows):
        _draw(panel, y, row, first=y == 0)
    panel.axvline(0.5, color=style.MUTED, linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)
    panel.set_xlim(-0.01, 1.01)
    panel.set_ylim(len(rows) - 0.75, -0.95)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    panel.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5\ncoin toss", "0.75", "1\nperfect"])
    panel.set_xlabel("AUC, lines: 95 % CI")
    data = pd.DataFrame([row[: len(_COLUMNS)] for row in rows], columns=_COLUMNS)
    frames = (signature, cohort_metrics, signature_rivals, label_permutations, phenotype_specifications)
    return finish(drawn, data, title=TITLE, frames=frames, notes=_notes(rows))


def _own(newest: pd.Series) -> Iterator[_Row]:
    """Return the out-of-fold AUC, which is the headline, and the apparent one."""
    n, hot = float(newest["n_patients"]), float(newest["n_hot"])
    counted = f"n = {n:.0f} ({hot:.0f} hot)"
    limits = [float(newest[name]) for name in ("oof_auc", "oof_auc_low", "oof_auc_high")]
    yield _Row("MRI, honest: out of fold", "honest", limits[0], limits[1], limits[2], n, hot, counted)
    apparent = float(newest["apparent_auc"])
    yield _Row("MRI, the paper's way: training patients", "paper", apparent, np.nan, np.nan, n, hot, counted)


def _unseen(metrics: pd.DataFrame | None) -> Iterator[_Row]:
    """Return the AUC for hot tumours in patients outside the training, by cohort and side."""
    if metrics is None or metrics.empty:
        return
    wanted = {"metric": "auc", "model": "signature", "analysis": "honest", "subgroup": "all", "endpoint": "hot"}
    for name, wished in wanted.items():
        metrics = metrics[metrics[name] == wished]
    rows = metrics[metrics["side"] != "discovery"].dropna(subset=["value"]).to_dict("records")
    for row in rows:
        n, hot = float(row["n"]), float(row["n_positive"])
        value, low, high = (float(row[name]) for name in ("value", "ci_low", "ci_high"))
        counted = f"n = {n:.0f} ({hot:.0f} hot)" + (f", {row['cohort']}, {row['side']}" if len(rows) > 1 else "")
        yield _Row("MRI, honest: unseen patients", "honest", value, low, high, n, hot, counted)


def _shuffled(permutations: pd.DataFrame | None) -> Iterator[_Row]:
    """Return the middle 95 % of the AUCs with shuffled labels, and their median."""
    if permutations is None or permutations.empty:
        return
    null = permutations[(permutations["shuffle"] > 0) & (permutations["within"] == "all patients")]["auc"].dropna()
    if len(null):
        low, middle, high = np.percentile(null, [2.5, 50, 97.5])
        yield _Row(
            "Labels shuffled: no signal by design", "shuffled", float(middle), float(low), float(high), np.nan, np.nan,
            f"{len(null)} times", tuple(null),
        )  # fmt: skip


def _rivals(rivals: pd.DataFrame | None) -> Iterator[_Row]:
    """Return what simpler models reach in the same folds."""
    if rivals is None or rivals.empty:
        return
    rows = rivals[(rivals["metric"] == "auc") & (rivals["analysis"] == "honest")].dropna(subset=["value"])
    rows = rows.drop_duplicates("model").set_index("model")
    for model, label in _RIVALS.items():
        if model in rows.index:
            row = rows.loc[model]
            n, hot = float(row["n"]), float(row["n_positive"])
            value, low, high = (float(row[name]) for name in ("value", "ci_low", "ci_high"))
            yield _Row(label, "rival", value, low, high, n, hot, f"n = {n:.0f} ({hot:.0f} hot)")


def _definitions(specifications: pd.DataFrame | None) -> Iterator[_Row]:
    """Return the range of the AUC over the definitions of hot and cold. It has no estimate: none is to be picked."""
    if specifications is None or specifications.empty:
        return
    known = specifications.dropna(subset=["auc"])
    if len(known) > 1:
        several = tuple(float(value) for value in known["auc"])
        least, most = int(known["n_images"].min()), int(known["n_images"].max())
        counted = str(most) if least == most else f"{least} to {most}"
        label = f"MRI, {len(several)} definitions of hot and cold"
        yield _Row(
            label, "definitions", np.nan, min(several), max(several), np.nan, np.nan, f"n = {counted}", several
        )  # fmt: skip


def _draw(panel: Axes, y: float, row: _Row, *, first: bool) -> None:
    across = panel.get_yaxis_transform()
    weight = "bold" if first else "normal"
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    panel.text(
        0, y - 0.64, row.source, transform=across, va="center", weight=weight, size=style.TEXT_POINTS, bbox=behind
    )
    if row.kind == "definitions":
        said = f"{row.low:.2f} to {row.high:.2f}"
    elif row.kind == "paper":
        said = f"{row.value:.2f}"
    else:
        said = format_interval(row.value, row.low, row.high)
    panel.text(
        1, y - 0.64, said, transform=across, va="center", ha="right", weight=weight, size=style.TEXT_POINTS, bbox=behind
    )
    panel.text(
        0, y - 0.36, row.counted, transform=across, va="center", size=style.SMALL_POINTS, color=style.MUTED, bbox=behind
    )
    y -= 0.06
    if row.kind == "definitions":
        panel.plot(row.several, [y] * len(row.several), "|", color=style.INK, markersize=8, gid="definitions")
        return
    if row.kind == "shuffled":
        panel.hlines([y], row.low, row.high, color=style.FAINT, linewidth=7)
        panel.plot([row.value], [y], "|", color=style.MUTED, markersize=8, gid="shuffled")
        return
    panel.hlines([y], row.low, row.high, color=style.INK, linewidth=2.2 if first else 1.1)
    face = "white" if row.kind == "paper" else style.SERIES_COLOURS[4] if row.kind == "rival" else style.INK
    panel.plot(
        [row.value], [y], "s" if row.kind == "paper" else "o", markersize=6.5 if first else 5, color=face,
        markeredgecolor=style.INK, markeredgewidth=0.9, gid="auc",
    )  # fmt: skip


def _notes(rows: list[_Row]) -> list[str]:
    kinds = {row.kind for row in rows}
    notes = []
    if "shuffled" in kinds:
        notes.append("Shuffled: median and middle 95 %, by a shortened procedure.")
    if "definitions" in kinds:
        notes.append("Definitions: one mark each, no interval; cross-validated on all patients with image features.")
    return notes
