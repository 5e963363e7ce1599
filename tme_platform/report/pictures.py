"""The figures of a section, drawn for each cohort that has something to show, with captions and data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from tme_platform.figures import FIGURES, Drawn, Entry, draw, settle
from tme_platform.report.facts import StudyFacts
from tme_platform.report.sections import Section


@dataclass(frozen=True)
class Picture:
    """A figure in the report."""

    key: str
    """Name of the file and anchor of the page."""
    name: str
    cohort: str | None
    title: str
    caption: str
    drawn: Drawn

    @property
    def data(self) -> pd.DataFrame:
        """What is drawn; of simulated data each row says so."""
        return self.drawn.data.assign(provenance="simulated") if self.drawn.simulated else self.drawn.data


def pictures(section: Section, facts: StudyFacts) -> Iterator[Picture]:
    """Draw a section's figures; one that has nothing to show is left out."""
    for name in section.figures:
        entry = FIGURES[name]
        if not all(facts.has(table) for table in entry.required):
            continue
        for cohort in _cohorts(entry, facts):
            drawn = draw(name, _tables(entry, facts, cohort), **({"cohort": cohort} if cohort is not None else {}))
            if drawn.is_empty:
                continue
            settle(drawn.figure)
            key = name if cohort is None else f"{name}-{cohort}"
            title = entry.title if cohort is None else f"{entry.title}: {cohort}"
            yield Picture(key, name, cohort, title, entry.caption, drawn)


def _cohorts(entry: Entry, facts: StudyFacts) -> list[str | None]:
    """The cohorts to draw one by one, or a single None where the figure shows all of them."""
    if not entry.per_cohort:
        return [None]
    main = facts.rows(entry.main_table)
    return [name for name in facts.cohorts if "cohort" in main and (main["cohort"] == name).any()]


def _tables(entry: Entry, facts: StudyFacts, cohort: str | None) -> dict[str, pd.DataFrame]:
    frames = {name: facts.tables[name] for name in entry.tables if name in facts.tables}
    if cohort is None:
        return frames
    return {
        name: frame[frame["cohort"] == cohort].dropna(axis="columns", how="all") if name == "cell_scores" else frame
        for name, frame in frames.items()
    }
