"""The study report: turns the study's tables into an HTML page and a folder of files for a manuscript.

The `figures` package draws the figures. `steps` and `orchestration` read tables from the lake and write to it.
"""

from tme_platform.report.contact_sheet import ShownOutline, contact_sheet, slice_picture
from tme_platform.report.facts import StudyFacts
from tme_platform.report.findings import FINDING_TABLES, Finding, findings
from tme_platform.report.folder import page_path, remembered_figures, write_folder
from tme_platform.report.numbers import study_numbers
from tme_platform.report.page import render_page
from tme_platform.report.pictures import picture
from tme_platform.report.sections import tables_needed
from tme_platform.report.study_report import StudyReport, make_report
from tme_platform.whole_file import write_if_changed

__all__ = [
    "FINDING_TABLES",
    "Finding",
    "ShownOutline",
    "StudyFacts",
    "StudyReport",
    "contact_sheet",
    "findings",
    "make_report",
    "page_path",
    "picture",
    "remembered_figures",
    "render_page",
    "slice_picture",
    "study_numbers",
    "tables_needed",
    "write_folder",
    "write_if_changed",
]
