"""The figures of a section, drawn for each cohort that has something to show, with captions and data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tme_platform.figures import FIGURES, Drawn, Entry, draw, fix_layout
from tme_platform.report.embed import Embedded, csv_link, picture_link
from tme_platform.report.facts import StudyFacts
from tme_platform.report.remembered import Remembered, digest
from tme_platform.report.sections import Section


@dataclass(frozen=True)
class Picture:
    """A figure in the report; drawn when it is looked at for the first time."""

    key: str
    """Name of the file and anchor of the page."""
    name: str
    cohort: str | None
    title: str
    caption: str
    tables: Mapping[str, pd.DataFrame]

    @cached_property
    def drawn(self) -> Drawn:
        """The figure with everything in its place."""
        options = {"cohort": self.cohort} if FIGURES[self.name].per_cohort else {}
        drawn = draw(self.name, self.tables, **options)
        if not drawn.is_empty:
            fix_layout(drawn.figure)
        return drawn

    @property
    def data(self) -> pd.DataFrame:
        """What is drawn; of simulated data each row says so."""
        return self.drawn.data.assign(provenance="simulated") if self.drawn.simulated else self.drawn.data

    def embedded(self, remembered: Remembered | None) -> Embedded | None:
        """As the page has it, from memory where the same was drawn before; None where there is nothing to show."""
        content = digest(self.name, self.cohort, self.tables) if remembered else ""
        if remembered and (before := remembered.get(self.key, content)):
            return before
        if self.drawn.is_empty:
            return None
        now = Embedded(picture_link(self.drawn), csv_link(self.data, self.key), self.drawn.notes)
        if remembered:
            remembered.put(self.key, content, now)
        return now


def pictures(
    section: Section, facts: StudyFacts, remembered: Remembered | None = None
) -> Iterator[tuple[Picture, Embedded]]:
    """The figures of a section that have something to show."""
    for name in section.figures:
        for cohort in _cohorts(FIGURES[name], facts):
            made = picture(name, facts.tables, cohort)
            if made is not None and (embedded := made.embedded(remembered)):
                yield made, embedded


def picture(name: str, tables: Mapping[str, pd.DataFrame], cohort: str | None = None) -> Picture | None:
    """A figure before it is drawn; of a cohort it is drawn from that cohort's rows: others that grow change nothing.

    Parameters
    ----------
    name
        One of `FIGURES`.
    tables
        Table name -> frame as the lake has it; more than the figure needs may be there.
    cohort
        Which cohort; None for a figure of all of them.

    Returns
    -------
    None where a table that it needs has no rows.
    """
    entry = FIGURES[name]
    frames = {table: _of(cohort, table, tables[table]) for table in entry.tables if table in tables}
    frames = {table: frame for table, frame in frames.items() if len(frame)}
    if not set(entry.required) <= set(frames):
        return None
    key, title = (name, entry.title) if cohort is None else (f"{name}-{cohort}", f"{entry.title}: {cohort}")
    return Picture(key, name, cohort, title, entry.caption, frames)


def _cohorts(entry: Entry, facts: StudyFacts) -> list[str | None]:
    """The cohorts to draw one by one, or a single None where the figure shows all of them."""
    if not entry.per_cohort:
        return [None]
    present = [set(facts.rows(table).get("cohort", ())) for table in entry.required]
    return [name for name in facts.cohorts if all(name in cohorts for cohorts in present)]


def _of(cohort: str | None, table: str, frame: pd.DataFrame) -> pd.DataFrame:
    if cohort is None or "cohort" not in frame:
        return frame
    own = frame[frame["cohort"] == cohort]
    return own.dropna(axis="columns", how="all") if table == "cell_scores" else own
