"""The folder for a manuscript: the page, tables and checklists as CSV, figures as PDF, SVG and PNG with their data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tme_platform.figures import to_pdf, to_png, to_svg
from tme_platform.report.embed import csv_bytes
from tme_platform.report.page import render_page
from tme_platform.report.remembered import Remembered
from tme_platform.report.study_report import StudyReport
from tme_platform.report.write import write_if_changed


def page_path(state: Path, study: str) -> Path:
    """Where the page of a study lies in a lake's state folder (of a lake in a folder: in the lake)."""
    return state / "report" / f"{study}.html"


def remembered_figures(state: Path, study: str) -> Remembered:
    """The figures of a study's page as they were drawn last, beside the page."""
    return Remembered(state / "report" / f"{study}_figures")


def write_folder(report: StudyReport, folder: Path) -> list[Path]:
    """Write everything; a file whose content is as it was is left alone.

    Parameters
    ----------
    report
        The report with its figures.
    folder
        Where to; made if it is not there. Files of other names in it are not touched.

    Returns
    -------
    The files that belong to the report.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    written = []
    for name, content in _files(report):
        path = folder / name
        write_if_changed(path, content)
        written.append(path)
    return written


def _files(report: StudyReport) -> Iterator[tuple[str, bytes]]:
    yield f"{report.facts.name}.html", render_page(report).encode()
    yield "tables/numbers.csv", csv_bytes(report.with_provenance(report.numbers))
    yield "tables/versions.csv", csv_bytes(report.facts.versions)
    for part in report.parts:
        for place, (shown, rows) in enumerate(part.tables, 1):
            yield f"tables/{part.section.key}-{place}-{shown.table}.csv", csv_bytes(rows)
    for filled in report.checklists:
        yield f"checklists/{filled.key}.csv", csv_bytes(filled.table)
    for part in report.parts:
        for picture, _ in part.pictures:
            yield f"figures/{picture.key}.pdf", to_pdf(picture.drawn.figure)
            yield f"figures/{picture.key}.svg", to_svg(picture.drawn.figure)
            yield f"figures/{picture.key}.png", to_png(picture.drawn.figure)
            yield f"figures/{picture.key}.csv", csv_bytes(picture.data)
