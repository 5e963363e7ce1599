"""The first screen of the report: the result in a sentence, and a verdict for each question of a clinician.

A verdict takes its answer, number and limit from a finding. It decides nothing; the rules are in `findings`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tme_platform.report.facts import StudyFacts
from tme_platform.report.findings import Answer, Estimate, Finding
from tme_platform.report.wording import join_names

SIMULATED = "simulated data"
"""How the limit begins that every finding from simulated patients has. The card has a mark for it."""
_NO_EFFECT = {0.0: "0 is no difference", 0.5: "0.5 is a coin toss", 1.0: "1 is no difference"}


class _Words(NamedTuple):
    """How the answers to a question are worded."""

    label: str
    yes: str
    no: str
    unclear: str
    title_yes: str
    """What hot tumours do, after “Hot tumours”; empty if the title of the report leaves the question out."""
    title_no: str
    title_unclear: str
    """What cannot be told, after “whether”."""


_WORDS = {
    "Hot and cold": _Words(
        "Phenotype", "Tumours called hot are inflamed.", "Tumours called hot are less inflamed than cold ones.",
        "No evidence that tumours called hot are inflamed.", "are inflamed", "are less inflamed than cold ones",
        "tumours called hot are inflamed",
    ),
    "Survival": _Words(
        "Survival", "Survival is better with hot tumours.", "Survival is worse with hot tumours.",
        "No evidence that survival differs.", "go with better survival",
        "go with worse survival", "survival differs",
    ),
    "MRI": _Words(
        "MRI", "MRI tells hot from cold better than chance.",
        "MRI tells hot from cold worse than chance.",
        "No evidence that MRI tells hot from cold.", "can be told from cold ones on MRI better than by chance",
        "are told from cold ones on MRI worse than by chance", "MRI tells hot from cold",
    ),
    "Treatment": _Words(
        "Treatment", "Hot tumours respond more often.", "Hot tumours respond less often.",
        "No evidence that response differs.", "respond to treatment more often",
        "respond to treatment less often", "hot tumours respond to treatment more often",
    ),
    "Immunotherapy": _Words(
        "Immunotherapy", "The advantage of hot tumours is larger with it.",
        "The advantage of hot tumours is smaller with it.", "No evidence that hot tumours gain more from it.", "", "",
        "",
    ),
}  # fmt: skip
"""The questions of the first screen by the topic of their finding, in order."""


_DATA = {"Hot and cold": "inflammation", "Survival": "survival", "MRI": "MRI", "Treatment": "treatment"}
"""What is missing if a question of the title was not asked."""


@dataclass(frozen=True)
class Verdict:
    """The answer to a question in a clinician's words, with its number and decisive limit.

    Attributes
    ----------
    label, answer, words
        The topic, the answer, and what it means.
    value, interval
        The number that decided and its 95 % interval; empty if there is none.
    measure, counted
        What the number is, and of whom.
    limit
        The most serious limit, empty if the finding has none.
    section, position
        Anchor of the limit's section, and number of the finding on the page, counted from 1.
    simulated
        Whether simulated patients are among the data.
    """

    label: str
    answer: Answer
    words: str
    value: str
    interval: str
    measure: str
    counted: str
    limit: str
    section: str
    position: int
    simulated: bool


def verdicts(facts: StudyFacts, found: Sequence[Finding]) -> list[Verdict]:
    """Return the verdicts of the first screen in order."""
    positions = {finding.topic: at for at, finding in enumerate(found, 1)}
    by_topic = {finding.topic: finding for finding in found}
    return [_verdict(facts, by_topic[topic], positions[topic]) for topic in _WORDS if topic in by_topic]


def remaining(found: Sequence[Finding]) -> list[tuple[int, Finding]]:
    """Return the findings without a verdict, with their numbers on the page."""
    return [(at, finding) for at, finding in enumerate(found, 1) if finding.topic not in _WORDS]


def title(found: Sequence[Finding]) -> str:
    """State the result in one to three sentences: what was found, what cannot be told, what was not asked."""
    told: list[str] = []
    unclear: list[str] = []
    silent: list[str] = []
    for finding in found:
        words = _WORDS.get(finding.topic)
        if words is None or not words.title_yes:
            continue
        if finding.answer is Answer.NOT_ASKED:
            silent.append(_DATA[finding.topic])
        elif finding.answer is Answer.CANNOT_BE_TOLD:
            unclear.append(f"whether {words.title_unclear}")
        else:
            told.append(words.title_yes if finding.answer is Answer.YES else words.title_no)
    sentences = []
    if told:
        sentences.append(f"Hot tumours {join_names(told)}.")
    if unclear:
        said = f"{join_names(unclear)} cannot be told."
        sentences.append(said[:1].upper() + said[1:])
    if silent:
        sentences.append(f"There are no data on {join_names(silent)}.")
    return " ".join(sentences)


def _verdict(facts: StudyFacts, finding: Finding, position: int) -> Verdict:
    words = _WORDS[finding.topic]
    first = finding.estimates[0] if finding.estimates else None
    said = {Answer.YES: words.yes, Answer.NO: words.no, Answer.CANNOT_BE_TOLD: words.unclear}.get(
        finding.answer, finding.sentences[0]
    )
    if first and finding.answer is Answer.CANNOT_BE_TOLD and first.answer is not Answer.CANNOT_BE_TOLD:
        said = "Independent estimates contradict each other."
    limits = [limit for limit in finding.limits if not limit.text.startswith(SIMULATED)]
    return Verdict(
        label=words.label,
        answer=finding.answer,
        words=said,
        value=_value(first),
        interval=_interval(first),
        measure=_measure(first),
        counted=", ".join(filter(None, [_counted(finding, first), _cohorts(facts, first)])),
        limit=limits[0].text if limits else "",
        section=limits[0].section if limits else finding.section,
        position=position,
        simulated=finding.simulated,
    )


def _value(first: Estimate | None) -> str:
    return "" if first is None or not math.isfinite(first.value) else f"{first.value:.2f}"


def _interval(first: Estimate | None) -> str:
    if first is None or math.isnan(first.low) or math.isnan(first.high):
        return ""
    to = f"to {first.high:.2f}" if math.isfinite(first.high) else "upwards"
    return f"95 % CI {first.low:.2f} {to}"


def _measure(first: Estimate | None) -> str:
    """Return what the number is, and which value would mean nothing."""
    if first is None:
        return ""
    return f"{first.measure[:1].upper()}{first.measure[1:]}; {_NO_EFFECT[first.no_effect]}"


def _counted(finding: Finding, first: Estimate | None) -> str:
    counted = "" if first is None else first.counted
    return f"{finding.counted} {counted}".strip() if finding.counted else counted


def _cohorts(facts: StudyFacts, first: Estimate | None) -> str:
    return (
        ""
        if first is None or not first.cohort
        else join_names([facts.named(name).partition(" (")[0] for name in first.cohort.split(", ")])
    )
