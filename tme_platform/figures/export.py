"""A figure as bytes: PNG, SVG, PDF. The same figure gives the same bytes: no date and no software goes into a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from PIL import Image

from tme_platform.figures.style import in_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SMALL_BYTES = 60_000
"""What a picture in Dagster's metadata may weigh."""
_SMALL_DPI = (130, 110, 90, 75, 60, 45)
_COLOURS = 256
_LAYOUT_PASSES = 2
"""The first pass measures notes and labels where they stood before there was a layout."""


def settle(figure: Figure) -> None:
    """Work out once where everything goes.

    Otherwise each format and resolution works it out again from where the last one left off, and a figure that is
    written several times differs by hairs.
    """
    if (layout := figure.get_layout_engine()) is None:
        return
    with in_style():
        FigureCanvasAgg(figure)
        for _ in range(_LAYOUT_PASSES):
            layout.execute(figure)
        figure.set_layout_engine("none")


def to_png(figure: Figure, dpi: int = 300) -> bytes:
    """PNG at a resolution; 300 dots per inch is what journals ask for."""
    buffer = io.BytesIO()
    with in_style():
        canvas: Any = FigureCanvasAgg(figure)  # without types in matplotlib
        before = figure.get_dpi()
        figure.set_dpi(dpi)
        try:
            canvas.draw()  # once; savefig goes through the figure twice
            Image.fromarray(np.asarray(canvas.buffer_rgba())).save(buffer, format="png", dpi=(dpi, dpi))
        finally:
            figure.set_dpi(before)
    return buffer.getvalue()


def to_small_png(figure: Figure, at_most: int = SMALL_BYTES) -> bytes:
    """PNG of fewer than `at_most` bytes with 256 colours, as large as fits: for a page that carries many.

    Raises
    ------
    ValueError
        Not even 45 dots per inch are small enough.
    """
    for dpi in _SMALL_DPI:
        small = _fewer_colours(to_png(figure, dpi))
        if len(small) < at_most:
            return small
    raise ValueError(f"the figure has {len(small)} bytes at {_SMALL_DPI[-1]} dots per inch, more than {at_most}")


def to_svg(figure: Figure) -> bytes:
    """SVG with letters as outlines."""
    buffer = io.BytesIO()
    with in_style():
        FigureCanvasSVG(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def to_pdf(figure: Figure) -> bytes:
    """PDF with its letters embedded as text."""
    buffer = io.BytesIO()
    with in_style():
        FigureCanvasPdf(figure)
        figure.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return buffer.getvalue()


def _fewer_colours(png: bytes) -> bytes:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(png)) as picture:
        # The median cut would give rare colours, such as those of a legend, away.
        palette = picture.convert("RGB").quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        palette.save(buffer, format="png", optimize=True)
    return buffer.getvalue()
