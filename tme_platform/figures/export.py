"""Export a figure to PNG, SVG or PDF. The output is reproducible: files contain neither dates nor software versions."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from tme_platform.figures.style import study_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from PIL.Image import Image

SMALL_BYTES = 60_000
"""Maximum size of a picture in Dagster's metadata."""
_SMALL_DPI = (130, 110, 90, 75, 60, 45)
_COLOURS = 256


def fix_layout(figure: Figure) -> None:
    """Compute the layout once and keep it.

    Otherwise every export computes it again, starting from the previous result, and files of the same figure differ
    slightly.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    if (layout := figure.get_layout_engine()) is None:
        return
    with study_style():
        FigureCanvasAgg(figure)
        layout.execute(figure)
        figure.set_layout_engine("none")


def to_png(figure: Figure, dpi: int = 300) -> bytes:
    """Export to PNG. Journals ask for 300 dots per inch."""
    buffer = io.BytesIO()
    _image(figure, dpi).save(buffer, format="png", dpi=(dpi, dpi))
    return buffer.getvalue()


def _image(figure: Figure, dpi: int) -> Image:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    with study_style():
        canvas: Any = FigureCanvasAgg(figure)  # untyped in matplotlib
        before = figure.get_dpi()
        figure.set_dpi(dpi)
        try:
            canvas.draw()  # savefig would draw the figure twice
            return Image.fromarray(np.array(canvas.buffer_rgba()))
        finally:
            figure.set_dpi(before)


def to_small_png(figure: Figure, at_most: int = SMALL_BYTES) -> bytes:
    """Export to a PNG with 256 colours at the highest resolution that fits into `at_most` bytes.

    Raises
    ------
    ValueError
        The picture is too large even at the lowest resolution.
    """
    return _shrunk(_image(figure, _SMALL_DPI[0]), at_most)


def shrink_png(png: bytes, at_most: int = SMALL_BYTES) -> bytes:
    """Return a picture of `to_small_png` as one of fewer bytes, at a lower resolution. Errors are the same."""
    from PIL import Image

    return _shrunk(Image.open(io.BytesIO(png)).convert("RGB"), at_most)


def _shrunk(picture: Image, at_most: int) -> bytes:
    from PIL import Image

    for dpi in _SMALL_DPI:  # scaled, because drawing again takes several times as long
        share = dpi / _SMALL_DPI[0]
        size = (round(picture.width * share), round(picture.height * share))
        small = _fewer_colours(picture if share == 1 else picture.resize(size, Image.Resampling.LANCZOS))
        if len(small) < at_most:
            return small
    raise ValueError(f"the figure takes {len(small)} bytes at {_SMALL_DPI[-1]} dots per inch, more than {at_most}")


def to_svg(figure: Figure) -> bytes:
    """Export to SVG with text as outlines."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.BytesIO()
    with study_style():
        FigureCanvasSVG(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def to_pdf(figure: Figure) -> bytes:
    """Export to PDF with embedded fonts."""
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    buffer = io.BytesIO()
    with study_style():
        FigureCanvasPdf(figure)
        figure.savefig(buffer, format="pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})
    return buffer.getvalue()


def _fewer_colours(picture: Image) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    # A median cut would lose rare colours, such as those of a legend.
    palette = picture.convert("RGB").quantize(_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    palette.save(buffer, format="png", optimize=True)
    return buffer.getvalue()
