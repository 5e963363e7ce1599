"""The manuscript folder: the page, tables and checklists as CSV, and figures as PDF, SVG and PNG with their data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tme_platform.figures import to_pdf, to_png, to_svg
from tme_platform.report.embed import csv_bytes
from tme_platform.report.findings import findings_table
from tme_platform.report.page import render_page
from tme_platform.report.remembered import Remembered
from tme_platform.report.study_report import StudyReport
from tme_platform.whole_file import write_if_changed


def page_path(state: Path, study: str) -> Path:
    """Return the path of a study's page in the state folder, which for a local lake is the lake folder itself."""
    return state / "report" / f"{study}.html"


def remembered_figures(state: Path, study: str) -> Remembered:
    """Return the cache of a study's figures, stored next to its page."""
    return Remembered(state / "report" / f"{study}_figures")


def write_folder(report: StudyReport, folder: Path) -> list[Path]:
    """Write all files of the report. Files with unchanged content are not rewritten.

    Parameters
    ----------
    report
        The report with its figures.
    folder
        Destination, created if missing. Other files in it are not touched.

    Returns
    -------
    Paths of all files of the report.

    Raises
    ------
    OSError
        The folder is not writable.
    """
    written = []
    for name, content in _files(report):
        path = folder / name
        write_if_changed(path, content)
        written.append(path)
    return written


def _files(report: StudyReport) -> Iterator[tuple[str, bytes]]:
    yield f"{report.facts.name}.html", render_page(report).encode()
    yield "tables/findings.csv", csv_bytes(findings_table(report.findings))
    yield "tables/numbers.csv", csv_bytes(report.with_provenance(report.numbers))
    yield "tables/versions.csv", csv_bytes(report.facts.versions)
    for part in report.parts:
        for position, (shown, rows) in enumerate(part.tables, 1):
            yield f"tables/{part.section.key}-{position}-{shown.table}.csv", csv_bytes(rows)
    for filled in report.checklists:
        yield f"checklists/{filled.key}.csv", csv_bytes(filled.table)
    drawn = [picture for part in report.parts for picture, _ in part.pictures]
    for picture in [*([report.lead[0]] if report.lead else []), *drawn]:
        yield f"figures/{picture.key}.pdf", to_pdf(picture.drawn.figure)
        yield f"figures/{picture.key}.svg", to_svg(picture.drawn.figure)
        yield f"figures/{picture.key}.png", to_png(picture.drawn.figure)
        yield f"figures/{picture.key}.csv", csv_bytes(picture.data)
