"""The study's figures: data in, `Drawn` (a matplotlib figure and the data it shows) out. One figure per module.

No figure reads the lake, chooses a file, or opens a window. `FIGURES` gathers them; `export` turns them into bytes.
"""

from tme_platform.figures.canvas import Drawn
from tme_platform.figures.entry import Entry, figure
from tme_platform.figures.export import SMALL_BYTES, settle, to_pdf, to_png, to_small_png, to_svg
from tme_platform.figures.frames import VARIABLE_NAMES
from tme_platform.figures.registry import FIGURES, draw

__all__ = [
    "FIGURES",
    "SMALL_BYTES",
    "VARIABLE_NAMES",
    "Drawn",
    "Entry",
    "draw",
    "figure",
    "settle",
    "to_pdf",
    "to_png",
    "to_small_png",
    "to_svg",
]
