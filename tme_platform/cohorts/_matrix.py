"""Read a large numeric matrix from a file, quickly if every cell is a number. Its meaning belongs in `expression`."""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from tme_platform.cohorts._tables import (
    MAX_NAME_LENGTH,
    MISSING,
    delimiter_of,
    header_of,
    open_landed,
    read_parquet,
    short,
)
from tme_platform.cohorts.declaration import ExpressionSource
from tme_platform.cohorts.inflate import open_inflated
from tme_platform.cohorts.rejections import Rejections

if TYPE_CHECKING:
    import pyarrow as pa

_NULLS = sorted({form for word in MISSING for form in (word, word.upper(), word.capitalize())} | {"NaN"})
_MOSTLY = 0.5


def read_matrix(folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame | None:
    """Read a matrix with the names of the file; genes with a value that is not a finite number are left out."""
    path = open_landed(folder, source.file, rejected)
    if path is None:
        return None
    try:
        cells = _from_parquet(path) if path.suffix == ".parquet" else _from_text(path)
    except (ValueError, OSError, EOFError, zlib.error, csv.Error) as error:
        message = f"{source.file}: {error}"
        rejected.add(rule="file_unreadable", message=message, action="file left out", file=source.file)
        return None
    return _finite(cells, source, rejected)


@dataclass(frozen=True)
class _Cells:
    """Names, numbers (NaN where a cell holds none), and the raw cells of columns that are not all numbers."""

    genes: pd.Series
    samples: list[str]
    numbers: NDArray[np.float64]
    raw: dict[int, pd.Series]


def _from_parquet(path: Path) -> _Cells:
    table = read_parquet(path)
    values = table.iloc[:, 1:]
    numbers = values.apply(pd.to_numeric, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    raw = {position: column for position, (_, column) in enumerate(values.items()) if not is_numeric_dtype(column)}
    return _Cells(table.iloc[:, 0].astype("object"), list(map(str, values.columns)), numbers, raw)


def _from_text(path: Path) -> _Cells:
    import pyarrow as pa

    header = header_of(path)
    if len(header) < 2:
        raise ValueError(
            "it has only one column. Save it tab- or comma-separated, as its name says, with samples in columns."
        )
    try:
        table = _arrow_table(path, len(header), pa.float64())
        numbers, raw = table.drop_columns(["c0"]).to_pandas().to_numpy(), dict[int, pd.Series]()
    except pa.ArrowInvalid:
        table = _arrow_table(path, len(header), pa.string())
        numbers, raw = _cast(table)
    return _Cells(table["c0"].to_pandas(), header[1:], numbers, raw)


def _cast(table: pa.Table) -> tuple[NDArray[np.float64], dict[int, pd.Series]]:
    """Convert text columns to numbers; only columns that hold something else take the slow path."""
    import pyarrow as pa

    numbers = np.empty((table.num_rows, table.num_columns - 1), order="F")
    raw: dict[int, pd.Series] = {}
    for position, column in enumerate(table.columns[1:]):
        try:
            numbers[:, position] = column.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            raw[position] = column.to_pandas()
            numbers[:, position] = pd.to_numeric(raw[position], errors="coerce")
    return numbers, raw


def _arrow_table(path: Path, n_columns: int, value_type: object) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    names = [f"c{position}" for position in range(n_columns)]
    types = {names[0]: pa.string()} | dict.fromkeys(names[1:], value_type)
    with _bytes(path) as stream:
        return csv.read_csv(
            stream,
            read_options=csv.ReadOptions(column_names=names, skip_rows=1, block_size=1 << 24),
            parse_options=csv.ParseOptions(delimiter=delimiter_of(path)),
            convert_options=csv.ConvertOptions(column_types=types, null_values=_NULLS, strings_can_be_null=True),
        )


@contextmanager
def _bytes(path: Path) -> Iterator[object]:
    import pyarrow as pa

    if path.suffix != ".gz":
        with pa.input_stream(str(path)) as stream:
            yield stream
        return
    with path.open("rb") as landed, open_inflated(landed, path) as inflated:
        yield inflated


def _finite(cells: _Cells, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    """Leave out text columns, then genes with a value that is not a finite number."""
    numbers, samples = cells.numbers, cells.samples
    bad = np.isinf(numbers)
    for position, column in cells.raw.items():
        bad[:, position] |= np.isnan(numbers[:, position]) & column.notna().to_numpy()
    textual = bad.mean(axis=0) > _MOSTLY if len(bad) else np.zeros(len(samples), dtype=bool)
    if textual.any():
        names = [short(sample) for sample, text in zip(samples, textual, strict=True) if text]
        shown = ", ".join(names[:5])
        message = f"{len(names):,} columns hold no numbers ({shown}). No action needed unless they are samples."
        rejected.add(rule="not_a_number", message=message, action="sample left out", file=source.file)
    keep = ~bad[:, ~textual].any(axis=1)
    bad[:, textual] = False
    long = cells.genes.str.len().to_numpy(dtype=float, na_value=0) > MAX_NAME_LENGTH
    if long.any():
        message = (
            f"{long.sum():,} genes have names of more than {MAX_NAME_LENGTH} characters. Correct the first column."
        )
        rejected.add(rule="name_too_long", message=message, action="gene left out", file=source.file)
    cases = []
    for row in np.flatnonzero(~keep).tolist():
        position = int(np.flatnonzero(bad[row])[0])
        where = f"gene {short(cells.genes.iloc[row])}, sample {short(samples[position])}"
        found = cells.raw[position].iloc[row] if position in cells.raw else numbers[row, position]
        cases.append((None, f"{where}: {short(found)} is not a number"))
    advice = "Correct the value, or leave it empty where it is missing."
    rejected.add_cases(
        cases, rule="not_a_number", advice=advice, action="gene left out", file=source.file, unit="genes"
    )
    keep &= ~long
    index = pd.Index(cells.genes.to_numpy(dtype="object")[keep], name="gene")
    frame = pd.DataFrame(numbers if keep.all() else numbers[keep], index=index, columns=samples)
    return frame.loc[:, ~textual] if textual.any() else frame
