"""Compressed files that may have been made to do harm: read only as long as they inflate like a table does."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 1 << 30
"""Up to here (1 GiB) a file may inflate as it likes."""
MOST_TIMES = 200
"""Beyond that it may be so many times its compressed size. Tables of numbers reach 5 to 20, gzip's limit is 1,032."""
MOST_CELLS = 2_000_000_000
"""Of a Parquet file, which can repeat one value for next to nothing: 60,000 genes of 33,000 patients."""


class Inflated(io.RawIOBase):
    """The content of a gzip file, up to where no table would go.

    Raises
    ------
    ValueError
        On reading: the file inflates to more than it may.
    """

    def __init__(self, landed: BinaryIO, path: Path) -> None:
        self._stream = gzip.GzipFile(fileobj=landed)
        self._name = path.name
        self._left = max(MOST_BYTES, MOST_TIMES * path.stat().st_size)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; returns how far."""
        count = self._stream.readinto(buffer)
        self._left -= count
        if self._left < 0:
            raise ValueError(
                f"{self._name} inflates to more than {MOST_TIMES} times its size, as no table does. Save it again; "
                "if it is right as it is, save it uncompressed."
            )
        return count

    def close(self) -> None:
        """Close the decompressor; the file below is its owner's."""
        self._stream.close()
        super().close()


def open_inflated(landed: BinaryIO, path: Path) -> io.BufferedReader:
    """The content of a gzip file as a buffered stream, see `Inflated`."""
    return io.BufferedReader(Inflated(landed, path), buffer_size=1 << 20)


def refuse_too_many_cells(path: Path) -> None:
    """Raise `ValueError` where a Parquet file announces more cells than any table has."""
    from pyarrow import parquet

    announced = parquet.read_metadata(path)
    if announced.num_rows * announced.num_columns > MOST_CELLS:
        raise ValueError(
            f"it announces {announced.num_rows:,} rows of {announced.num_columns:,} columns, more than any table has. "
            "Save it again."
        )
