"""Read a delimited matrix with pyarrow, and check its lines where that could lose rows. Numbers belong in `_matrix`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from tme_platform.cohorts._tables import (
    MAX_NAME_LENGTH,
    MISSING,
    delimiter_of,
    head_of,
    layout_of,
    open_bytes,
    reject_comments,
    reject_repeated_headers,
    short,
)
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.rejections import Rejections

if TYPE_CHECKING:
    import pyarrow as pa

    from tme_platform.cohorts._lines import Head

_NULLS = sorted({form for word in MISSING for form in (word, word.upper(), word.capitalize())} | {"NaN"})


class TextMatrix(NamedTuple):
    """A matrix as it was read: the name of its first column, its samples, and columns ``c0`` (text), ``c1``, ...

    The latter are numbers if every cell is one, otherwise text.
    """

    key: str
    samples: list[str]
    table: pa.Table
    all_numbers: bool


def read_text_matrix(path: Path, relative: str, rejected: Rejections) -> TextMatrix:
    """Read a matrix with row names in its first column.

    A header one field short, as R writes it, names the samples only.

    Raises
    ------
    ValueError
        It cannot be read, or it is in doubt which of its lines are rows.
    """
    import pyarrow as pa

    head = head_of(path)
    key, samples = ("", head.names) if head.shifted else (head.names[0], head.names[1:])
    if not samples:
        raise ValueError(
            "it has only one column. Save it tab- or comma-separated, as its name says, with samples in columns."
        )
    long = [name for name in samples if len(name) > MAX_NAME_LENGTH]
    if long:
        raise ValueError(
            f"the name of column {short(long[0])} is {len(long[0]):,} characters long. Correct the header."
        )
    try:
        try:
            table, seen = _read(path, head, len(samples), pa.float64())
        except pa.ArrowInvalid:
            table, seen = _read(path, head, len(samples), pa.string())
    except pa.ArrowInvalid as error:
        layout_of(path, matrix=True)  # names the line and the cause
        raise ValueError(f"{error}. Give every line as many fields as the header.") from None
    if seen:
        rows = layout_of(path, matrix=True).rows
        if rows != table.num_rows:
            raise CohortError(
                f"it has {rows:,} rows by its lines and {table.num_rows:,} by its quotation marks. Remove quotation "
                "marks and line breaks inside cells.",
                rule="unclosed_quote",
            )
    _say(head, relative, rejected)
    table = _without_headers(table, key, samples, path, relative, rejected)
    return TextMatrix(key, samples, table, pa.types.is_floating(table["c1"].type))


class _Watched:
    """A stream that notices characters which make the rows of a text doubtful: quotation marks and NUL bytes."""

    def __init__(self, stream: BinaryIO | io.BufferedReader) -> None:
        self._stream = stream
        self.seen = False
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Read as any stream does."""
        content: bytes = self._stream.read(size)
        self.seen = self.seen or b'"' in content or b"\0" in content
        return content

    def readable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """Left to whoever opened the stream."""
        self.closed = True


@contextmanager
def _watched(path: Path) -> Iterator[_Watched]:
    with open_bytes(path) as stream:
        yield _Watched(stream)


def _read(path: Path, head: Head, n_samples: int, value_type: object) -> tuple[pa.Table, bool]:
    import pyarrow as pa
    from pyarrow import csv

    names = [f"c{position}" for position in range(n_samples + 1)]
    types = {names[0]: pa.string()} | dict.fromkeys(names[1:], value_type)
    with _watched(path) as stream:
        table = csv.read_csv(
            stream,
            read_options=csv.ReadOptions(column_names=names, skip_rows=head.last, block_size=1 << 24),
            parse_options=csv.ParseOptions(delimiter=delimiter_of(path)),
            convert_options=csv.ConvertOptions(column_types=types, null_values=_NULLS, strings_can_be_null=True),
        )
        return table, stream.seen


def _say(head: Head, relative: str, rejected: Rejections) -> None:
    reject_comments(head, relative, rejected)
    if head.shifted:
        message = (
            f"the header of {relative} has one field less than the lines below it, as R writes a table with row names: "
            f"its first name, {short(head.names[0])}, is taken for the first sample. To avoid doubt, name the first "
            "column too (in R: write.table(..., col.names = NA))."
        )
        rejected.add(rule="header_shifted", message=message, action="first column taken for row names", file=relative)


def _without_headers(
    table: pa.Table, key: str, samples: list[str], path: Path, relative: str, rejected: Rejections
) -> pa.Table:
    """Leave out rows that repeat the header; as numbers they would be a gene."""
    import pyarrow.compute as pc

    if not key:
        return table
    alike = np.flatnonzero(np.asarray(pc.fill_null(pc.equal(table["c0"], key), False)))
    rows = [
        row
        for row in alike
        if all(_same(table[f"c{at}"][int(row)].as_py(), name) for at, name in enumerate(samples, start=1))
    ]
    if not rows:
        return table
    repeated = layout_of(path, matrix=True).repeated
    reject_repeated_headers([line for line, _ in repeated], relative, rejected)
    keep = np.ones(table.num_rows, dtype=bool)
    keep[[row for _, row in repeated]] = False
    return table.filter(keep)


def _same(cell: object, name: str) -> bool:
    if isinstance(cell, float):
        try:
            return float(name) == cell
        except ValueError:
            return False
    return cell is not None and str(cell).strip() == name
