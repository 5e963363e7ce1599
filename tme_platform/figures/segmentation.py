"""The outline of a tumour and its ring on one slice of the image."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from tme_platform.figures import style
from tme_platform.figures.canvas import Drawn, NothingToDrawError, canvas, figure_function, finish

TITLE = "Tumour and ring"
TUMOUR_COLOUR = "#F0E442"
RING_COLOUR = "#56B4E9"
_MARGIN_MM = 15.0
_BARS_MM = (1, 2, 5, 10, 20, 50, 100)


@figure_function(TITLE)
def segmentation(
    image: np.ndarray,
    tumour: np.ndarray,
    ring: np.ndarray,
    spacing_mm: tuple[float, float],
    *,
    name: str = "",
    simulated: bool = False,
) -> Drawn:
    """Draw a slice with the contours of tumour and ring, the whole beside the neighbourhood of the tumour.

    Parameters
    ----------
    image
        Rows x columns, any intensity unit; shown between its 1st and 99th percentile.
    tumour, ring
        Masks of the same shape.
    spacing_mm
        Distance between rows and between columns, mm.
    name
        What the slice is, for the title.
    simulated
        Whether the image is simulated.

    Raises
    ------
    ValueError
        The arrays have not one shape, or are not of two dimensions.
    """
    shapes = {np.shape(array) for array in (image, tumour, ring)}
    if len(shapes) != 1 or np.ndim(image) != 2:
        raise ValueError(f"a slice and its masks are 2-D and of one shape, these are {sorted(shapes)}")
    inside, around = np.asarray(tumour) > 0, np.asarray(ring) > 0
    if not inside.any():
        raise NothingToDrawError("the outline is empty on this slice.")
    figure, axes = canvas(style.DOUBLE_MM * 0.8, 78, 1, 2)
    low, high = np.percentile(image, [1, 99])
    box = _neighbourhood(inside | around, spacing_mm)
    parts = []
    for panel, zoomed in zip(axes[0], (False, True), strict=True):
        panel.imshow(
            image, cmap="gray", vmin=low, vmax=max(high, low + 1e-9), extent=_extent(image.shape, spacing_mm),
            interpolation="nearest",
        )  # fmt: skip
        found = [
            _contour(panel, inside, spacing_mm, TUMOUR_COLOUR, "-", "tumour"),
            _contour(panel, around, spacing_mm, RING_COLOUR, "--", "ring"),
        ]
        parts = found
        if zoomed:
            panel.set_xlim(box[2], box[3])
            panel.set_ylim(box[1], box[0])
        else:
            panel.add_patch(
                Rectangle(
                    (box[2], box[0]), box[3] - box[2], box[1] - box[0], fill=False, edgecolor="white", linewidth=0.8
                )
            )
        _scale_bar(panel)
        panel.set_xticks([])
        panel.set_yticks([])
    area = spacing_mm[0] * spacing_mm[1] / 100
    handles = [
        Line2D([], [], color=TUMOUR_COLOUR, label=f"tumour ({inside.sum() * area:.1f} cm²)"),
        Line2D([], [], color=RING_COLOUR, linestyle="--", label=f"ring ({around.sum() * area:.1f} cm²)"),
    ]
    legend = axes[0, 1].legend(handles=handles, loc="upper right", facecolor="black", framealpha=0.65, frameon=True)
    for text in legend.get_texts():
        text.set_color("white")
    notes = [f"{spacing_mm[0]:.2f} × {spacing_mm[1]:.2f} mm per voxel; right: the framed part."]
    notes.append("" if around.any() else "The ring is empty on this slice.")
    marked = (pd.DataFrame({"provenance": ["simulated"]}),) if simulated else ()
    title = f"{name}: {TITLE.lower()}" if name else TITLE
    return finish(figure, pd.concat(parts, ignore_index=True), title=title, frames=marked, notes=notes)


def _extent(shape: tuple[int, ...], spacing_mm: tuple[float, float]) -> tuple[float, float, float, float]:
    return (0.0, shape[1] * spacing_mm[1], shape[0] * spacing_mm[0], 0.0)


def _neighbourhood(mask: np.ndarray, spacing_mm: tuple[float, float]) -> tuple[float, float, float, float]:
    """Top, bottom, left, right (mm) of a square round the mask."""
    rows, columns = np.nonzero(mask)
    y, x = (rows + 0.5) * spacing_mm[0], (columns + 0.5) * spacing_mm[1]
    half = max(np.ptp(y), np.ptp(x)) / 2 + _MARGIN_MM
    middle = (y.min() + y.max()) / 2, (x.min() + x.max()) / 2
    return middle[0] - half, middle[0] + half, middle[1] - half, middle[1] + half


def _contour(
    panel: Axes, mask: np.ndarray, spacing_mm: tuple[float, float], colour: str, line: str, region: str
) -> pd.DataFrame:
    """Draw the border of a mask; its points in mm."""
    columns = ["region", "contour", "x_mm", "y_mm"]
    if not mask.any():
        return pd.DataFrame(columns=columns)
    padded = np.pad(mask.astype(float), 1)  # so that an outline at the edge of the image is closed
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
    """A bar of a round length, about a quarter of the width."""
    left, right = panel.get_xlim()
    bottom, top = panel.get_ylim()
    length = max((bar for bar in _BARS_MM if bar <= 0.3 * (right - left)), default=_BARS_MM[0])
    x, y = left + 0.05 * (right - left), bottom + 0.06 * (top - bottom)
    panel.plot([x, x + length], [y, y], color="white", linewidth=2.2, solid_capstyle="butt", gid="scale_bar")
    panel.text(
        x, y + 0.025 * (top - bottom), f"{length} mm", color="white", ha="left", va="bottom", size=style.SMALL_POINTS,
        weight="bold",
    )  # fmt: skip
