"""Read a large numeric matrix from a file, quickly if every cell is a number. Its meaning belongs in `expression`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from tme_platform.cohorts._matrix_text import read_text_matrix
from tme_platform.cohorts._measurements import decimal_comma
from tme_platform.cohorts._parquet import read_parquet
from tme_platform.cohorts._tables import MAX_NAME_LENGTH, UNREADABLE, open_landed, reject_unreadable, short
from tme_platform.cohorts.declaration import ExpressionSource
from tme_platform.cohorts.rejections import Rejections

if TYPE_CHECKING:
    import pyarrow as pa

_MOSTLY = 0.5


def read_matrix(folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame | None:
    """Read a matrix with the names of the file; genes with a value that is not a finite number are left out."""
    path = open_landed(folder, source.file, rejected)
    if path is None:
        return None
    try:
        cells = _from_parquet(path) if path.suffix == ".parquet" else _from_text(path, source, rejected)
    except UNREADABLE as error:
        reject_unreadable(error, source.file, rejected)
        return None
    if (comma := _decimal_comma(cells)) is not None:
        message = (
            f"{source.file} writes numbers with commas, such as {comma}. Save it with decimal points, and without a "
            "sign between thousands."
        )
        rejected.add(rule="decimal_comma", message=message, action="file left out", file=source.file)
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
    text = [column.astype("string").astype("object") for _, column in table.items()]
    raw = {at: text[at + 1] for at, (_, column) in enumerate(values.items()) if not is_numeric_dtype(column)}
    numbers = np.empty(values.shape, order="F")
    for at, (_, column) in enumerate(values.items()):
        numbers[:, at] = pd.to_numeric(raw.get(at, column), errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    return _Cells(text[0], list(values.columns), numbers, raw)


def _decimal_comma(cells: _Cells) -> str | None:
    """A number with commas, if most samples that are not all numbers have them."""
    found = [number for column in cells.raw.values() if (number := decimal_comma(column)) is not None]
    return found[0] if len(found) > _MOSTLY * len(cells.raw) else None


def _from_text(path: Path, source: ExpressionSource, rejected: Rejections) -> _Cells:
    read = read_text_matrix(path, source.file, rejected)
    if read.all_numbers:
        numbers, raw = read.table.drop_columns(["c0"]).to_pandas().to_numpy(), dict[int, pd.Series]()
    else:
        numbers, raw = _cast(read.table)
    return _Cells(read.table["c0"].to_pandas(), read.samples, numbers, raw)


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
