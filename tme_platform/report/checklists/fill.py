"""Fill in a checklist: each item of its YAML file is answered by its rule or left to the author."""

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
_LEFT_TO_AUTHOR = Verdict(None, "")


@dataclass(frozen=True)
class Answer:
    """An item with its answer."""

    number: str
    topic: str
    asks: str
    status: str
    """One of `STATUSES`."""
    evidence: str
    anchor: str
    """Anchor of the section with the evidence, or an empty string."""


@dataclass(frozen=True)
class Filled:
    """A checklist with its answers."""

    key: str
    title: str
    source: str
    answers: tuple[Answer, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Number of items per status."""
        found = Counter(answer.status for answer in self.answers)
        return {status: found[status] for status in STATUSES}

    @property
    def table(self) -> pd.DataFrame:
        """One row per item."""
        return pd.DataFrame([asdict(answer) for answer in self.answers])


def fill_checklists(facts: StudyFacts) -> list[Filled]:
    """Answer every item of every checklist.

    Items without a rule, and items that their rule cannot decide, are left to the author.
    """
    verdicts = {name: rule(facts) for name, rule in RULES.items()}
    folder = resources.files("tme_platform.report.checklists")
    return [fill(key, folder.joinpath(f"{key}.yaml").read_text(encoding="utf-8"), verdicts) for key in CHECKLISTS]


def fill(key: str, text: str, verdicts: Mapping[str, Verdict]) -> Filled:
    """Answer the items of one checklist.

    Parameters
    ----------
    key, text
        Name and YAML content of the checklist file.
    verdicts
        Verdict of each rule in `known`.
    """
    checklist: dict[str, Any] = yaml.safe_load(text)
    answers = []
    for item in checklist["items"]:
        verdict = verdicts[item["rule"]] if "rule" in item else _LEFT_TO_AUTHOR
        status = STATUSES[2] if verdict.met is None else STATUSES[0] if verdict.met else STATUSES[1]
        answers.append(
            Answer(str(item["number"]), item["topic"], item["asks"], status, verdict.evidence, verdict.anchor)
        )
    return Filled(key, checklist["title"], checklist["source"], tuple(answers))
