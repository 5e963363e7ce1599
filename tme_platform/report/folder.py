"""The manuscript folder: a README with captions, the page, numbered tables and figures with their data, checklists.

The two tables that a manuscript prints are also Word and LaTeX files; their cells are `print_tables`'.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from tme_platform.figures import to_pdf, to_png, to_svg
from tme_platform.report.embed import csv_bytes
from tme_platform.report.findings import findings_table
from tme_platform.report.folder_readme import LISTING, FolderFile, readme
from tme_platform.report.latex import to_latex
from tme_platform.report.page import render_page
from tme_platform.report.pictures import Picture
from tme_platform.report.print_tables import PrintTable, print_tables
from tme_platform.report.remembered import Remembered
from tme_platform.report.study_report import StudyReport
from tme_platform.whole_file import write_if_changed

_FOLDERS = ("tables", "figures", "checklists")


def page_path(state: Path, study: str) -> Path:
    """Return the path of a study's page in the state folder, which for a local lake is the lake folder itself."""
    return state / "report" / f"{study}.html"


def remembered_figures(state: Path, study: str) -> Remembered:
    """Return the cache of a study's figures, stored next to its page."""
    return Remembered(state / "report" / f"{study}_figures")


def write_folder(report: StudyReport, folder: Path) -> list[Path]:
    """Write all files of the report. Files with unchanged content are not rewritten.

    Numbers of figures and tables depend on what the study has. Files of an earlier report that have no place in this
    one are removed if nobody has changed them since; those that somebody has changed stay.

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
    before = _listed(folder)
    written: dict[str, tuple[str, str]] = {}
    for file in _files(report):
        write_if_changed(folder / file.name, file.content)
        written[file.name] = (file.caption, hashlib.sha256(file.content).hexdigest())
    for name, known in before.items():
        path = folder / name
        if name not in written and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == known:
            path.unlink()
    listing = pd.DataFrame([(name, *rest) for name, rest in written.items()], columns=["file", "caption", "sha256"])
    write_if_changed(folder / LISTING, csv_bytes(listing))
    return [*(folder / name for name in written), folder / LISTING]


def _listed(folder: Path) -> dict[str, str]:
    """The files that the last report wrote into its folders, and their hashes; nothing from a list that is damaged."""
    try:
        listing = pd.read_csv(folder / LISTING, dtype=str, keep_default_na=False)
        known = dict(zip(listing["file"], listing["sha256"], strict=True))
    except (OSError, ValueError, KeyError):
        return {}
    # The list is a file like any other: nothing outside the folder may be removed because of it.
    return {name: sha for name, sha in known.items() if len(at := name.split("/")) == 2 and at[0] in _FOLDERS}


def _files(report: StudyReport) -> Iterator[FolderFile]:
    numbered = [*_numbered_tables(report), *_numbered_figures(report)]
    page = f"{report.facts.name}.html"
    yield FolderFile("README.md", readme(report, page, numbered).encode())
    yield FolderFile(page, render_page(report).encode(), "The report")
    yield FolderFile("tables/findings.csv", csv_bytes(findings_table(report.findings)), "Findings")
    yield FolderFile(
        "tables/numbers.csv", csv_bytes(report.with_provenance(report.numbers)), "Every number of the report"
    )
    yield FolderFile("tables/versions.csv", csv_bytes(report.facts.versions), "Versions of the tables")
    yield from numbered
    for filled in report.checklists:
        yield FolderFile(f"checklists/{filled.key}.csv", csv_bytes(filled.table), f"Checklist {filled.title}")


def _numbered_tables(report: StudyReport) -> Iterator[FolderFile]:
    """Tables to print (1, 2), then those of the sections (S1, S2, ...)."""
    from tme_platform.report.word import to_docx  # here alone: reading a page needs no Word

    for number, table in enumerate(print_tables(report.facts), 1):
        name, caption = f"tables/table_{number:02}_{table.key}", f"Table {number}. {table.title}"
        yield FolderFile(f"{name}.docx", to_docx(table, number), caption)
        yield FolderFile(f"{name}.tex", to_latex(table, number).encode(), caption)
        yield FolderFile(f"{name}.csv", csv_bytes(_frame(table)), caption)
    supplementary = ((part, shown, rows) for part in report.parts for shown, rows in part.tables)
    for number, (part, shown, rows) in enumerate(supplementary, 1):
        caption = f"Table S{number}. {part.section.title}: {shown.caption}"
        yield FolderFile(f"tables/table_s{number:02}_{shown.table}.csv", csv_bytes(rows), caption)


def _frame(table: PrintTable) -> pd.DataFrame:
    return pd.DataFrame(list(table.rows), columns=list(table.columns))


def _numbered_figures(report: StudyReport) -> Iterator[FolderFile]:
    for number, picture in enumerate(_figures(report), 1):
        name = f"figures/figure_{number:02}_{picture.key}"
        notes = " ".join((picture.caption, *picture.drawn.notes))
        caption = f"Figure {number}. {picture.title}. {notes}"
        yield FolderFile(f"{name}.pdf", to_pdf(picture.drawn.figure), caption)
        yield FolderFile(f"{name}.svg", to_svg(picture.drawn.figure), caption)
        yield FolderFile(f"{name}.png", to_png(picture.drawn.figure), caption)
        yield FolderFile(f"{name}.csv", csv_bytes(picture.data), caption)


def _figures(report: StudyReport) -> list[Picture]:
    """The figures in the order of the report, the one of the first screen first; each once."""
    shown = [report.lead[0]] if report.lead else []
    shown += [picture for part in report.parts for picture, _ in part.pictures]
    return list({picture.key: picture for picture in shown}.values())
