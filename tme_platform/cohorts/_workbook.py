"""Read a sheet of an Excel workbook (.xlsx) as text. Interpreting the table belongs in the readers.

Values are read as they are stored: of a formula its last result, of a date the day. Nothing is computed, and nothing
outside the file is opened.
"""

from __future__ import annotations

import datetime
import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import pandas as pd

from tme_platform.limits import MAX_CELLS, expands_too_far
from tme_platform.yaml_file import nearest

if TYPE_CHECKING:
    from lxml import etree

WORKBOOK = ".xlsx"
"""Ending of the workbooks that are read; .xls and .xlsb are other formats."""

_MAX_PARTS = 10_000
_DATE_FORMATS = {*range(14, 23), *range(45, 48)}
"""Numbers of Excel's own formats for dates and times."""
_DATE_CODE = re.compile(r"[ymdhs]", re.IGNORECASE)
_NO_CODE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
"""What is no code in a number format: quoted text, escaped characters, colours and conditions."""
_EPOCHS = {False: datetime.datetime(1899, 12, 30), True: datetime.datetime(1904, 1, 1)}
_LEAP_BUG = 60
"""Excel counts a 29 February 1900, so earlier days are one later than counted from its epoch."""
_EXACT = 1e15
"""Whole numbers below it are exact in double precision."""


class _Sheet(NamedTuple):
    name: str
    part: str


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets of a workbook, in its order.

    Raises
    ------
    ValueError
        It is no workbook.
    """
    with _opened(path) as book:
        return [sheet.name for sheet in _sheets(book)]


def read_sheet(path: Path, sheet: str | None) -> pd.DataFrame:
    """Read a sheet as text, the header in its first row; empty cells are "", blank rows are left out.

    Parameters
    ----------
    path
        The workbook.
    sheet
        Name of the sheet; may be None if there is only one.

    Raises
    ------
    ValueError
        It is no workbook, has no such sheet, or several and none is named; its first row is a title above the table;
        or it holds a formula that was never calculated.
    """
    with _opened(path) as book:
        rows = _rows(book, _chosen(_sheets(book), sheet))
    if not rows:
        raise ValueError("the sheet is empty. Name another one with `sheet`.")
    width = max(max(row) for row in rows) + 1
    if len(rows) * width > MAX_CELLS:
        raise ValueError(f"the sheet has {len(rows):,} rows of {width:,} columns, more than any table has.")
    if len(rows) > 1 and len(rows[0]) == 1 and width > 2:
        raise ValueError(
            f"its first row has one filled cell, the rows below up to {width}: it is a title, not a header. Delete the "
            "rows above the header."
        )
    return pd.DataFrame([[row.get(column, "") for column in range(width)] for row in rows], dtype="object")


def _chosen(sheets: list[_Sheet], wanted: str | None) -> _Sheet:
    names = [sheet.name for sheet in sheets]
    if wanted is None:
        if len(sheets) == 1:
            return sheets[0]
        raise ValueError(f"it has {len(sheets)} sheets. Name one with `sheet` in cohort.yaml: {', '.join(names)}.")
    for sheet in sheets:
        if sheet.name.strip() == wanted.strip():
            return sheet
    raise ValueError(f"it has no sheet {wanted!r}{nearest(wanted, names)}; there are: {', '.join(names)}.")


def _opened(path: Path) -> zipfile.ZipFile:
    """The workbook as a zip archive, if it expands no further than any ordinary file."""
    try:
        book = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise ValueError(
            "it is not an .xlsx workbook: another format, protected by a password, or damaged. Save it as .xlsx or "
            ".csv."
        ) from None
    parts = book.infolist()
    if len(parts) > _MAX_PARTS or expands_too_far(sum(part.file_size for part in parts), path.stat().st_size):
        book.close()
        raise ValueError("it expands further than any ordinary workbook does. Save the table as .csv.")
    return book


def _sheets(book: zipfile.ZipFile) -> list[_Sheet]:
    targets = {}
    for relation in _elements(book, "xl/_rels/workbook.xml.rels", "Relationship"):
        targets[relation.get("Id")] = posixpath.normpath(posixpath.join("/xl", relation.get("Target", ""))).lstrip("/")
    sheets = []
    for element in _elements(book, "xl/workbook.xml", "sheet"):
        link = next((value for name, value in element.attrib.items() if name.endswith("}id")), "")
        part = targets.get(link, "")
        if part.startswith("xl/worksheets/"):  # not a sheet of a chart
            sheets.append(_Sheet(element.get("name", ""), part))
    if not sheets:
        raise ValueError("it has no sheet with a table. Save the table as .csv.")
    return sheets


def _elements(book: zipfile.ZipFile, part: str, name: str) -> Iterator[etree.ElementBase]:
    """The elements of a name in a part of a workbook, one after the other; no entities, no network, no DTD."""
    from lxml import etree

    try:
        with book.open(part) as stream:
            yield from _parsed(stream, name)
    except KeyError:
        if part.startswith(("xl/workbook", "xl/_rels", "xl/worksheets")):
            raise ValueError(f"it is no complete workbook: {part} is missing. Save it again.") from None
    except (etree.XMLSyntaxError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"its part {part} is damaged ({type(error).__name__}). Save it again.") from error


def _parsed(stream: IO[bytes], name: str) -> Iterator[etree.ElementBase]:
    from lxml import etree

    for _, element in etree.iterparse(stream, tag=f"{{*}}{name}", resolve_entities=False, no_network=True):
        if next(element.iter(etree.Entity), None) is not None:  # no program writes them, and their text would be lost
            raise ValueError("it has entities of its own, which no workbook has. Save it again.")
        yield element
        element.clear()
        while element.getprevious() is not None:  # what was read need not be kept
            del element.getparent()[0]


def _rows(book: zipfile.ZipFile, sheet: _Sheet) -> list[dict[int, str]]:
    """The filled cells of each row that has any, by column from 0."""
    shared = [_text(item) for item in _elements(book, "xl/sharedStrings.xml", "si")]
    dates = _date_styles(book)
    later = any(_is_true(element.get("date1904")) for element in _elements(book, "xl/workbook.xml", "workbookPr"))
    rows = []
    for row in _elements(book, sheet.part, "row"):
        cells: dict[int, str] = {}
        for position, cell in enumerate(row.iterfind("{*}c")):
            column = _column(cell.get("r"), position)
            text = _cell(cell, shared, dates, _EPOCHS[later], column)
            if text.strip():
                cells[column] = text
        if cells:
            rows.append(cells)
    return rows


def _cell(
    cell: etree.ElementBase, shared: list[str], dates: frozenset[int], epoch: datetime.datetime, column: int
) -> str:
    kind, value = cell.get("t", "n"), cell.findtext("{*}v")
    if kind == "inlineStr":
        return _text(cell)
    if value is None:
        if cell.find("{*}f") is not None:
            raise ValueError(
                f"column {column + 1} has formulas without a stored result. Open the workbook in Excel and save it, or "
                "save the values as .csv."
            )
        return ""
    if kind == "s":
        return shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind != "n":
        return str(value)
    style = cell.get("s", "0")
    return _number(value, epoch if style.isdigit() and int(style) in dates else None)


def _number(value: str, epoch: datetime.datetime | None) -> str:
    """A stored number without the digits that double precision adds; a date as YYYY-MM-DD."""
    try:
        number = float(value)
    except ValueError:
        return value
    if epoch is not None and 0 <= number < 2958466:  # 31 December 9999
        days = number + 1 if epoch == _EPOCHS[False] and number < _LEAP_BUG else number
        moment = epoch + datetime.timedelta(days=round(days * 86400) / 86400)
        return moment.date().isoformat() if number == int(number) else moment.isoformat(sep=" ", timespec="seconds")
    return str(int(number)) if number == number // 1 and abs(number) < _EXACT else repr(number)


def _text(element: etree.ElementBase) -> str:
    """The text of a string, which may be in pieces of different fonts, without its phonetic reading."""
    pieces = [text for text in element.iter("{*}t") if not str(text.getparent().tag).endswith("}rPh")]
    return "".join(piece.text or "" for piece in pieces)


def _date_styles(book: zipfile.ZipFile) -> frozenset[int]:
    """Positions of the cell styles that show a number as a date."""
    own = {
        int(element.get("numFmtId", "0")): element.get("formatCode", "")
        for element in _elements(book, "xl/styles.xml", "numFmt")
        if element.get("numFmtId", "").isdigit()
    }
    dated = {number for number, code in own.items() if _DATE_CODE.search(_NO_CODE.sub("", code))}
    styles = [
        int(style.get("numFmtId", "0")) if style.get("numFmtId", "0").isdigit() else 0
        for group in _elements(book, "xl/styles.xml", "cellXfs")
        for style in group.iterfind("{*}xf")
    ]
    return frozenset(at for at, number in enumerate(styles) if number in dated or number in _DATE_FORMATS - own.keys())


def _column(reference: str | None, position: int) -> int:
    """Column from 0 of a reference such as `AB12`; its position in the row where there is none."""
    letters = re.match(r"[A-Z]{1,3}", reference or "")
    if letters is None:
        return position
    number = 0
    for letter in letters.group():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _is_true(value: str | None) -> bool:
    return value in {"1", "true"}
