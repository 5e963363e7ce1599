"""Colours, markers and sizes shared by all figures. Layout belongs in `canvas`.

The colours are those of Okabe & Ito (2008), which people with a colour vision deficiency can distinguish. Each
phenotype has the same colour in every figure, and its own marker, hatch and line style, so that figures can be read in
greyscale.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.colors import LinearSegmentedColormap

MM_PER_INCH = 25.4
SINGLE_MM = 85.0
"""Width of a journal column, mm."""
DOUBLE_MM = 170.0
"""Width of a journal page, mm."""

INK = "#1a1a1a"
MUTED = "#595959"
ALERT = "#8f1d00"
"""Text colours. Each has a contrast of at least 4.5 to 1 on white."""
FAINT = "#d0d0d0"
"""For grid and reference lines, never for text."""

PHENOTYPES = ("hot", "intermediate", "cold")
PHENOTYPE_COLOURS = {"hot": "#D55E00", "intermediate": "#F0C95A", "cold": "#0072B2", "all": "#4d4d4d"}
PHENOTYPE_MARKERS = {"hot": "o", "intermediate": "^", "cold": "s", "all": "D"}
PHENOTYPE_HATCHES = {"hot": "", "intermediate": "....", "cold": "/////", "all": "xxxx"}
PHENOTYPE_LINES: dict[str, Any] = {"hot": "-", "intermediate": "-.", "cold": "--", "all": ":"}

GROUP_LABELS = {
    "adaptive": "adaptive",
    "innate_activated": "innate, activated",
    "innate_inactivated": "innate, inactivated",
    "non_immune": "non-immune",
}
GROUP_COLOURS = {
    "adaptive": "#CC79A7",
    "innate_activated": "#E69F00",
    "innate_inactivated": "#56B4E9",
    "non_immune": "#4d4d4d",
}

SERIES_COLOURS = ("#000000", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#332288", "#882255")
"""For cohorts, versions and similar series. None is the colour of a phenotype. The last two are Paul Tol's."""
SERIES_LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
SERIES_MARKERS = ("o", "s", "^", "D", "v")
SERIES_HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx")

_DIVERGING = ("#762a83", "#c2a5cf", "#f7f7f7", "#a6dba0", "#1b7837")
"""Purple to green (ColorBrewer's PRGn): a ratio or a score is no phenotype, and has none of their colours."""

LINE_POINTS = 1.2
SMALL_POINTS = 7.0
"""Smallest font size in print, points."""
TEXT_POINTS = 8.0

RC: dict[str, object] = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT_POINTS,
    "axes.titlesize": TEXT_POINTS,
    "axes.labelsize": TEXT_POINTS,
    "xtick.labelsize": SMALL_POINTS,
    "ytick.labelsize": SMALL_POINTS,
    "legend.fontsize": SMALL_POINTS,
    "figure.titlesize": 9.0,
    "figure.titleweight": "bold",
    "figure.labelsize": SMALL_POINTS,
    "figure.dpi": 150.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "lines.linewidth": LINE_POINTS,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "legend.handlelength": 2.2,
    "legend.borderaxespad": 0.2,
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.03,
    "svg.fonttype": "path",  # does not depend on installed fonts
    "svg.hashsalt": "tme_platform",
    "pdf.fonttype": 42,
    "path.simplify": True,
}


@contextlib.contextmanager
def study_style() -> Iterator[None]:
    """Apply the study's matplotlib settings and restore the previous ones afterwards."""
    import matplotlib as mpl

    with mpl.rc_context(rc=RC):  # type: ignore[arg-type]
        yield


def diverging() -> LinearSegmentedColormap:
    """Return the diverging colour map, from purple below to green above."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("tme_diverging", _DIVERGING)


def series_style(position: int) -> dict[str, Any]:
    """Return colour, line style and marker of the n-th series of a figure. The first 35 are distinct."""
    colour = position % len(SERIES_COLOURS)
    other = (position + position // len(SERIES_COLOURS)) % len(SERIES_LINES)
    return {"color": SERIES_COLOURS[colour], "linestyle": SERIES_LINES[other], "marker": SERIES_MARKERS[other]}
