"""Filling a checklist: its items from the YAML file, each answered by its rule or left to the author."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import pandas as pd
import yaml

from tme_platform.report.checklists.known import RULES
from tme_platform.report.checklists.rules import Verdict
from tme_platform.report.facts import StudyFacts

CHECKLISTS = ("metrics", "clear", "tripod_ai", "rqs")
STATUSES = ("met", "not met", "for the author")
_AUTHOR = Verdict(None, "")


@dataclass(frozen=True)
class Answer:
    """One item, answered."""

    number: str
    topic: str
    asks: str
    status: str
    """One of `STATUSES`."""
    evidence: str
    anchor: str
    """Part of the report that shows it, or nothing."""


@dataclass(frozen=True)
class Filled:
    """A checklist with its answers."""

    key: str
    title: str
    source: str
    answers: tuple[Answer, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many items have each status."""
        found = Counter(answer.status for answer in self.answers)
        return {status: found[status] for status in STATUSES}

    @property
    def table(self) -> pd.DataFrame:
        """One row per item."""
        return pd.DataFrame([asdict(answer) for answer in self.answers])


def fill_checklists(facts: StudyFacts) -> list[Filled]:
    """Answer every item of every checklist.

    An item without a rule, and one whose rule cannot know, is for the author.
    """
    verdicts = {name: rule(facts) for name, rule in RULES.items()}
    folder = resources.files("tme_platform.report.checklists")
    return [fill(key, folder.joinpath(f"{key}.yaml").read_text(encoding="utf-8"), verdicts) for key in CHECKLISTS]


def fill(key: str, text: str, verdicts: Mapping[str, Verdict]) -> Filled:
    """Answer the items of one checklist.

    Parameters
    ----------
    key, text
        Name and content (YAML) of its file.
    verdicts
        What each rule of `known` says.
    """
    written: dict[str, Any] = yaml.safe_load(text)
    answers = []
    for item in written["items"]:
        verdict = verdicts[item["rule"]] if "rule" in item else _AUTHOR
        status = STATUSES[2] if verdict.met is None else STATUSES[0] if verdict.met else STATUSES[1]
        answers.append(
            Answer(str(item["number"]), item["topic"], item["asks"], status, verdict.evidence, verdict.anchor)
        )
    return Filled(key, written["title"], written["source"], tuple(answers))
