"""Read a delimited, Parquet or Excel file, however damaged, as a frame of text. Its meaning belongs in the readers."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from tme_platform.cohorts._lines import Head, Layout, read_head, read_layout
from tme_platform.cohorts._parquet import read_parquet
from tme_platform.cohorts._workbook import WORKBOOK, read_sheet
from tme_platform.cohorts.cells import examples
from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import landing_path
from tme_platform.cohorts.inflate import open_inflated
from tme_platform.cohorts.rejections import Rejections
from tme_platform.counted import counted
from tme_platform.yaml_file import nearest

MISSING = frozenset(
    {"", "na", "n/a", "nan", "null", "<na>", "#n/a", ".", "unknown", "not available", "not reported"}
    | {"[not available]", "[not applicable]", "[not evaluated]", "[unknown]", "[discrepancy]"}
    | {"'--", "not allowed to collect"}  # the Genomic Data Commons
)
"""Words (in lower case) that mean a missing value."""

_SUMMARY = (
    r"(?i:mean|median|average|(?:grand )?total|sum|sd|std|stdev|std\.? ?dev\.?|standard deviation|minimum|maximum"
    r"|units?|n ?= ?\d+)"
)
"""What a row is called that summarises the others, or that states units, in the column of the patients."""

_COMMAS = r"[-+]?(?:\d+(?:\.\d{3})*|\d*),\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][-+]?\d+)?"
"""Numbers with decimal commas, or with commas between thousands."""

MAX_NAME_LENGTH = 200
"""Longest name of a column or gene; anything longer is misplaced content."""
MAX_CELL_LENGTH = 32_767
"""Longest cell in characters, the limit of spreadsheets; ordinary tables stay far below."""

UNREADABLE = (ValueError, OSError, EOFError, zlib.error)
"""Errors of reading a file that `reject_unreadable` reports."""

_DELIMITERS = {".csv": ",", ".tsv": "\t", ".txt": "\t", ".tab": "\t"}


def open_landed(folder: Path, relative: str, rejected: Rejections, action: str = "file left out") -> Path | None:
    """The path of a file that a cohort names; None with a rejection if the file is missing."""
    try:
        path = landing_path(folder, relative)
    except CohortError as error:
        rejected.add(rule=error.rule, message=str(error), action=action, file=relative)
        return None
    if path.is_file():
        return path
    present = [file.relative_to(folder.resolve()).as_posix() for file in path.parent.glob("*")]
    near = nearest(relative, present)
    message = f"{relative} is not in the landing folder{near}. Add the file, or correct its name in cohort.yaml."
    rejected.add(rule="file_missing", message=message, action=action, file=relative)
    return None


def read_text_table(
    folder: Path,
    relative: str,
    rejected: Rejections,
    only: Collection[str] | None = None,
    raw: bool = False,
    sheet: str | None = None,
) -> pd.DataFrame | None:
    """Read a table as text, stripped and with missing values as NA; None with a rejection if it cannot be read.

    Of columns with the same name the first is kept; columns without a name and content are dropped. `only` selects
    columns by name. With `raw` the cells are not stripped and missing values stay as text. `sheet` names the sheet of
    an Excel workbook.
    """
    path = open_landed(folder, relative, rejected)
    if path is None:
        return None
    try:
        if is_workbook(path):
            table = _sheet(path, sheet, only)
        else:
            table = _parquet(path, only) if path.suffix == ".parquet" else _delimited(path, only, relative, rejected)
    except UNREADABLE as error:
        reject_unreadable(error, relative, rejected)
        return None
    table = _name_columns(table, relative, rejected)
    table = _without_long_cells(table, relative, rejected)
    return (table if raw else table.apply(clean)).reset_index(drop=True)


def is_workbook(path: Path) -> bool:
    """Whether a file is an Excel workbook by its name."""
    return path.suffix.lower() == WORKBOOK


def delimiter_of(path: Path) -> str:
    """The delimiter of a text table, by its file name.

    Raises
    ------
    ValueError
        The file type is not supported.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = suffixes[-2] if len(suffixes) > 1 and suffixes[-1] == ".gz" else (suffixes or [""])[-1]
    if kind not in _DELIMITERS:
        raise ValueError(f"a {kind or 'nameless'} file cannot be read. Save it as .csv, .tsv (also .gz) or .parquet.")
    return _DELIMITERS[kind]


def reject_unreadable(error: Exception, relative: str, rejected: Rejections) -> None:
    """Add a rejection for a file that cannot be read, by the rule of the error if it has one."""
    rule = error.rule if isinstance(error, CohortError) else "file_unreadable"
    rejected.add(rule=rule, message=f"{relative}: {_why(error)}", action="file left out", file=relative)


def header_of(path: Path) -> list[str]:
    """The stripped column names of a text table.

    Raises
    ------
    ValueError
        The file is empty or no table, or its type is not supported.
    """
    return head_of(path).names


def columns_of(path: Path, sheet: str | None = None) -> list[str]:
    """The column names of a text, Parquet or Excel table; raises as `header_of`."""
    if is_workbook(path):
        return [str(name).strip() for name in read_sheet(path, sheet).iloc[0]]
    if path.suffix != ".parquet":
        return header_of(path)
    import pyarrow.parquet as pq

    return [str(name) for name in pq.read_schema(path).names]


def head_of(path: Path) -> Head:
    """The header of a text table and where it is; raises as `header_of`."""
    with open_bytes(path) as stream:
        return read_head(physical_lines(stream), delimiter_of(path))


def layout_of(path: Path, *, matrix: bool = False) -> Layout:
    """Check every line of a text table that is too large to be held as text; raises as `read_layout`."""
    with open_bytes(path) as stream:
        return read_layout(physical_lines(stream), delimiter_of(path), matrix=matrix)


def physical_lines(stream: BinaryIO | io.BufferedReader) -> Iterator[bytes]:
    """The lines of a file, ended by LF, CR or both, without their ends."""
    for chunk in stream:
        yield from chunk.splitlines()


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO | io.BufferedReader]:
    """Open a file, decompressed if it is gzipped."""
    with path.open("rb") as landed:
        if path.suffix != ".gz":
            yield landed
            return
        with open_inflated(landed, path) as inflated:
            yield inflated


def reject_comments(head: Head, relative: str, rejected: Rejections) -> None:
    """Say that lines above the header were taken for comments."""
    if head.comments:
        lines = counted(head.comments, "line that starts", "lines that start")
        message = f"{relative} begins with {lines} with #: taken for comments. No action needed."
        rejected.add(rule="comment_lines", message=message, action="lines left out", file=relative)


def reject_repeated_headers(lines: Sequence[int], relative: str, rejected: Rejections) -> None:
    """Say that rows repeat the header, as if several files were put together."""
    if lines:
        shown = ", ".join(f"{line:,}" for line in lines[:5]) + (", ..." if len(lines) > 5 else "")
        message = (
            f"{relative} repeats its header in line {shown}, as if files were put together. Delete the line, and check "
            "that no row is there twice."
        )
        rejected.add(rule="repeated_header", message=message, action="rows left out", file=relative)


def has_column(
    table: pd.DataFrame, column: str, file: str, rejected: Rejections, *, correct: str, action: str = "file left out"
) -> bool:
    """Whether a table has a column that is needed; adds a rejection if it does not. `correct` says where to fix it."""
    if column in table:
        return True
    message = no_column(file, column, table, correct)
    rejected.add(rule="unknown_column", message=message, action=action, file=file)
    return False


def reject_unnamed_rows(unnamed: pd.Series, column: str, file: str, rejected: Rejections) -> None:
    """Add a rejection if rows name no patient."""
    if unnamed.any():
        count = f"{unnamed.sum():,} of {len(unnamed):,}"
        message = f"{count} rows name no patient in column {column}. Add it, or delete the rows."
        rejected.add(rule="patient_id_missing", message=message, action="rows left out", file=file)


def as_numbers(text: pd.Series) -> pd.Series:
    """Text as float64, NaN where it is no number.

    An exponent of more than three digits is none: pandas wraps it around, or reads beyond its memory.
    """
    absurd = text.astype("string").str.contains(r"[eE][-+]?\d{4}").fillna(False).to_numpy(dtype=bool)
    numbers: pd.Series = pd.to_numeric(text.mask(absurd) if absurd.any() else text, errors="coerce")
    return numbers.astype("float64")


def are_summaries(ids: pd.Series) -> pd.Series:
    """Whether rows summarise the others or state units instead of naming a patient."""
    return ids.str.fullmatch(_SUMMARY).fillna(False).astype(bool)


def reject_summary_rows(summaries: pd.Series, ids: pd.Series, file: str, rejected: Rejections) -> None:
    """Add a rejection for rows of `are_summaries`."""
    if summaries.any():
        message = (
            f"{summaries.sum():,} rows summarise the table or state units{examples(ids[summaries].unique()[:5])}, "
            "and name no patient. Delete them."
        )
        rejected.add(rule="summary_row", message=message, action="rows left out", file=file)


def no_column(file: str, column: str, table: pd.DataFrame, correct: str) -> str:
    """Message for a column that a cohort file names and a table does not have."""
    return f"{file} has no column {short(column)}{nearest(column, list(table.columns))}. Correct {correct}."


def short(value: object) -> str:
    """The name of a column, or what the cohort file says, shortened and quoted for a message; cells: `cells.cell`."""
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:37]}...")


def clean(column: pd.Series) -> pd.Series:
    """Strip text, and set words that mean missing to NA."""
    text = column.astype("string").str.strip()
    return text.mask(text.str.lower().isin(MISSING))


def decimal_comma(text: pd.Series) -> str | None:
    """The first number with commas of a column in which every other cell is a number or missing; None without one."""
    filled = text.dropna().astype("string").str.strip()
    commas = filled.str.fullmatch(_COMMAS)
    if not commas.any():
        return None
    others = clean(filled[~commas]).dropna()
    return None if as_numbers(others).isna().any() else str(filled[commas].iloc[0])


def _parquet(path: Path, only: Collection[str] | None) -> pd.DataFrame:
    table = read_parquet(path)
    table = table.iloc[:, _selected([str(name).strip() for name in table.columns], only)]
    header = pd.DataFrame([list(map(str, table.columns))])
    body = table.astype("string").astype("object")
    body.columns = header.columns
    return pd.concat([header, body], ignore_index=True)


def _sheet(path: Path, sheet: str | None, only: Collection[str] | None) -> pd.DataFrame:
    table = read_sheet(path, sheet)
    kept = table.iloc[:, _selected([str(name).strip() for name in table.iloc[0]], only)]
    return kept.set_axis(range(kept.shape[1]), axis=1)


def _delimited(path: Path, only: Collection[str] | None, relative: str, rejected: Rejections) -> pd.DataFrame:
    separator = delimiter_of(path)
    with open_bytes(path) as stream:
        content = stream.read()
    layout = read_layout(iter(content.splitlines()), separator)
    reject_comments(layout.head, relative, rejected)
    columns = _selected(layout.head.names, only)
    if not columns:
        return pd.DataFrame(index=[0])  # a header line without columns
    table = pd.read_csv(
        io.BytesIO(content),
        sep=separator,
        header=None,
        names=range(layout.width),
        index_col=False,
        dtype="str",
        na_filter=False,
        usecols=None if only is None else columns,
        skiprows=layout.head.first - 1,
        skip_blank_lines=True,
        low_memory=False,
        encoding="utf-8",
    )
    if len(table) != layout.rows + 1:
        raise CohortError(
            f"it has {layout.rows:,} rows by its lines and {len(table) - 1:,} by its quotation marks. Remove quotation "
            "marks and line breaks inside cells.",
            rule="unclosed_quote",
        )
    reject_repeated_headers([line for line, _ in layout.repeated], relative, rejected)
    _reject_damaged_rows(layout, relative, rejected)
    left_out = {row for _, row in layout.repeated} | {row for _, row, _ in layout.damaged}
    return table.drop(index=[row + 1 for row in left_out])


def _reject_damaged_rows(layout: Layout, relative: str, rejected: Rejections) -> None:
    cases = [
        (None, f"line {number:,} has {counted(fields, 'field')}, the header has {len(layout.head.names):,}")
        for number, _, fields in layout.damaged
    ]
    advice = "Complete the line; its last cell may be cut off as well."
    rejected.add_cases(
        cases, rule="damaged_row", advice=advice, action="row left out", file=relative,
        unit="lines",
    )  # fmt: skip


def _selected(names: Sequence[str], only: Collection[str] | None) -> list[int]:
    return [position for position, name in enumerate(names) if only is None or name in only]


def _name_columns(table: pd.DataFrame, relative: str, rejected: Rejections) -> pd.DataFrame:
    names = table.iloc[0].fillna("").astype("str").str.strip()
    body = table.iloc[1:]
    unnamed = names == ""
    empty = unnamed & (body.isna() | (body == "")).all()
    names = names.mask(unnamed, pd.Series([f"column_{position + 1}" for position in names.index], index=names.index))
    again = names.duplicated() & ~empty
    for name in sorted(set(names[again])):
        message = f"{relative} has several columns {short(name)}; the first is used. Give each column its own name."
        rejected.add(rule="duplicate_column", message=message, action="column left out", file=relative)
    long = names.str.len() > MAX_NAME_LENGTH
    for name in names[long]:
        message = (
            f"{relative} has a column {short(name)} whose name is {len(name):,} characters long. Correct the header."
        )
        rejected.add(rule="name_too_long", message=message, action="column left out", file=relative)
    keep = ~(empty | again | long)
    body = body.loc[:, keep]
    body.columns = pd.Index(names[keep])
    return body


def _without_long_cells(table: pd.DataFrame, relative: str, rejected: Rejections) -> pd.DataFrame:
    for name in table.columns:
        long = table[name].str.len() > MAX_CELL_LENGTH
        if long.any():
            message = (
                f"{relative} has {counted(int(long.sum()), 'cell')} of more than {MAX_CELL_LENGTH:,} characters in "
                f"column {short(name)}. Correct them; the usual cause is a quotation mark that is never closed."
            )
            rejected.add(rule="cell_too_long", message=message, action="value set missing", file=relative)
            table = table.assign(**{name: table[name].mask(long.fillna(False).astype(bool))})
    return table


def _why(error: Exception) -> str:
    if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
        return "it is not a complete gzip file. Copy it again."
    return str(error)
