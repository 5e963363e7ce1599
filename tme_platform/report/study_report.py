"""The report before it is a page: numbers, limits, parts with their figures and tables, checklists."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tme_platform.report.checklists import Filled, fill_checklists
from tme_platform.report.embed import Embedded
from tme_platform.report.facts import StudyFacts
from tme_platform.report.limits import limits
from tme_platform.report.numbers import study_numbers
from tme_platform.report.pictures import Picture, pictures
from tme_platform.report.remembered import Remembered
from tme_platform.report.sections import SECTIONS, Section, Shown


@dataclass(frozen=True)
class Part:
    """A section with what it found."""

    section: Section
    numbers: pd.DataFrame
    pictures: list[tuple[Picture, Embedded]]
    tables: list[tuple[Shown, pd.DataFrame]]

    @property
    def is_empty(self) -> bool:
        """Whether the study has nothing of this kind."""
        return self.numbers.empty and not self.pictures and not self.tables


@dataclass(frozen=True)
class StudyReport:
    """All that the report says."""

    facts: StudyFacts
    numbers: pd.DataFrame
    limits: list[str]
    parts: list[Part]
    checklists: list[Filled]

    @property
    def compared(self) -> pd.DataFrame:
        """The numbers of which the published study states one, too."""
        return self.numbers[self.numbers["published"].notna()]

    def with_provenance(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Numbers with whether each is real or simulated; one that is of no single cohort, if any cohort is."""
        marks = ["simulated" if self.facts.is_simulated(cohort) else "real" for cohort in rows["cohort"]]
        return rows.assign(provenance=marks)


def make_report(facts: StudyFacts, *, figures: bool = True, remembered: Remembered | None = None) -> StudyReport:
    """Put the report together.

    Parameters
    ----------
    facts
        The study's tables.
    figures
        Whether there are figures; drawing them is most of the work.
    remembered
        Figures drawn before; those whose rows are the same are taken from there, the others are put there.
    """
    numbers = study_numbers(facts)
    parts = [
        Part(
            section,
            numbers[numbers["section"] == section.key],
            list(pictures(section, facts, remembered)) if figures else [],
            [(shown, rows) for shown in section.tables if len(rows := chosen(shown, facts))],
        )
        for section in SECTIONS
    ]
    return StudyReport(facts, numbers, limits(facts), parts, fill_checklists(facts))


def chosen(shown: Shown, facts: StudyFacts) -> pd.DataFrame:
    """The rows and columns of a table that the report shows, and whether a row is simulated."""
    rows = facts.rows(shown.table)
    if rows.empty:
        return rows
    if shown.where:
        rows = rows.query(shown.where, engine="python")
    if shown.sort:
        names = [name.removeprefix("-") for name in shown.sort]
        rows = rows.sort_values(names, ascending=[not name.startswith("-") for name in shown.sort], kind="stable")
    columns = list(dict.fromkeys(name for name in (*shown.columns, "provenance") if name in rows))
    if not shown.counted:
        return rows[columns].reset_index(drop=True)
    rounded = rows[columns].round(2).dropna(axis="columns", how="all")
    return rounded.value_counts(dropna=False, sort=False).rename(shown.counted).reset_index()
