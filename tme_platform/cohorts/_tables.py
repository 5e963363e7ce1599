"""Read a delimited or Parquet file, however damaged, as a frame of text. Interpreting it belongs in the readers."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from tme_platform.cohorts.errors import CohortError
from tme_platform.cohorts.folders import landing_path
from tme_platform.cohorts.inflate import check_cell_count, open_inflated
from tme_platform.cohorts.rejections import Rejections
from tme_platform.yaml_file import nearest

MISSING = frozenset(
    {"", "na", "n/a", "nan", "null", "<na>", "#n/a", ".", "unknown", "not available", "not reported"}
    | {"[not available]", "[not applicable]", "[not evaluated]", "[unknown]", "[discrepancy]"}
)
"""Words (in lower case) that mean a missing value."""

MAX_NAME_LENGTH = 200
"""Longest name of a column or gene; anything longer is misplaced content."""
MAX_CELL_LENGTH = 32_767
"""Longest cell in characters, the limit of spreadsheets; ordinary tables stay far below."""

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
    folder: Path, relative: str, rejected: Rejections, only: Collection[str] | None = None, raw: bool = False
) -> pd.DataFrame | None:
    """Read a table as text, stripped and with missing values as NA; None with a rejection if it cannot be read.

    Of columns with the same name the first is kept; columns without a name and content are dropped. `only` selects
    columns by name. With `raw` the cells are not stripped and missing values stay as text.
    """
    path = open_landed(folder, relative, rejected)
    if path is None:
        return None
    try:
        table = _parquet(path, only) if path.suffix == ".parquet" else _delimited(path, only)
    except (ValueError, OSError, EOFError, zlib.error, csv.Error) as error:
        rejected.add(
            rule="file_unreadable", message=f"{relative}: {_why(error)}", action="file left out", file=relative
        )
        return None
    table = _name_columns(table, relative, rejected)
    table = _without_long_cells(table, relative, rejected)
    return (table if raw else table.apply(clean)).reset_index(drop=True)


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


def header_of(path: Path) -> list[str]:
    """The stripped column names of a text table.

    Raises
    ------
    ValueError
        The file is empty, or its type is not supported.
    """
    with open_text(path) as stream:
        header = next(csv.reader(stream, delimiter=delimiter_of(path)), None)
    if header is None:
        raise ValueError("the file is empty. Save it again with its header line.")
    return [name.strip() for name in header]


@contextmanager
def open_text(path: Path) -> Iterator[io.TextIOWrapper]:
    """Open a text file, gzipped or not."""
    with (
        path.open("rb") as landed,
        open_inflated(landed, path) if path.suffix == ".gz" else landed as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as stream,
    ):
        yield stream


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file; a named index, as pandas writes it, becomes a column."""
    check_cell_count(path)
    table = pd.read_parquet(path)
    return table if table.index.name is None else table.reset_index()


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


def no_column(file: str, column: str, table: pd.DataFrame, correct: str) -> str:
    """Message for a column that a cohort file names and a table does not have."""
    return f"{file} has no column {short(column)}{nearest(column, list(table.columns))}. Correct {correct}."


def short(value: object) -> str:
    """A value shortened and quoted for a message."""
    text = str(value)
    return repr(text if len(text) <= 40 else f"{text[:37]}...")


def clean(column: pd.Series) -> pd.Series:
    """Strip text, and set words that mean missing to NA."""
    text = column.astype("string").str.strip()
    return text.mask(text.str.lower().isin(MISSING))


def _parquet(path: Path, only: Collection[str] | None) -> pd.DataFrame:
    table = read_parquet(path)
    table = table.iloc[:, _selected([str(name).strip() for name in table.columns], only)]
    header = pd.DataFrame([list(map(str, table.columns))])
    body = table.astype("string").astype("object")
    body.columns = header.columns
    return pd.concat([header, body], ignore_index=True)


def _delimited(path: Path, only: Collection[str] | None) -> pd.DataFrame:
    columns = None if only is None else _selected(header_of(path), only)
    if columns == []:
        return pd.DataFrame(index=[0])  # a header line without columns
    with open_text(path) as stream:
        return pd.read_csv(
            stream,
            sep=delimiter_of(path),
            header=None,
            dtype="str",
            na_filter=False,
            usecols=columns,
            skip_blank_lines=True,
            low_memory=False,
        )


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
                f"{relative} has {long.sum():,} cell(s) of more than {MAX_CELL_LENGTH:,} characters in column "
                f"{short(name)}. Correct them; the usual cause is a quotation mark that is never closed."
            )
            rejected.add(rule="cell_too_long", message=message, action="value set missing", file=relative)
            table = table.assign(**{name: table[name].mask(long.fillna(False).astype(bool))})
    return table


def _why(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text. Save it as UTF-8."
    if isinstance(error, pd.errors.EmptyDataError):
        return "the file is empty. Save it again with its header line."
    if isinstance(error, pd.errors.ParserError):
        return f"{str(error).strip()} (the header line counts as line 1). Give every line as many fields as the header."
    if isinstance(error, gzip.BadGzipFile | EOFError | zlib.error):
        return "it is not a complete gzip file. Copy it again."
    return str(error)
