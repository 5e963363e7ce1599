"""Check that the lines of a delimited text are the rows of a table. Opening files belongs in `_tables`, as do cells.

The parsers of pandas and pyarrow accept what is not a table: an unclosed quotation mark swallows the rows up to the
next one, a short line is filled up. So the lines are counted here, in a second way, before a parser is believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from tme_platform.cohorts.errors import CohortError

SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
"""Characters that separate the cells of a line, and their names in messages."""

_BOM = b"\xef\xbb\xbf"
_QUOTE = ord('"')
_PEEKED = 20
"""Lines by which the separator of a refused file is named."""
_MAX_LINES = 200
"""Most lines of a cell with line breaks."""
_FEW_DAMAGED = 0.05
"""Share of the rows that may have another number of fields; with more, the file is not what it seems."""
_ROW_WORDS = frozenset(
    {"", "gene", "genes", "gene_id", "gene_name", "gene_symbol", "genesymbol", "hugo_symbol", "symbol", "ensembl"}
    | {"ensembl_id", "entrez", "entrez_id", "entrez_gene_id", "feature", "id", "name", "names", "probe", "probe_id"}
    | {"patient", "patient_id", "row", "rownames", "sample", "sample_id", "target_id"}
)
"""Names of the first column: a header that begins with one of them is not one field short at its beginning."""
_FOREIGN = {
    b"PK\x03\x04": "it is an Excel workbook or a zip archive, whatever its name says. Save the table as .csv or .tsv.",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook, whatever its name says. Save the table as .csv or .tsv.",
    b"PAR1": "it is a Parquet file. Name it .parquet.",
    b"\x1f\x8b": "it is compressed by gzip. Add .gz to its name.",
    b"<!DOCTYPE": "it is a web page, not a table. Download the file itself.",
    b"<html": "it is a web page, not a table. Download the file itself.",
    b"sep=": "line 1 tells Excel the separator, and is no header. Delete the line.",
    b"!Series_": "it is a series matrix of GEO. Keep only the lines between !series_matrix_table_begin and "
    "!series_matrix_table_end.",
    b"#1.2": "it is a GCT file. Delete the two lines above the header.",
    b"version https://git-lfs": "it is a pointer of Git LFS, not the file. Fetch the file with `git lfs pull`.",
}
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Head:
    """The beginning of a table in text.

    Attributes
    ----------
    names
        The stripped fields of the header.
    raw
        The header as it is in the file.
    comments
        Number of lines above it that begin with ``#``.
    first, last
        Numbers of its first and last line, from 1.
    shifted
        Whether the next line has one field more, as R writes a table with row names.
    following
        Lines that were read beyond it.
    """

    names: list[str]
    raw: bytes
    comments: int
    first: int
    last: int
    shifted: bool
    following: tuple[bytes, ...]


@dataclass(frozen=True)
class Layout:
    """The rows of a table in text, without the header: their number, the most fields, and those that repeat the header.

    ``repeated`` has the line of each and its position among the rows; ``damaged`` the same of the few rows with too few
    or too many fields, and their number of fields.
    """

    head: Head
    rows: int
    width: int
    repeated: tuple[tuple[int, int], ...]
    damaged: tuple[tuple[int, int, int], ...] = ()


def read_head(lines: Iterator[bytes], separator: str) -> Head:
    """Read the header, skipping blank lines and comments above it.

    Several lines that begin with ``#``, or one of another number of fields than the line below, are comments. A single
    one of as many fields is a header of which the first name begins with ``#``.

    Raises
    ------
    ValueError
        The text is empty, in another encoding, not text, or separated otherwise.
    """
    sep = separator.encode()
    comments: list[tuple[int, bytes]] = []
    number, raw = 0, b""
    for number, line in enumerate(lines, start=1):
        raw = line.removeprefix(_BOM) if number == 1 else line
        if number == 1:
            _refuse_foreign(raw)
            _refuse_spaces(raw, sep)
        if not _is_comment(raw, sep) and not _is_blank(raw, sep):
            break
        comments += [(number, raw)] if _is_comment(raw, sep) else []
        raw = b""
    below: list[bytes] = []
    if len(comments) == 1 and sep in comments[0][1] and (not raw or comments[0][1].count(sep) == raw.count(sep)):
        below = [raw] * bool(raw)
        number, raw = comments.pop()
    if not raw:
        raise ValueError("the file is empty. Save it again with its header line.")
    first = number
    whole, number = _whole_record(raw, lines if not below else iter(()), sep, number)
    _refuse_unreadable(whole, first)
    below += list(islice(lines, _PEEKED))
    _refuse_other_separator(whole, below, separator)
    fields = _split(whole, sep)
    names = [name.decode("utf-8").strip() for name in fields]
    rows = [line for line in below if not _is_blank(line, sep)]
    shifted = bool(rows) and not rows[0].endswith(sep) and _n_fields(rows[0], sep) == len(names) + 1
    shifted = shifted and separator == "\t" and names[0].lower() not in _ROW_WORDS
    return Head(names, whole, len(comments), first, number, shifted, tuple(below))


def read_layout(lines: Iterator[bytes], separator: str, *, matrix: bool = False) -> Layout:
    """Check every line of a table.

    Parameters
    ----------
    lines
        The lines of the file, without their ends.
    separator
        The character between two cells.
    matrix
        Whether a header one field short is the names of the samples, and empty fields at the end of a line are refused.

    Raises
    ------
    CohortError
        Rule `unclosed_quote`: a quotation mark is not closed, so that it is in doubt which lines are rows.
    ValueError
        More than a few lines, or any of a matrix, have too few or too many fields; a line is not UTF-8; see also
        `read_head`.
    """
    sep = separator.encode()
    head = read_head(lines, separator)
    n = len(head.names) + (matrix and head.shifted)
    named = n if matrix else max((at for at, name in enumerate(head.names, start=1) if name), default=n)
    header, rows, width = head.raw.strip(), 0, n
    repeated: list[tuple[int, int]] = []
    wrong: list[tuple[int, int, int]] = []
    for number, line, fields in _records(chain(head.following, lines), sep, n, head.last):
        surplus = 0 if matrix else len(line) - len(line.rstrip(sep))
        if not named <= fields <= n + surplus:
            wrong.append((number, rows, fields))
        width = max(width, fields)
        if line.removeprefix(_BOM).strip() == header:
            repeated.append((number, rows))
        rows += 1
    if wrong and (matrix or len(wrong) > _FEW_DAMAGED * rows):
        raise ValueError(_field_counts([(number, fields) for number, _, fields in wrong], rows, n))
    return Layout(head, rows, width, tuple(repeated), tuple(wrong))


def _records(lines: Iterator[bytes], sep: bytes, n: int, number: int) -> Iterator[tuple[int, bytes, int]]:
    """Line number, text and number of fields of each row."""
    for line in lines:
        number += 1
        if _is_blank(line, sep):
            continue
        first = number
        if _QUOTE in line:
            line, number = _whole_record(line, lines, sep, number, n)
        _refuse_unreadable(line, first)
        yield first, line, _n_fields(line, sep)


def _whole_record(
    line: bytes, lines: Iterator[bytes], sep: bytes, number: int, n: int | None = None
) -> tuple[bytes, int]:
    """The record that begins with a line, and the number of its last line.

    A line inside a quoted cell that has as many fields as a row is likely a row that an unclosed quotation mark would
    swallow. It is refused; the number of fields, where it is not known, is that of the record itself.
    """
    first, most = number, 0
    while not _is_closed(line, sep, first):
        following = next(lines, None)
        if following is None or number - first > _MAX_LINES:
            raise _unclosed(first, "and it is never closed")
        number += 1
        line += b"\n" + following
        most = max(most, following.count(sep) + 1)
        if n is not None and most >= n:
            raise _unclosed(first, f"and line {number:,}, which looks like a row, would be part of the cell")
    if n is None and number > first and most >= _n_fields(line, sep):
        raise _unclosed(first, "and the next line, which looks like a row, would be part of the name of a column")
    return line, number


def _is_closed(line: bytes, sep: bytes, number: int) -> bool:
    """Whether all quoted cells are closed. Raises if text follows a closing quotation mark."""
    at, last = 0, line.rfind(b'"')
    while 0 <= at <= last:
        if line[at] == _QUOTE:
            found = _quoted(sep).match(line, at)
            if found is None:
                if _OPEN.match(line, at):
                    return False
                raise _unclosed(number, "and other text follows where it is closed")
            at = found.end() + 1
        else:
            at = line.find(sep, at) + 1 or -1
    return True


def _split(line: bytes, sep: bytes) -> list[bytes]:
    """The fields of a whole record."""
    fields, at = [], 0
    while at <= len(line):
        if line[at : at + 1] == b'"' and (found := _quoted(sep).match(line, at)):
            fields.append(found.group()[1:-1].replace(b'""', b'"'))
            end = found.end()
        else:
            end = line.find(sep, at)
            end = len(line) if end < 0 else end
            fields.append(line[at:end])
        at = end + 1
    return fields


def _n_fields(line: bytes, sep: bytes) -> int:
    if _QUOTE not in line:
        return line.count(sep) + 1
    end = line.find(sep, line.rfind(b'"'))  # the rest has no quotation mark
    return len(_split(line, sep)) if end < 0 else len(_split(line[:end], sep)) + line.count(sep, end)


_OPEN = re.compile(rb'"[^"]*(?:""[^"]*)*\Z')
_QUOTED = {sep: re.compile(rb'"[^"]*(?:""[^"]*)*"(?=\Z|' + re.escape(sep.encode()) + b")") for sep in SEPARATORS}


def _quoted(sep: bytes) -> re.Pattern[bytes]:
    return _QUOTED[sep.decode()]


def _is_blank(line: bytes, sep: bytes) -> bool:
    return not line.strip(b" \t".replace(sep, b""))


def _is_comment(line: bytes, sep: bytes) -> bool:
    """Whether a line begins with ``#``. A column may have that name alone."""
    return line.startswith(b"#") and not line.startswith(b"#" + sep)


def _unclosed(number: int, why: str) -> CohortError:
    message = (
        f"line {number:,}: a quotation mark opens a cell, {why}. Remove the mark (an inch mark is written twice inside "
        'a quoted cell: "5"" wide"), or close it; replace line breaks inside a cell by spaces.'
    )
    return CohortError(message, rule="unclosed_quote")


def _refuse_foreign(line: bytes) -> None:
    for beginning, problem in _FOREIGN.items():
        if line.startswith(beginning):
            raise ValueError(problem)
    if line.startswith(_UTF_16) or line[:200].count(b"\0") > len(line[:200]) // 4:
        raise ValueError("it is UTF-16 text (in Excel `Unicode Text`). Save it as UTF-8 (in Excel `CSV UTF-8`).")


def _refuse_spaces(line: bytes, sep: bytes) -> None:
    """Refuse the header that R writes by default: quoted names between spaces."""
    if sep not in line and re.fullmatch(rb'"[^"]*"(?: "[^"]*")+', line.strip()):
        raise ValueError('its cells are separated by spaces. Save it with tabs (in R: sep = "\\t") or commas.')


def _refuse_unreadable(line: bytes, number: int) -> None:
    if b"\0" in line:
        raise ValueError(f"line {number:,} has a NUL byte: the file is damaged, or not text. Copy or save it again.")
    if line.isascii():
        return
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"line {number:,} is not UTF-8 (byte 0x{line[error.start]:02x}), but likely Windows-1252 or Latin-1. "
            "Save it as UTF-8 (in Excel `CSV UTF-8`)."
        ) from None


def _refuse_other_separator(header: bytes, below: list[bytes], separator: str) -> None:
    """Refuse a text whose first lines agree in another separator, but not in its own or in more fields."""
    rows = [line for line in below if line.strip()]
    own = header.count(separator.encode())
    least = 1
    if own and all(line.count(separator.encode()) == own or b'"' in line for line in rows):
        least = own + 1 if rows else own + len(header)
    for other, name in SEPARATORS.items():
        count = header.count(other.encode())
        if other != separator and count >= least and all(line.count(other.encode()) == count for line in rows):
            raise ValueError(
                f"its cells are separated by {name}; by its name, they should be separated by {SEPARATORS[separator]}. "
                "Save it comma-separated as .csv or tab-separated as .tsv, with decimal points."
            )


def _field_counts(wrong: list[tuple[int, int]], rows: int, n: int) -> str:
    shown = ", ".join(f"line {number:,} has {fields:,} fields" for number, fields in wrong[:3])
    more = f" (and {len(wrong) - 3:,} more lines)" if len(wrong) > 3 else ""
    advice = "Give every line as many fields as the header."
    if len(wrong) == rows and {fields for _, fields in wrong} == {n + 1}:
        advice = (
            "Every line has one more: if it begins with row names, add a name for them at the beginning of the header "
            "(in R: write.table(..., col.names = NA)); otherwise quote cells that contain the separator."
        )
    return f"{shown}{more}, the header has {n:,}. {advice}"
