"""Read a large numeric matrix from a file, quickly if every cell is a number. Its meaning belongs in `expression`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from tme_platform.cohorts._gene_rows import OTHER_ROWS, other_rows, shorten_names
from tme_platform.cohorts._matrix_text import read_text_matrix
from tme_platform.cohorts._parquet import read_parquet
from tme_platform.cohorts._sample_columns import annotation_columns, identifier_columns, summary_columns
from tme_platform.cohorts._tables import (
    MAX_NAME_LENGTH,
    UNREADABLE,
    as_numbers,
    decimal_comma,
    no_column,
    open_landed,
    reject_unreadable,
    short,
)
from tme_platform.cohorts.cells import cell, cells_are_shown, examples
from tme_platform.cohorts.declaration import ExpressionSource
from tme_platform.cohorts.rejections import Rejections
from tme_platform.counted import counted
from tme_platform.expression.known_genes import LEAST_TO_JUDGE, not_symbols, share_recognised

if TYPE_CHECKING:
    import pyarrow as pa

_MOSTLY = 0.5
_SHOWN = 5
_REMEMBERED = 256
_SAMPLES: dict[tuple[object, ...], tuple[str, ...]] = {}
"""Samples of the matrices that this process has read: who asks for the patients need not read the numbers again."""


def read_matrix(folder: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame | None:
    """Read the genes and samples of a matrix with the names of the file; None with a rejection if there are none.

    Columns and rows that are not samples and genes are left out, as are genes with a value that is not a finite number.
    """
    path = open_landed(folder, source.file, rejected)
    if path is None:
        return None
    known_as = _known_as(path, source)
    matrix = _read(path, source, rejected)
    if len(_SAMPLES) >= _REMEMBERED:
        _SAMPLES.pop(next(iter(_SAMPLES)))
    _SAMPLES[known_as] = () if matrix is None else tuple(map(str, matrix.columns))
    return matrix


def sample_names(folder: Path, source: ExpressionSource) -> Sequence[str]:
    """Names of the samples of a matrix as `read_matrix` gives them; a file that was read by it is not read again."""
    ignored = Rejections("")
    path = open_landed(folder, source.file, ignored)
    if path is None:
        return ()
    known_as = _known_as(path, source)
    if known_as not in _SAMPLES:
        read_matrix(folder, source, ignored)
    return _SAMPLES.get(known_as, ())  # none of a file that is being written


def _known_as(path: Path, source: ExpressionSource) -> tuple[object, ...]:
    """What tells a file, and how it is read, from others and from its own earlier content."""
    found = path.stat()
    return (path.resolve(), found.st_size, found.st_mtime_ns, found.st_ctime_ns, source.model_dump_json())


def _read(path: Path, source: ExpressionSource, rejected: Rejections) -> pd.DataFrame | None:
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
    genes = _genes_and_samples(cells, source, rejected)
    return None if genes is None else _finite(genes, source, rejected)


@dataclass(frozen=True)
class _Cells:
    """Names, numbers (NaN where a cell holds none), and the raw cells of columns that are not all numbers.

    `key` is the name of the column that holds the genes.
    """

    key: str
    genes: pd.Series
    samples: list[str]
    numbers: NDArray[np.float64]
    raw: dict[int, pd.Series]


def _from_parquet(path: Path) -> _Cells:
    table = read_parquet(path)
    values = table.iloc[:, 1:]
    # Only what is not a number becomes text: as text, a number takes ten times the memory.
    raw = {at: _as_text(column) for at, (_, column) in enumerate(values.items()) if not is_numeric_dtype(column)}
    numbers = np.empty(values.shape, order="F")
    for at, (_, column) in enumerate(values.items()):
        numbers[:, at] = (as_numbers(raw[at]) if at in raw else pd.to_numeric(column, errors="coerce")).to_numpy(
            dtype="float64", na_value=np.nan
        )
    return _Cells(str(table.columns[0]), _as_text(table.iloc[:, 0]), list(values.columns), numbers, raw)


def _as_text(column: pd.Series) -> pd.Series:
    return column.astype("string").astype("object")


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
    return _Cells(read.key, read.table["c0"].to_pandas(), read.samples, numbers, raw)


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
            numbers[:, position] = as_numbers(raw[position])
    return numbers, raw


def _genes_and_samples(cells: _Cells, source: ExpressionSource, rejected: Rejections) -> _Cells | None:
    """Leave out rows that are not genes and columns that are not samples; None if these are not genes x samples."""
    keyed = _keyed(cells, source, rejected)
    if keyed is None:
        return None
    keyed = replace(keyed, genes=shorten_names(keyed.genes, source.file, rejected))
    problem = _transposed(keyed) or _unknown_genes(keyed, source)
    if problem is not None:
        rule, message = problem
        rejected.add(rule=rule, message=message, action="expression left out", file=source.file)
        return None
    return _samples_only(_genes_only(keyed, source, rejected), source, rejected)


def _keyed(cells: _Cells, source: ExpressionSource, rejected: Rejections) -> _Cells | None:
    """Take the names of the genes from the column that the cohort file names."""
    wanted = source.gene_column
    if wanted is None or wanted == cells.key:
        return cells
    if wanted not in cells.samples:
        columns = pd.DataFrame(columns=[cells.key, *cells.samples])
        message = no_column(source.file, wanted, columns, "`gene_column` in cohort.yaml")
        rejected.add(rule="unknown_column", message=message, action="expression left out", file=source.file)
        return None
    position = cells.samples.index(wanted)
    genes = cells.raw.get(position, pd.Series(cells.numbers[:, position]).map("{:g}".format))
    message = f"gene names are taken from column {short(wanted)}; the first column, {short(cells.key)}, is not used."
    rejected.add(rule="annotation_column", message=message, action="column left out", file=source.file)
    kept = [other for other in range(len(cells.samples)) if other != position]
    return replace(_columns(cells, kept), key=wanted, genes=genes.astype("object"))


def _columns(cells: _Cells, kept: list[int]) -> _Cells:
    raw = {new: cells.raw[old] for new, old in enumerate(kept) if old in cells.raw}
    return replace(cells, samples=[cells.samples[p] for p in kept], numbers=cells.numbers[:, kept], raw=raw)


def _transposed(cells: _Cells) -> tuple[str, str] | None:
    columns = share_recognised(cells.samples)
    rows = share_recognised(cells.genes.dropna()) * len(cells.genes)  # P1 is an alias of a gene, too
    if len(cells.samples) < LEAST_TO_JUDGE or columns < _MOSTLY or rows > _MOSTLY * columns * len(cells.samples):
        return None
    message = (
        f"the columns are named after genes ({_shown(cells.samples)}), the rows are not: the matrix is transposed. "
        "Save it with genes in rows and samples in columns."
    )
    return "matrix_transposed", message


def _unknown_genes(cells: _Cells, source: ExpressionSource) -> tuple[str, str] | None:
    names = cells.genes.dropna()
    found = not_symbols(names[names != ""]) if source.gene_id == "symbol" else None
    if found is None:
        return None
    better = [
        cells.samples[position]
        for position, column in cells.raw.items()
        if share_recognised(column.dropna().astype(str)) >= _MOSTLY and not_symbols(column.dropna().astype(str)) is None
    ]
    hint = f" Column {short(better[0])} holds symbols: write `gene_column: {better[0]}`." if better else ""
    return "genes_not_recognised", f"{found}{examples(names[:5])}.{hint}"


def _genes_only(cells: _Cells, source: ExpressionSource, rejected: Rejections) -> _Cells:
    def first_cells(row: int) -> list[str]:
        return [str(cells.raw[p].iloc[row]).strip() for p in range(min(_SHOWN, len(cells.samples))) if p in cells.raw]

    keep = np.ones(len(cells.genes), dtype=bool)
    found = other_rows(cells.genes, [cells.key, *cells.samples], first_cells, cells.numbers)
    for rule, rows in found.items():
        one, many, todo = OTHER_ROWS[rule]
        message = f"{counted(int(rows.sum()), one, many)}{examples(cells.genes[rows][:5])}. {todo}"
        rejected.add(rule=rule, message=message, action="row left out", file=source.file)
        keep &= ~rows
    if keep.all():
        return cells
    raw = {position: column[keep].reset_index(drop=True) for position, column in cells.raw.items()}
    return replace(cells, genes=cells.genes[keep].reset_index(drop=True), numbers=cells.numbers[keep], raw=raw)


def _samples_only(cells: _Cells, source: ExpressionSource, rejected: Rejections) -> _Cells:
    named = annotation_columns(cells.samples)
    if named:
        what = counted(len(named), "column annotates", "columns annotate")
        message = (
            f"{what} the genes ({_shown([cells.samples[p] for p in named])}). No action needed unless they are "
            "samples; then rename them."
        )
        rejected.add(rule="annotation_column", message=message, action="column left out", file=source.file)
        cells = _columns(cells, [position for position in range(len(cells.samples)) if position not in named])
    summaries = summary_columns(cells.numbers)
    for position, what in summaries.items():
        message = f"column {short(cells.samples[position])} is {what}, and no sample. No action needed."
        rejected.add(rule="annotation_column", message=message, action="column left out", file=source.file)
    if summaries:
        cells = _columns(cells, [position for position in range(len(cells.samples)) if position not in summaries])
    shaped = identifier_columns(cells.numbers)
    for position, what in shaped.items():
        message = (
            f"column {short(cells.samples[position])} holds {what}, unlike the samples: it is taken for an identifier. "
            "Delete it from the file; if it is a sample, correct its values."
        )
        rejected.add(rule="identifier_column", message=message, action="column left out", file=source.file)
    if shaped:
        cells = _columns(cells, [position for position in range(len(cells.samples)) if position not in shaped])
    return cells


def _shown(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(map(short, listed[:_SHOWN])) + (", ..." if len(listed) > _SHOWN else "")


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
        what = counted(len(names), "column holds", "columns hold")
        message = f"{what} no numbers ({shown}). No action needed unless they are samples."
        rejected.add(rule="not_a_number", message=message, action="sample left out", file=source.file)
    keep = ~bad[:, ~textual].any(axis=1)
    bad[:, textual] = False
    long = cells.genes.str.len().to_numpy(dtype=float, na_value=0) > MAX_NAME_LENGTH
    if long.any():
        what = counted(int(long.sum()), "gene has a name", "genes have names")
        message = f"{what} of more than {MAX_NAME_LENGTH} characters. Correct the first column."
        rejected.add(rule="name_too_long", message=message, action="gene left out", file=source.file)
    cases = []
    for row in np.flatnonzero(~keep).tolist():
        position = int(np.flatnonzero(bad[row])[0])
        gene = f"gene {cell(cells.genes.iloc[row])}" if cells_are_shown() else f"row {row + 1:,} of genes"
        where = f"{gene}, sample {short(samples[position])}"
        found = cells.raw[position].iloc[row] if position in cells.raw else numbers[row, position]
        cases.append((None, f"{where}: {cell(found)} is not a number"))
    advice = "Correct the value, or leave it empty where it is missing."
    rejected.add_cases(
        cases, rule="not_a_number", advice=advice, action="gene left out", file=source.file, unit="genes"
    )
    keep &= ~long
    index = pd.Index(cells.genes.to_numpy(dtype="object")[keep], name="gene")
    frame = pd.DataFrame(numbers if keep.all() else numbers[keep], index=index, columns=samples)
    return frame.loc[:, ~textual] if textual.any() else frame
