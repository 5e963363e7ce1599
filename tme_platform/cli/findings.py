"""The findings of the report as lines for the terminal. What was found, and in which words, belongs in `report`.

Cohorts and rejected input belong in `summary`.
"""

from __future__ import annotations

from tme_platform.lake import Lake
from tme_platform.report import FINDING_TABLES, StudyFacts
from tme_platform.report import findings as found
from tme_platform.tables import TABLES

ANSWER_WIDTH = 16
"""Columns of the answer, before its question."""


def findings(lake: Lake) -> list[str]:
    """Two lines for each question: the answer; then the number that decided it, and the limits."""
    facts = StudyFacts("", "", {}, {name: lake.read(TABLES[name]) for name in FINDING_TABLES})
    lines = []
    for finding in found(facts):
        limits = f" Limits: {'; '.join(limit.text for limit in finding.limits)}." if finding.limits else ""
        lines.append(f"{finding.answer.upper():<{ANSWER_WIDTH}}{finding.question}")
        lines.append(f"{'':<{ANSWER_WIDTH}}{finding.sentences[0]}{limits}")
    return lines
