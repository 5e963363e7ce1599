"""The frame of every figure: size, title, notes, the mark of simulated data, words where there is nothing to draw.

What a figure shows is in the module of its name, colours and sizes in `style`, file formats in `export`.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tme_platform.figures import style

SIMULATED = "simulated data"


@dataclass(frozen=True)
class Drawn:
    """A figure and what it shows.

    Attributes
    ----------
    figure
        The figure; it belongs to no window and no global state.
    data
        What is drawn as a tidy frame, one row per mark (point, bar, step, box); no rows where nothing was drawn.
    notes
        The sentences below the figure: what was left out, which group is too small, what an interval is.
    simulated
        Whether anything that is drawn is simulated.
    """

    figure: Figure
    data: pd.DataFrame
    notes: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to draw; the figure says why."""
        return self.data.empty


class NothingToDrawError(ValueError):
    """Raised inside a figure function with the reason that the figure then shows in words."""


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
    """A figure of that size at print with its axes, rows x cols."""
    figure = Figure(figsize=(width_mm / style.MM_PER_INCH, height_mm / style.MM_PER_INCH), layout="constrained")
    axes = figure.subplots(
        rows, cols, squeeze=False, sharex=share_x, sharey=share_y, width_ratios=widths, height_ratios=heights
    )
    return figure, axes


def finish(
    figure: Figure, data: pd.DataFrame, *, title: str, frames: tuple[pd.DataFrame | None, ...], notes: list[str]
) -> Drawn:
    """Set title, notes and, where any of the frames is simulated, the mark that says so."""
    simulated = is_simulated(*frames)
    width = figure.get_figwidth()
    # The mark of simulated data stands to the right of the title.
    figure.suptitle(_wrapped(title, width - (1.1 if simulated else 0), 9.0), x=0.01, ha="left")
    said = tuple(note for note in notes if note)
    if said:
        text = "\n".join(_wrapped(note, width, style.SMALL_POINTS) for note in said)
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
    return Drawn(figure, data.reset_index(drop=True), said, simulated)


def is_simulated(*frames: pd.DataFrame | None) -> bool:
    """Whether any row of any frame says that it is simulated."""
    return any(
        frame is not None and "provenance" in frame and bool((frame["provenance"] == "simulated").any())
        for frame in frames
    )


def say(axes: Axes, text: str) -> None:
    """Put a sentence in place of a panel's content."""
    axes.set_axis_off()
    width = axes.get_position().width * (axes.figure.get_figwidth() if isinstance(axes.figure, Figure) else 3.0)
    axes.text(
        0.5, 0.5, _wrapped(text, width, style.TEXT_POINTS), ha="center", va="center", transform=axes.transAxes,
        color=style.MUTED,
    )  # fmt: skip


def in_words(title: str, reason: str) -> Drawn:
    """A figure that says why there is nothing to draw."""
    figure, axes = canvas(style.SINGLE_MM, 40)
    say(axes[0, 0], f"Nothing to draw: {reason}")
    return finish(figure, pd.DataFrame(), title=title, frames=(), notes=[])


def _wrapped(text: str, width_inches: float, points: float) -> str:
    """Break a text into lines that fit; a letter of DejaVu Sans is 0.56 of its size wide on the mean."""
    return textwrap.fill(text, max(20, int(width_inches * 72 / (0.56 * points))))
