"""A printed table as a Word document (.docx). What stands in it is decided in `print_tables`."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.shared import Pt

from tme_platform.report.print_tables import PrintTable

_LETTERS = Pt(8)
_WIDE_FROM = 5
"""Columns from which the page is turned."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def to_docx(table: PrintTable, number: int) -> bytes:
    """Set a table in Word: caption, table with a heading row that repeats on each page, notes.

    The same table gives the same bytes, so that a folder in version control changes only with its content.

    Parameters
    ----------
    table
        The table; characters that XML cannot hold become spaces.
    number
        Its number in the caption.
    """
    document = Document()
    properties = document.core_properties
    properties.title, properties.author, properties.comments = _clean(table.title), "", ""
    properties.created = properties.modified = _EPOCH
    section = document.sections[0]
    if len(table.columns) >= _WIDE_FROM:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = section.page_height, section.page_width
    document.add_paragraph(f"Table {number}. {_clean(table.title)}", style="Caption")
    grid = document.add_table(rows=0, cols=len(table.columns), style="Light List")
    for row in (table.columns, *table.rows):
        cells = grid.add_row().cells
        for cell, text in zip(cells, row, strict=True):
            run = cell.paragraphs[0].add_run(_clean(text))
            run.font.size = _LETTERS
    for note in table.notes:
        document.add_paragraph().add_run(_clean(note)).font.size = _LETTERS
    written = io.BytesIO()
    document.save(written)
    return _without_dates(written.getvalue())


def _clean(text: str) -> str:
    """Text with spaces for characters that XML cannot hold; leading spaces become such that Word keeps."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    bare = kept.lstrip(" ")
    return "\N{NO-BREAK SPACE}" * (len(kept) - len(bare)) + bare


def _without_dates(archive: bytes) -> bytes:
    """The archive with one date for all members."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(zipfile.ZipInfo(member.filename), old.read(member), zipfile.ZIP_DEFLATED)
    return written.getvalue()
