"""The content of the report: findings, numbers, sections with figures and tables, limitations, and checklists."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tme_platform.report.checklists import Filled, fill_checklists
from tme_platform.report.embed import Embedded
from tme_platform.report.facts import StudyFacts
from tme_platform.report.findings import Finding, findings
from tme_platform.report.limits import limits
from tme_platform.report.numbers import study_numbers
from tme_platform.report.pictures import Picture, picture, pictures
from tme_platform.report.remembered import Remembered
from tme_platform.report.sections import LEAD_FIGURE, SECTIONS, ReportTable, Section


@dataclass(frozen=True)
class Part:
    """A section with its numbers, figures and tables."""

    section: Section
    numbers: pd.DataFrame
    pictures: list[tuple[Picture, Embedded]]
    tables: list[tuple[ReportTable, pd.DataFrame]]

    @property
    def is_empty(self) -> bool:
        """Whether the study has no results for this section."""
        return self.numbers.empty and not self.pictures and not self.tables


@dataclass(frozen=True)
class StudyReport:
    """The complete content of the report."""

    facts: StudyFacts
    numbers: pd.DataFrame
    limits: list[str]
    parts: list[Part]
    checklists: list[Filled]
    findings: list[Finding]
    lead: tuple[Picture, Embedded] | None = None
    """The figure of the first screen; None without figures, or if there is nothing to draw."""

    @property
    def compared(self) -> pd.DataFrame:
        """The numbers that have a published value."""
        return self.numbers[self.numbers["published"].notna()]

    def with_provenance(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Add a column `provenance`: real or simulated. A number without a cohort is simulated if any cohort is."""
        marks = ["simulated" if self.facts.is_simulated(cohort) else "real" for cohort in rows["cohort"]]
        return rows.assign(provenance=marks)


def make_report(facts: StudyFacts, *, figures: bool = True, remembered: Remembered | None = None) -> StudyReport:
    """Build the report.

    Parameters
    ----------
    facts
        The study's tables.
    figures
        Whether to include figures. Drawing them takes most of the time.
    remembered
        Cache of figures. Figures with unchanged rows are taken from it; newly drawn figures are added to it.
    """
    numbers = study_numbers(facts)
    parts = [
        Part(
            section,
            numbers[numbers["section"] == section.key],
            list(pictures(section, facts, remembered)) if figures else [],
            [(shown, rows) for shown in section.tables if len(rows := select_rows(shown, facts))],
        )
        for section in SECTIONS
    ]
    lead = _lead(facts, remembered) if figures else None
    return StudyReport(facts, numbers, limits(facts), parts, fill_checklists(facts), findings(facts), lead)


def _lead(facts: StudyFacts, remembered: Remembered | None) -> tuple[Picture, Embedded] | None:
    made = picture(LEAD_FIGURE, facts.tables)
    embedded = made and made.embedded(remembered)
    return (made, embedded) if made and embedded else None


def select_rows(shown: ReportTable, facts: StudyFacts) -> pd.DataFrame:
    """Select the rows and columns that the report shows, with the column `provenance`."""
    rows = facts.rows(shown.table)
    if rows.empty:
        return rows
    if shown.query:
        rows = rows.query(shown.query, engine="python")
    if shown.sort:
        names = [name.removeprefix("-") for name in shown.sort]
        rows = rows.sort_values(names, ascending=[not name.startswith("-") for name in shown.sort], kind="stable")
    columns = list(dict.fromkeys(name for name in (*shown.columns, "provenance") if name in rows))
    if not shown.count_column:
        return rows[columns].reset_index(drop=True)
    rounded = rows[columns].round(2).dropna(axis="columns", how="all")
    return rounded.value_counts(dropna=False, sort=False).rename(shown.count_column).reset_index()
