"""A large matrix of numbers from a file, fast where it is clean. What its rows and columns are is in `expression`."""

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
    LONGEST_NAME,
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
    """The file's own rows and columns, names untouched; genes with anything but finite numbers are left out."""
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
    """Names, numbers (NaN where there is none) and, of columns that hold anything else, what they hold."""

    genes: pd.Series
    samples: list[str]
    numbers: NDArray[np.float64]
    raw: dict[int, pd.Series]


def _from_parquet(path: Path) -> _Cells:
    table = read_parquet(path)
    values = table.iloc[:, 1:]
    numbers = values.apply(pd.to_numeric, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    raw = {place: column for place, (_, column) in enumerate(values.items()) if not is_numeric_dtype(column)}
    return _Cells(table.iloc[:, 0].astype("object"), list(map(str, values.columns)), numbers, raw)


def _from_text(path: Path) -> _Cells:
    import pyarrow as pa

    header = header_of(path)
    if len(header) < 2:
        raise ValueError(
            "it has one column only. Save it tab- or comma-separated, as its name says, samples in columns."
        )
    try:
        table = _arrow_table(path, len(header), pa.float64())
        numbers, raw = table.drop_columns(["c0"]).to_pandas().to_numpy(), dict[int, pd.Series]()
    except pa.ArrowInvalid:
        table = _arrow_table(path, len(header), pa.string())
        numbers, raw = _cast(table)
    return _Cells(table["c0"].to_pandas(), header[1:], numbers, raw)


def _cast(table: pa.Table) -> tuple[NDArray[np.float64], dict[int, pd.Series]]:
    """Columns of text to numbers, slowly only where a column holds something else."""
    import pyarrow as pa

    numbers = np.empty((table.num_rows, table.num_columns - 1), order="F")
    raw: dict[int, pd.Series] = {}
    for place, column in enumerate(table.columns[1:]):
        try:
            numbers[:, place] = column.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            raw[place] = column.to_pandas()
            numbers[:, place] = pd.to_numeric(raw[place], errors="coerce")
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
    """Leave out columns of text, then genes with anything but finite numbers."""
    numbers, samples = cells.numbers, cells.samples
    bad = np.isinf(numbers)
    for place, column in cells.raw.items():
        bad[:, place] |= np.isnan(numbers[:, place]) & column.notna().to_numpy()
    textual = bad.mean(axis=0) > _MOSTLY if len(bad) else np.zeros(len(samples), dtype=bool)
    if textual.any():
        names = [short(sample) for sample, text in zip(samples, textual, strict=True) if text]
        message = (
            f"{len(names):,} columns hold no numbers ({', '.join(names[:5])}). Nothing to do, unless they are samples."
        )
        rejected.add(rule="not_a_number", message=message, action="sample left out", file=source.file)
    keep = ~bad[:, ~textual].any(axis=1)
    bad[:, textual] = False
    long = cells.genes.str.len().to_numpy(dtype=float, na_value=0) > LONGEST_NAME
    if long.any():
        message = f"{long.sum():,} genes have names of more than {LONGEST_NAME} characters. Correct the first column."
        rejected.add(rule="name_too_long", message=message, action="gene left out", file=source.file)
    cases: list[tuple[str | None, str]] = []
    for row in np.flatnonzero(~keep).tolist():
        place = int(np.flatnonzero(bad[row])[0])
        where = f"gene {short(cells.genes.iloc[row])}, sample {short(samples[place])}"
        found = cells.raw[place].iloc[row] if place in cells.raw else numbers[row, place]
        cases.append((None, f"{where}: {short(found)} is no number"))
    if cases:
        advice = "Correct the value, or leave it empty where it is missing."
        rejected.add_cases(
            cases, rule="not_a_number", advice=advice, action="gene left out", file=source.file, unit="genes"
        )
    keep &= ~long
    index = pd.Index(cells.genes.to_numpy(dtype="object")[keep], name="gene")
    frame = pd.DataFrame(numbers if keep.all() else numbers[keep], index=index, columns=samples)
    return frame.loc[:, ~textual] if textual.any() else frame
