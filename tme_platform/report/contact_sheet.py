"""The contact sheet on which a radiologist reviews the outlines of a cohort: one self-contained page.

Which outlines are shown, and in which order, is decided in `steps.outline_review`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from tme_platform.imaging import Slice
from tme_platform.report.embed import uri

_WIDTH_PX = 260
_ROOM = 0.35
"""Share of the region's size that is shown round it on each side."""
_LEAST_MM = 15.0
"""Shown at least on each side of the region."""
TUMOUR_COLOUR, RING_COLOUR = (240, 228, 66), (86, 180, 233)


@dataclass(frozen=True)
class ShownOutline:
    """An outline on the sheet.

    Attributes
    ----------
    patient_id, series, reader, session
        As in the imaging manifest.
    mark
        What stands for the mask's content in a review.
    volume_ml
        Volume of the tumour; None if its regions could not be measured.
    warnings
        What the measures of quality say, and why the outline cannot be used.
    decision
        The standing review in words; empty if there is none.
    pictures
        Data URI and caption of each slice.
    """

    patient_id: str
    series: str
    reader: str
    session: str
    mark: str
    volume_ml: float | None
    warnings: tuple[str, ...]
    decision: str
    pictures: tuple[tuple[str, str], ...]


def contact_sheet(title: str, cohort: str, outlines: Sequence[ShownOutline], *, simulated: bool) -> str:
    """Render the page: a card for each outline in the order given, with a choice of accept, reject and comment.

    What is chosen is saved from the page as a file of reviews; without scripts the page only shows.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("tme_platform.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    script = resources.files("tme_platform.report").joinpath("templates/contact_sheet.js").read_text(encoding="utf-8")
    return environment.get_template("contact_sheet.html.j2").render(
        title=title,
        cohort=cohort,
        outlines=outlines,
        simulated=simulated,
        script=Markup(script),  # noqa: S704 (packaged)
    )


def slice_picture(shown: Slice) -> str:
    """Draw the surroundings of the tumour on a slice, with the borders of tumour and ring, as a data URI.

    Intensities are shown from the 1st to the 99th percentile of the slice.
    """
    from PIL import Image

    rows, columns = _surroundings(shown)
    values = shown.image[rows, columns]
    low, high = np.percentile(shown.image, [1, 99])
    grey = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    scale = _WIDTH_PX / (values.shape[1] * shown.spacing_mm[1])
    size = (_WIDTH_PX, max(1, round(values.shape[0] * shown.spacing_mm[0] * scale)))
    drawn = np.array(
        Image.fromarray((grey * 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC).convert("RGB")
    )
    for mask, colour in ((shown.ring, RING_COLOUR), (shown.tumour, TUMOUR_COLOUR)):
        large = np.array(Image.fromarray(mask[rows, columns].astype(np.uint8)).resize(size, Image.Resampling.NEAREST))
        drawn[_border(large > 0)] = colour
    buffer = io.BytesIO()
    Image.fromarray(drawn).save(buffer, format="png", optimize=True)
    return uri("image/png", buffer.getvalue())


def _surroundings(shown: Slice) -> tuple[slice, slice]:
    parts = []
    for axis, spacing in enumerate(shown.spacing_mm):
        filled = np.flatnonzero((shown.tumour | shown.ring).any(axis=1 - axis))
        length = shown.image.shape[axis]
        first, last = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, length)
        room = round(max((last - first) * _ROOM, _LEAST_MM / spacing))
        parts.append(slice(max(0, first - room), min(length, last + room)))
    return parts[0], parts[1]


def _border(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The voxels of a mask beside which one is outside; an edge of the picture is no border."""
    padded = np.pad(mask, 1, mode="edge")
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    border: NDArray[np.bool_] = mask & ~inner
    return border
