"""Files inside the page: pictures and CSV as data URIs, small enough for one page to carry them all."""

from __future__ import annotations

import base64
import gzip
import io
import struct
from dataclasses import dataclass

import pandas as pd

from tme_platform.figures import Drawn, to_small_png

PICTURE_BYTES = 150_000
_COMPRESS_FROM = 60_000
_PNG_SIZE_AT = 16


@dataclass(frozen=True)
class Embedded:
    """A figure as it stands in the page.

    Attributes
    ----------
    image
        Data URI of the picture, its width and height in pixels.
    csv
        File name and data URI of what is drawn.
    notes
        The sentences below it.
    """

    image: tuple[str, int, int]
    csv: tuple[str, str]
    notes: tuple[str, ...]

    @property
    def png(self) -> bytes:
        """The picture as a file."""
        return base64.b64decode(self.image[0].partition("base64,")[2])


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A frame as CSV with seven digits, the same bytes on every machine."""
    return frame.to_csv(index=False, float_format="%.7g", lineterminator="\n").encode()


def csv_link(frame: pd.DataFrame, name: str) -> tuple[str, str]:
    """File name and data URI of a frame; a large one is compressed."""
    content = csv_bytes(frame)
    if len(content) < _COMPRESS_FROM:
        return f"{name}.csv", uri("text/csv;charset=utf-8", content)
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as file:
        file.write(content)
    return f"{name}.csv.gz", uri("application/gzip", packed.getvalue())


def picture_link(drawn: Drawn) -> tuple[str, int, int]:
    """Data URI of a figure, its width and height in pixels."""
    png = to_small_png(drawn.figure, PICTURE_BYTES)
    width, height = struct.unpack(">II", png[_PNG_SIZE_AT : _PNG_SIZE_AT + 8])
    return uri("image/png", png), width, height


def uri(kind: str, content: bytes) -> str:
    """A data URI."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
