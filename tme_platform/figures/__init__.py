"""The study's figures: functions that take tables and return a `Drawn`, a matplotlib figure with the data it shows.

Each module holds one figure, and `FIGURES` lists them all. A figure never reads the lake, writes a file or opens a
window; `export` converts it to bytes.
"""

from tme_platform.figures.canvas import Drawn
from tme_platform.figures.entry import Entry, figure
from tme_platform.figures.export import SMALL_BYTES, fix_layout, shrink_png, to_pdf, to_png, to_small_png, to_svg
from tme_platform.figures.frames import VARIABLE_NAMES, endpoint_label, event_word
from tme_platform.figures.registry import FIGURES, draw

__all__ = [
    "FIGURES",
    "SMALL_BYTES",
    "VARIABLE_NAMES",
    "Drawn",
    "Entry",
    "draw",
    "endpoint_label",
    "event_word",
    "figure",
    "fix_layout",
    "shrink_png",
    "to_pdf",
    "to_png",
    "to_small_png",
    "to_svg",
]
