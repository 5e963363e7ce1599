"""Embed pictures and CSV files in the page as data URIs of limited size."""

from __future__ import annotations

import base64
import gzip
import io
import struct
from dataclasses import dataclass

import pandas as pd

from tme_platform.csv_text import csv_text
from tme_platform.figures import Drawn, to_small_png
from tme_platform.figures.style import MM_PER_INCH, SMALL_POINTS

PICTURE_BYTES = 150_000
_COMPRESS_FROM_BYTES = 60_000
_PNG_SIZE_OFFSET = 16
_POINTS_PER_INCH = 72
_LEAST_LETTER_PX = 9.5


@dataclass(frozen=True)
class Embedded:
    """A figure as embedded in the page.

    Attributes
    ----------
    image
        Data URI of the picture, and its width and height in pixels.
    csv
        File name and data URI of the plotted data.
    notes
        Sentences below the figure.
    width_mm
        Width of the figure in print, mm. It tells at which width on a screen its letters can be read.
    """

    image: tuple[str, int, int]
    csv: tuple[str, str]
    notes: tuple[str, ...]
    width_mm: float

    @property
    def readable_px(self) -> int:
        """The least width on a screen, in CSS pixels, at which the smallest letters can be read."""
        return round(self.width_mm / MM_PER_INCH * _POINTS_PER_INCH * _LEAST_LETTER_PX / SMALL_POINTS)

    @property
    def png(self) -> bytes:
        """The picture as PNG bytes."""
        return base64.b64decode(self.image[0].partition("base64,")[2])


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Convert a frame to CSV with seven significant digits; the bytes are the same on every machine."""
    return csv_text(frame, float_format="%.7g", lineterminator="\n").encode()


def csv_link(frame: pd.DataFrame, name: str) -> tuple[str, str]:
    """Return the file name and data URI of a frame as CSV. Large files are compressed with gzip."""
    content = csv_bytes(frame)
    if len(content) < _COMPRESS_FROM_BYTES:
        return f"{name}.csv", uri("text/csv;charset=utf-8", content)
    compressed = io.BytesIO()
    with gzip.GzipFile(fileobj=compressed, mode="wb", filename="", mtime=0) as file:
        file.write(content)
    return f"{name}.csv.gz", uri("application/gzip", compressed.getvalue())


def picture_link(drawn: Drawn) -> tuple[str, int, int]:
    """Return the data URI of a figure, and its width and height in pixels."""
    png = to_small_png(drawn.figure, PICTURE_BYTES)
    width, height = struct.unpack(">II", png[_PNG_SIZE_OFFSET : _PNG_SIZE_OFFSET + 8])
    return uri("image/png", png), width, height


def uri(media_type: str, content: bytes) -> str:
    """Encode bytes as a data URI."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
