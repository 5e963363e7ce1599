"""Outlines of a tumour and its ring on one slice of the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, NothingToDrawError, canvas, finish
from tme_platform.figures.entry import figure
from tme_platform.figures.frames import check_not_empty, cohort_label, select_cohort

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Tumour and ring"
TUMOUR_COLOUR = "#F0E442"
RING_COLOUR = "#56B4E9"
_MARGIN_MM = 15.0
_BARS_MM = (1, 2, 5, 10, 20, 50, 100)
_SIDES = {"R": "The patient's right", "A": "The front", "S": "The head"}


@figure(
    title=TITLE,
    caption="The tumour of median volume and the ring around its border, on the slice where the tumour is largest.",
)
def segmentation(tumour_slice: pd.DataFrame, *, cohort: str | None = None) -> Drawn:
    """Draw a slice with the contours of tumour and ring, in full and zoomed to the tumour.

    Parameters
    ----------
    tumour_slice
        The table of the same name. Intensities are shown from the 1st to the 99th percentile of the slice.
    cohort
        Cohort to draw, if the table holds several.

    Raises
    ------
    ValueError
        The lines of the slice differ in length, or slice and masks differ in shape.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    lines = check_not_empty(select_cohort(tumour_slice, cohort), "the cohort has no outlines.").sort_values("line")
    image = _grid([line.split() for line in lines["intensities"]], np.float64)
    tumour, ring = (_grid([list(line) for line in lines[name]], np.uint8) for name in ("tumour", "ring"))
    if not image.shape == tumour.shape == ring.shape:
        raise ValueError(
            f"slice, tumour and ring must have the same shape, found {image.shape}, {tumour.shape}, {ring.shape}"
        )
    first = lines.iloc[0]
    spacing_mm = float(first["row_mm"]), float(first["column_mm"])
    inside, around = np.asarray(tumour) > 0, np.asarray(ring) > 0
    if not inside.any():
        raise NothingToDrawError("the outline is empty on this slice.")
    figure, axes = canvas(style.DOUBLE_MM * 0.8, 78, 1, 2)
    low, high = np.percentile(image, [1, 99])
    extent = _extent(image.shape, spacing_mm)
    top, bottom, left, right = _neighbourhood(inside | around, spacing_mm)
    top, bottom, left, right = max(top, 0.0), min(bottom, extent[2]), max(left, 0.0), min(right, extent[1])
    parts = []
    for panel, zoomed in zip(axes[0], (False, True), strict=True):
        brightest = max(high, low + 1e-9)
        panel.imshow(image, cmap="gray", vmin=low, vmax=brightest, extent=extent, interpolation="nearest")
        found = [
            _contour(panel, inside, spacing_mm, TUMOUR_COLOUR, "-", "tumour"),
            _contour(panel, around, spacing_mm, RING_COLOUR, "--", "ring"),
        ]
        parts = found
        panel.set_xlim(*((left, right) if zoomed else extent[:2]))
        panel.set_ylim(*((bottom, top) if zoomed else extent[2:]))
        if not zoomed:
            frame = Rectangle((left, top), right - left, bottom - top, fill=False, edgecolor="white", linewidth=0.8)
            panel.add_patch(frame)
            _sides(panel, str(first["top"]), str(first["left"]))
        _scale_bar(panel)
        panel.set_axis_off()
    area = spacing_mm[0] * spacing_mm[1] / 100
    handles = [
        Line2D([], [], color=TUMOUR_COLOUR, label=f"tumour ({inside.sum() * area:.1f} cm²)"),
        Line2D([], [], color=RING_COLOUR, linestyle="--", label=f"ring ({around.sum() * area:.1f} cm²)"),
    ]
    legend = axes[0, 1].legend(handles=handles, loc="upper right", facecolor="black", framealpha=0.65, frameon=True)
    for text in legend.get_texts():
        text.set_color("white")
    notes = [
        f"n = 1: the tumour of median volume ({first['volume_ml']:.1f} ml) among {first['outlines']} patients, on the "
        f"slice where it is largest. {spacing_mm[0]:.2f} × {spacing_mm[1]:.2f} mm per voxel; right: the framed area. "
        f"{_SIDES[first['top']]} is at the top, {_SIDES[first['left']].lower()} on the left.",
        "" if around.any() else "The ring is empty on this slice.",
    ]
    title = f"{cohort_label(tumour_slice, cohort)}{TITLE.lower()}"
    return finish(
        figure, pd.concat(parts, ignore_index=True), title=title, frames=(tumour_slice,), notes=notes,
    )  # fmt: skip


def _grid(lines: list[list[str]], kind: type[np.generic]) -> np.ndarray:
    if len({len(line) for line in lines}) != 1:
        raise ValueError("the lines of the slice differ in length")
    return np.array(lines).astype(kind)


def _extent(shape: tuple[int, ...], spacing_mm: tuple[float, float]) -> tuple[float, float, float, float]:
    return (0.0, shape[1] * spacing_mm[1], shape[0] * spacing_mm[0], 0.0)


def _neighbourhood(mask: np.ndarray, spacing_mm: tuple[float, float]) -> tuple[float, float, float, float]:
    """Return top, bottom, left and right (mm) of a square around the mask."""
    rows, columns = np.nonzero(mask)
    y, x = (rows + 0.5) * spacing_mm[0], (columns + 0.5) * spacing_mm[1]
    half = max(np.ptp(y), np.ptp(x)) / 2 + _MARGIN_MM
    middle = (y.min() + y.max()) / 2, (x.min() + x.max()) / 2
    return middle[0] - half, middle[0] + half, middle[1] - half, middle[1] + half


def _contour(
    panel: Axes, mask: np.ndarray, spacing_mm: tuple[float, float], colour: str, line: str, region: str
) -> pd.DataFrame:
    """Draw the border of a mask and return its points in mm."""
    columns = ["region", "contour", "x_mm", "y_mm"]
    if not mask.any():
        return pd.DataFrame(columns=columns)
    padded = np.pad(mask.astype(float), 1)  # closes outlines at the edge of the image
    y = (np.arange(padded.shape[0]) - 0.5) * spacing_mm[0]
    x = (np.arange(padded.shape[1]) - 0.5) * spacing_mm[1]
    drawn = panel.contour(x, y, padded, levels=[0.5], colors=[colour], linestyles=[line], linewidths=[1.1])
    drawn.set_gid(f"contour:{region}")
    pieces = [
        pd.DataFrame({"region": region, "contour": number, "x_mm": piece[:, 0], "y_mm": piece[:, 1]})
        for number, piece in enumerate(drawn.allsegs[0])
    ]
    return pd.concat(pieces, ignore_index=True)[columns]


def _scale_bar(panel: Axes) -> None:
    """Draw a scale bar of a round length, at most 30 % of the width."""
    from matplotlib.patheffects import withStroke

    left, right = panel.get_xlim()
    bottom, top = panel.get_ylim()
    length = max((bar for bar in _BARS_MM if bar <= 0.3 * (right - left)), default=_BARS_MM[0])
    x, y = left + 0.05 * (right - left), bottom + 0.06 * (top - bottom)
    rim = [withStroke(linewidth=3.4, foreground="black")]
    panel.plot(
        [x, x + length], [y, y], color="white", linewidth=2.2, solid_capstyle="butt", gid="scale_bar", path_effects=rim
    )
    panel.text(
        x, y + 0.025 * (top - bottom), f"{length} mm", color="white", ha="left", va="bottom", size=style.SMALL_POINTS,
        weight="bold", path_effects=[withStroke(linewidth=1.5, foreground="black")],
    )  # fmt: skip


def _sides(panel: Axes, top: str, left: str) -> None:
    """Write the letters of the patient's sides, as scanners do."""
    from matplotlib.patheffects import withStroke

    for x, y, letter, across, down in ((0.5, 0.96, top, "center", "top"), (0.03, 0.5, left, "left", "center")):
        panel.text(
            x, y, letter, transform=panel.transAxes, color="white", ha=across, va=down, size=style.TEXT_POINTS,
            weight="bold", path_effects=[withStroke(linewidth=1.5, foreground="black")],
        )  # fmt: skip
