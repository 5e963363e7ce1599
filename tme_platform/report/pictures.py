"""The figures of a section, drawn for each cohort that has something to show, with captions and data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tme_platform.figures import FIGURES, Drawn, Entry, draw, settle
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
        options = {"cohort": self.cohort} if self.cohort is not None else {}
        drawn = draw(self.name, self.tables, **options)
        if not drawn.is_empty:
            settle(drawn.figure)
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
        entry = FIGURES[name]
        if not all(facts.has(table) for table in entry.required):
            continue
        for cohort in _cohorts(entry, facts):
            key = name if cohort is None else f"{name}-{cohort}"
            title = entry.title if cohort is None else f"{entry.title}: {cohort}"
            picture = Picture(key, name, cohort, title, entry.caption, _tables(entry, facts, cohort))
            if embedded := picture.embedded(remembered):
                yield picture, embedded


def _cohorts(entry: Entry, facts: StudyFacts) -> list[str | None]:
    """The cohorts to draw one by one, or a single None where the figure shows all of them."""
    if not entry.per_cohort:
        return [None]
    main = facts.rows(entry.main_table)
    return [name for name in facts.cohorts if "cohort" in main and (main["cohort"] == name).any()]


def _tables(entry: Entry, facts: StudyFacts, cohort: str | None) -> dict[str, pd.DataFrame]:
    """The frames that a figure is drawn from; of one cohort only its rows: others that grow change nothing."""
    frames = {name: facts.tables[name] for name in entry.tables if name in facts.tables}
    if cohort is None:
        return frames
    own = {name: frame[frame["cohort"] == cohort] if "cohort" in frame else frame for name, frame in frames.items()}
    return {
        name: frame.dropna(axis="columns", how="all") if name == "cell_scores" else frame for name, frame in own.items()
    }
