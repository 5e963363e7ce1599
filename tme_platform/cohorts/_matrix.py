"""A large matrix of numbers from a file, fast where it is clean. What its rows and columns are is in `expression`."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tme_platform.cohorts._tables import MISSING, delimiter_of, header_of, open_landed, read_parquet, short
from tme_platform.cohorts.declaration import ExpressionSource
from tme_platform.cohorts.rejections import Rejections

_NULLS = sorted({form for word in MISSING for form in (word, word.upper(), word.capitalize())} | {"NaN"})
_MOSTLY = 0.5


def read_matrix(folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame | None:
    """The file's own rows and columns, names untouched; genes with anything but finite numbers are left out."""
    path = open_landed(folder, source.file, rejected)
    if path is None:
        return None
    try:
        if path.suffix == ".parquet":
            table = read_parquet(path)
            return _numbers(
                table.iloc[:, 0].astype("object"),
                table.iloc[:, 1:],
                list(map(str, table.columns[1:])),
                source,
                rejected,
            )
        return _read_text(path, source, rejected)
    except (ValueError, OSError, EOFError, zlib.error) as error:
        rejected.add(
            rule="file_unreadable", message=f"{source.file}: {error}", action="file left out", file=source.file
        )
        return None


def _read_text(path: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame:
    import pyarrow as pa

    header = header_of(path)
    if len(header) < 2:
        raise ValueError(
            "it has one column only. Save it tab- or comma-separated, as its name says, samples in columns."
        )
    try:
        table = _arrow_table(path, len(header), pa.float64())
    except pa.ArrowInvalid:
        table = _arrow_table(path, len(header), pa.string())
    values = table.iloc[:, 1:]
    return _numbers(table.iloc[:, 0], values, header[1:], source, rejected)


def _arrow_table(path: Path, n_columns: int, value_type: object) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv

    names = [f"c{position}" for position in range(n_columns)]
    types = {names[0]: pa.string()} | dict.fromkeys(names[1:], value_type)
    with pa.input_stream(str(path), compression="detect") as stream:
        table = csv.read_csv(
            stream,
            read_options=csv.ReadOptions(column_names=names, skip_rows=1, block_size=1 << 24),
            parse_options=csv.ParseOptions(delimiter=delimiter_of(path)),
            convert_options=csv.ConvertOptions(column_types=types, null_values=_NULLS, strings_can_be_null=True),
        )
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _numbers(
    genes: pd.Series, values: pd.DataFrame, samples: Sequence[str], source: ExpressionSource, rejected: Rejections
) -> pd.DataFrame:
    if all(dtype == np.float64 for dtype in values.dtypes):
        numbers = values.to_numpy()
        bad = np.isinf(numbers)
    else:
        numbers = values.apply(pd.to_numeric, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
        bad = (np.isnan(numbers) & values.notna().to_numpy()) | np.isinf(numbers)
    textual = bad.mean(axis=0) > _MOSTLY if len(bad) else np.zeros(len(samples), dtype=bool)
    if textual.any():
        names = [short(sample) for sample, text in zip(samples, textual, strict=True) if text]
        message = (
            f"{len(names):,} columns hold no numbers ({', '.join(names[:5])}). Nothing to do, unless they are samples."
        )
        rejected.add(rule="not_a_number", message=message, action="sample left out", file=source.file)
    keep = ~bad[:, ~textual].any(axis=1)
    bad[:, textual] = False
    cases: list[tuple[str | None, str]] = []
    for row in np.flatnonzero(~keep).tolist():
        column = int(np.flatnonzero(bad[row])[0])
        where = f"gene {short(genes.iloc[row])}, sample {short(samples[column])}"
        cases.append((None, f"{where}: {short(values.iloc[row, column])} is no number"))
    if cases:
        advice = "Correct the value, or leave it empty where it is missing."
        rejected.add_cases(
            cases, rule="not_a_number", advice=advice, action="gene left out", file=source.file, unit="genes"
        )
    index = pd.Index(genes.to_numpy(dtype="object")[keep], name="gene")
    frame = pd.DataFrame(numbers[keep], index=index, columns=list(samples))
    return frame.loc[:, ~textual] if textual.any() else frame
