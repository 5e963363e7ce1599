"""Layout shared by all figures: size, title, notes, the label for simulated data, and the empty figure.

Colours and sizes belong in `style`, file formats in `export`.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIMULATED = "simulated data"
RELATIVE_NOTE = (
    "Based on expression relative to the cohort: ranks within a tumour compare genes relative to their own "
    "distribution."
)


@dataclass(frozen=True)
class Drawn:
    """A figure with the data it shows.

    Attributes
    ----------
    figure
        The matplotlib figure. It is not attached to a window or global state.
    data
        The plotted data as a tidy frame, one row per mark (point, bar, step, box). Empty if nothing was drawn.
    notes
        Sentences below the figure, such as what was left out and how intervals were computed.
    simulated
        Whether any of the data are simulated.
    """

    figure: Figure
    data: pd.DataFrame
    notes: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to draw. The figure then states the reason."""
        return self.data.empty


class NothingToDrawError(ValueError):
    """Raised by a figure function that has nothing to draw. The message is shown in place of the figure."""


def canvas(
    width_mm: float,
    height_mm: float,
    rows: int = 1,
    cols: int = 1,
    *,
    widths: tuple[float, ...] | None = None,
    heights: tuple[float, ...] | None = None,
    share_x: bool = False,
    share_y: bool = False,
) -> tuple[Figure, np.ndarray]:
    """Create a figure of the given print size and its axes (rows x cols)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_mm / style.MM_PER_INCH, height_mm / style.MM_PER_INCH), layout="constrained")
    axes = figure.subplots(
        rows, cols, squeeze=False, sharex=share_x, sharey=share_y, width_ratios=widths, height_ratios=heights
    )
    return figure, axes


def finish(
    figure: Figure, data: pd.DataFrame, *, title: str, frames: tuple[pd.DataFrame | None, ...], notes: list[str]
) -> Drawn:
    """Add title and notes and, if any frame is simulated, the label that says so."""
    simulated = is_simulated(*frames)
    width = figure.get_figwidth()
    # Leave room for the label of simulated data to the right of the title.
    figure.suptitle(_wrapped(title, width - (1.1 if simulated else 0), 9.0), x=0.01, ha="left")
    if is_relative(*frames):
        notes = [*notes, RELATIVE_NOTE]
    shown = tuple(note for note in notes if note)
    if shown:
        text = "\n".join(_wrapped(note, width, style.SMALL_POINTS) for note in shown)
        figure.supxlabel(text, x=0.01, ha="left", color=style.MUTED)
    if simulated:
        figure.text(
            0.992,
            0.992,
            SIMULATED,
            ha="right",
            va="top",
            color="white",
            weight="bold",
            size=style.SMALL_POINTS,
            bbox={"boxstyle": "round,pad=0.25", "facecolor": style.ALERT, "edgecolor": "none"},
            gid="simulated",
        )
    return Drawn(figure, data.reset_index(drop=True), shown, simulated)


def is_simulated(*frames: pd.DataFrame | None) -> bool:
    """Whether any row of any frame is simulated."""
    return any(
        frame is not None and "provenance" in frame and bool((frame["provenance"] == "simulated").any())
        for frame in frames
    )


def is_relative(*frames: pd.DataFrame | None) -> bool:
    """Whether any row of any frame rests on expression relative to its cohort."""
    return any(
        frame is not None and "expression_scale" in frame and bool((frame["expression_scale"] == "relative").any())
        for frame in frames
    )


def write_message(axes: Axes, text: str) -> None:
    """Write a sentence in an otherwise empty panel."""
    from matplotlib.figure import Figure

    axes.set_axis_off()
    width = axes.get_position().width * (axes.figure.get_figwidth() if isinstance(axes.figure, Figure) else 3.0)
    axes.text(
        0.5, 0.5, _wrapped(text, width, style.TEXT_POINTS), ha="center", va="center", transform=axes.transAxes,
        color=style.MUTED,
    )  # fmt: skip


def empty_figure(title: str, reason: str) -> Drawn:
    """Return a figure that states why there is nothing to draw."""
    figure, axes = canvas(style.SINGLE_MM, 40)
    write_message(axes[0, 0], f"Nothing to draw: {reason}")
    return finish(figure, pd.DataFrame(), title=title, frames=(), notes=[])


def _wrapped(text: str, width_inches: float, points: float) -> str:
    """Wrap a text to a width. The mean letter of DejaVu Sans is 0.56 times its size wide."""
    return textwrap.fill(text, max(20, int(width_inches * 72 / (0.56 * points))))
