"""Read a Parquet file, whatever wrote it, with its row names as columns. Interpreting it belongs in the readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from pandas.api.types import is_integer_dtype, is_numeric_dtype, is_object_dtype

from tme_platform.cohorts.inflate import check_cell_count, check_expansion

if TYPE_CHECKING:
    import pyarrow as pa


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file. Names are text, and the index that pandas stores becomes the first columns.

    An index without a name and without meaning (0, 1, 2, ..., or the row numbers that are left of it beside a column of
    text) is dropped. A column of an index without a name has the name "".

    Raises
    ------
    ValueError
        It is not a Parquet file, or has cells that hold several values.
    """
    import pyarrow as pa
    from pyarrow import parquet

    check_cell_count(path)
    try:
        fields = parquet.read_schema(path)
        nested = [field.name for field in fields if pa.types.is_nested(field.type)]
        if not nested:
            # integers with missing values stay integers: 1 is not to become 1.0
            table = _stored(path, fields).to_pandas(integer_object_nulls=True)
    except (pa.ArrowException, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        raise ValueError(f"it cannot be read as Parquet ({type(error).__name__}). Save it again.") from error
    if nested:
        raise ValueError(f"column {nested[0][:40]!r} has lists or records as cells. Save it with one value per cell.")
    names = [_text(name) for name in table.columns]
    body = table.set_axis(pd.RangeIndex(len(names)), axis=1)
    index = table.index
    if not _is_row_number(index, body):
        columns = index.to_frame(index=False)
        names = ["" if name is None else _text(name) for name in index.names] + names
        body = pd.concat([columns.set_axis(range(-columns.shape[1], 0), axis=1), body.reset_index(drop=True)], axis=1)
    decoded: pd.DataFrame = body.reset_index(drop=True).apply(_decoded)
    decoded.columns = pd.Index(names, dtype="object")
    return decoded


def _stored(path: Path, fields: pa.Schema) -> pa.Table:
    """The content of a file. Text is read as its dictionary first, because a repeated text takes almost no space."""
    import pyarrow as pa
    from pyarrow import parquet

    texts = [field.name for field in fields if _is_text(field.type)]
    with parquet.ParquetFile(path, read_dictionary=texts) as file:
        stored = file.read()
    expanded = sum(_expanded(column) for column in stored.itercolumns() if pa.types.is_dictionary(column.type))
    check_expansion(expanded, path)
    columns = [
        column if column.type == field.type else column.cast(field.type)
        for column, field in zip(stored.itercolumns(), fields, strict=True)
    ]
    return pa.table(columns, schema=fields)


def _expanded(column: pa.ChunkedArray) -> int:
    """Bytes of a column of text, each value written out."""
    from pyarrow import compute

    total = 0
    for chunk in column.chunks if _is_text(column.type.value_type) else []:
        lengths = compute.binary_length(chunk.dictionary)
        total += compute.sum(lengths.cast("int64").take(chunk.indices)).as_py() or 0
    return total


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(kind) for test in tests)


def _is_row_number(index: pd.Index, body: pd.DataFrame) -> bool:
    if index.nlevels > 1 or index.name is not None:
        return False
    if isinstance(index, pd.RangeIndex) or not len(index):
        return True
    beside_text = any(not is_numeric_dtype(dtype) for dtype in body.dtypes)
    return is_integer_dtype(index.dtype) and index.is_monotonic_increasing and index.is_unique and beside_text


def _decoded(column: pd.Series) -> pd.Series:
    """Categories as their values, and bytes, which some programs write for text, as text."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype if column.notna().all() else "object")
    if is_object_dtype(column.dtype) and isinstance(next(iter(column.dropna()), None), bytes):
        return column.map(lambda cell: cell.decode("utf-8") if isinstance(cell, bytes) else cell)
    return column


def _text(name: object) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
