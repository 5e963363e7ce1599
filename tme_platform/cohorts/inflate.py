"""Limit what compressed files may expand to, because landed files may be decompression bombs."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import BinaryIO

from tme_platform.limits import MAX_CELLS, MAX_RATIO, UNCHECKED_BYTES, expands_too_far

_BYTES_OF_A_CELL = 8


class Inflated(io.RawIOBase):
    """The content of a gzip file, up to a limit that no table reaches.

    Raises
    ------
    ValueError
        On reading: the file exceeds the limit.
    """

    def __init__(self, landed: BinaryIO, path: Path) -> None:
        self._stream = gzip.GzipFile(fileobj=landed)
        self._name = path.name
        self._left = max(UNCHECKED_BYTES, MAX_RATIO * path.stat().st_size)

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer, and return the number of bytes."""
        count = self._stream.readinto(buffer)
        self._left -= count
        if self._left < 0:
            raise ValueError(
                f"{self._name} inflates to more than {MAX_RATIO} times its size, which no ordinary table does. "
                "Save it again; if the file is correct, save it uncompressed."
            )
        return count

    def close(self) -> None:
        """Close the decompressor but not the file below it, which the caller closes."""
        self._stream.close()
        super().close()


def open_inflated(landed: BinaryIO, path: Path) -> io.BufferedReader:
    """Open the content of a gzip file as a buffered stream with the limit of `Inflated`."""
    return io.BufferedReader(Inflated(landed, path), buffer_size=1 << 20)


def check_cell_count(path: Path) -> None:
    """Raise `ValueError` if a Parquet file declares more cells, or expands further, than any ordinary table."""
    from pyarrow import parquet

    metadata = parquet.read_metadata(path)
    if metadata.num_rows * metadata.num_columns > MAX_CELLS:
        raise ValueError(
            f"it declares {metadata.num_rows:,} rows of {metadata.num_columns:,} columns, more than any table has. "
            "Save it again."
        )
    columns = map(metadata.schema.column, range(metadata.num_columns))
    declared = max(
        sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups)),
        metadata.num_rows * sum(max(column.length, _BYTES_OF_A_CELL) for column in columns),
    )
    check_expansion(declared, path)


def check_expansion(expanded: int, path: Path) -> None:
    """Raise `ValueError` if a Parquet file expands to more bytes than any ordinary table of its size."""
    stored = path.stat().st_size
    if expands_too_far(expanded, stored):
        raise ValueError(
            f"it expands to {expanded / max(stored, 1):,.0f} times its size, which no ordinary table does. Save it as "
            "text (.csv.gz)."
        )
