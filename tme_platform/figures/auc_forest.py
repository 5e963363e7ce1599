"""Forest plots of AUCs: a row per estimate with its interval, in blocks with a heading. No figure of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tme_platform.figures import style
from tme_platform.figures.canvas import canvas
from tme_platform.figures.frames import format_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_MM = 5.0


@dataclass(frozen=True)
class Estimate:
    """A row of a forest plot."""

    label: str
    value: float
    low: float
    high: float
    remark: str = ""
    """Text behind the value, such as the number of patients."""
    marker: str = "o"
    face: str = style.INK


@dataclass(frozen=True)
class Block:
    """Rows under one heading."""

    heading: str
    rows: list[Estimate] = field(default_factory=list)


def auc_forest(blocks: Sequence[Block]) -> Figure:
    """Draw blocks of AUCs with their intervals from top to bottom, the numbers to the right."""
    lines = sum(1 + len(block.rows) for block in blocks) + 0.5 * (len(blocks) - 1)
    figure, axes = canvas(style.DOUBLE_MM, 30 + _ROW_MM * lines, 1, 2, widths=(1.0, 0.75))
    panel, numbers = axes[0]
    numbers.set_axis_off()
    y, ticks = 0.0, []
    for block in blocks:
        panel.text(
            0, y, block.heading, ha="left", va="center", weight="bold", size=style.SMALL_POINTS,
            transform=panel.get_yaxis_transform(), backgroundcolor="white",
        )  # fmt: skip
        for row in block.rows:
            y += 1
            ticks.append((y, row.label))
            _row(panel, numbers, y, row)
        y += 1.5
    panel.axvline(0.5, color=style.MUTED, linewidth=0.7, linestyle=(0, (1, 2)), zorder=0)
    panel.set_yticks([at for at, _ in ticks], [label for _, label in ticks])
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.set_xlim(-0.01, 1.01)
    for side in (panel, numbers):
        side.set_ylim(y - 0.9, -0.6)
    panel.set_xlabel("AUC with 95 % CI")
    return figure


def _row(panel: Axes, numbers: Axes, y: float, row: Estimate) -> None:
    panel.hlines([y], row.low, row.high, color=style.INK, linewidth=1.0)
    panel.plot(
        [row.value], [y], row.marker, markersize=4.5, color=row.face, markeredgecolor=style.INK, markeredgewidth=0.8,
        gid="auc",
    )  # fmt: skip
    text = ", ".join(filter(None, [format_interval(row.value, row.low, row.high), row.remark]))
    numbers.text(0, y, text, ha="left", va="center", size=style.SMALL_POINTS)
