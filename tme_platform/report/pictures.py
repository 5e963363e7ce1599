"""The figures of a section, one for each cohort with data, with captions and data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tme_platform.figures import FIGURES, Drawn, Entry, draw, fix_layout
from tme_platform.figures.style import MM_PER_INCH
from tme_platform.report.embed import Embedded, csv_link, picture_link
from tme_platform.report.facts import StudyFacts
from tme_platform.report.remembered import Remembered, digest
from tme_platform.report.sections import Section


@dataclass(frozen=True)
class Picture:
    """A figure in the report. It is drawn on first access."""

    key: str
    """File name and anchor on the page."""
    name: str
    cohort: str | None
    title: str
    caption: str
    tables: Mapping[str, pd.DataFrame]

    @cached_property
    def drawn(self) -> Drawn:
        """The drawn figure with its final layout."""
        options = {"cohort": self.cohort} if FIGURES[self.name].per_cohort else {}
        drawn = draw(self.name, self.tables, **options)
        if not drawn.is_empty:
            fix_layout(drawn.figure)
        return drawn

    @property
    def data(self) -> pd.DataFrame:
        """The plotted data. Simulated data have a column `provenance`."""
        return self.drawn.data.assign(provenance="simulated") if self.drawn.simulated else self.drawn.data

    def embedded(self, remembered: Remembered | None) -> Embedded | None:
        """Return the figure as embedded in the page, from the cache if possible, or None if it is empty."""
        content = digest(self.name, self.cohort, self.tables) if remembered else ""
        if remembered and (cached := remembered.get(self.key, content)):
            return cached
        if self.drawn.is_empty:
            return None
        width_mm = round(self.drawn.figure.get_figwidth() * MM_PER_INCH, 1)
        embedded = Embedded(picture_link(self.drawn), csv_link(self.data, self.key), self.drawn.notes, width_mm)
        if remembered:
            remembered.put(self.key, content, embedded)
        return embedded


def pictures(
    section: Section, facts: StudyFacts, remembered: Remembered | None = None
) -> Iterator[tuple[Picture, Embedded]]:
    """Yield the figures of a section that are not empty."""
    for name in section.figures:
        for cohort in _cohorts(FIGURES[name], facts):
            figure = picture(name, facts.tables, cohort, facts.named(cohort))
            if figure is not None and (embedded := figure.embedded(remembered)):
                yield figure, embedded


def picture(
    name: str, tables: Mapping[str, pd.DataFrame], cohort: str | None = None, called: str | None = None
) -> Picture | None:
    """Prepare a figure without drawing it.

    A figure of one cohort uses only the rows of that cohort, so changes in other cohorts do not affect it.

    Parameters
    ----------
    name
        One of `FIGURES`.
    tables
        Table name -> frame from the lake. Extra tables are ignored.
    cohort
        Cohort to draw, or None for a figure of all cohorts.
    called
        The cohort's name in the title of the figure, if it is not that of the table.

    Returns
    -------
    The figure, or None if a required table has no rows.
    """
    entry = FIGURES[name]
    frames = {table: _rows_of_cohort(cohort, table, tables[table]) for table in entry.tables if table in tables}
    frames = {table: frame for table, frame in frames.items() if len(frame)}
    if not set(entry.required) <= set(frames):
        return None
    key, title = (name, entry.title) if cohort is None else (f"{name}-{cohort}", f"{entry.title}: {called or cohort}")
    return Picture(key, name, cohort, title, entry.caption, frames)


def _cohorts(entry: Entry, facts: StudyFacts) -> list[str | None]:
    """List the cohorts to draw separately, or a single None for a figure of all cohorts."""
    if not entry.per_cohort:
        return [None]
    present = [set(facts.rows(table).get("cohort", ())) for table in entry.required]
    return [name for name in facts.cohorts if all(name in cohorts for cohorts in present)]


def _rows_of_cohort(cohort: str | None, table: str, frame: pd.DataFrame) -> pd.DataFrame:
    if cohort is None or "cohort" not in frame:
        return frame
    own = frame[frame["cohort"] == cohort]
    return own.dropna(axis="columns", how="all") if table == "cell_scores" else own
