"""The vocabulary of the answers, and the rule by which an interval decides one. What is asked belongs elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from tme_platform.report.facts import StudyFacts
from tme_platform.report.wording import missing

_AT_MOST = 3


class Answer(StrEnum):
    """The answers that a finding can have."""

    YES = "yes"
    """The 95 % interval excludes no effect, in the expected direction."""
    NO = "no"
    """The 95 % interval excludes no effect, in the other direction. A narrow interval around no effect is not a no."""
    CANNOT_BE_TOLD = "cannot be told"
    """The interval includes no effect, there is none, or independent estimates contradict each other."""
    NOT_ASKED = "not asked"
    """The study has no data for the question."""


@dataclass(frozen=True)
class Estimate:
    """A number that decides an answer, with its interval.

    Attributes
    ----------
    measure, cohort
        What is estimated, in words, and in which cohort.
    value, low, high
        The estimate and its 95 % interval; missing limits are NaN, an unlimited one is infinite.
    no_effect
        The value without an effect: 1 of a ratio, 0.5 of an AUC, 0 of a difference.
    expected
        On which side of it the estimate lies if the answer is yes.
    counted
        What it is based on, in words, such as "934 patients, 128 deaths".
    """

    measure: str
    cohort: str
    value: float
    low: float
    high: float
    no_effect: float
    expected: Literal["above", "below"]
    counted: str

    @property
    def answer(self) -> Answer:
        """The answer that the interval gives."""
        above, below = self.low > self.no_effect, self.high < self.no_effect
        if not (above or below):
            return Answer.CANNOT_BE_TOLD
        return Answer.YES if above == (self.expected == "above") else Answer.NO

    @property
    def side(self) -> int:
        """On which side of no effect the value lies: 1 as expected, -1 the other, 0 on neither."""
        apart = 0.0 if math.isnan(self.value) else self.value - self.no_effect
        return int(math.copysign(1, apart if self.expected == "above" else -apart)) if apart else 0

    @property
    def text(self) -> str:
        """The measure with value, interval and counts."""
        return f"{self.measure} {self.number}"

    @property
    def number(self) -> str:
        """The value with its interval and counts."""
        return f"{span(self.value, self.low, self.high)}{f' in {self.counted}' if self.counted else ''}"


@dataclass(frozen=True)
class Limit:
    """A limit of a finding in a few words, with the section of the report that says more."""

    text: str
    section: str


@dataclass(frozen=True)
class Finding:
    """The answer to a question.

    Attributes
    ----------
    topic, question
        What is asked.
    answer
        The answer, decided by the rule in `decided`.
    sentences
        The answer in words with its numbers; the first one can stand alone.
    estimates
        The numbers that decided; the first one decides, unless another contradicts it.
    limits
        At most three, the most serious first.
    section
        The section of the report with the details.
    simulated
        Whether simulated patients are among the data.
    counted
        What was seen in counts of patients, if the number that decided does not say it.
    """

    topic: str
    question: str
    answer: Answer
    sentences: tuple[str, ...]
    section: str
    estimates: tuple[Estimate, ...] = ()
    limits: tuple[Limit, ...] = ()
    simulated: bool = False
    counted: str = ""


def decided(estimates: Sequence[Estimate]) -> Answer:
    """Decide by the first estimate. If another one gives the opposite answer, it cannot be told.

    The first estimate is that of the cohort and endpoint named first by the study, whatever it says, so that more
    estimates do not make a yes more likely.
    """
    if not estimates:
        return Answer.NOT_ASKED
    answer = estimates[0].answer
    opposite = {Answer.YES: Answer.NO, Answer.NO: Answer.YES}.get(answer)
    return Answer.CANNOT_BE_TOLD if any(other.answer == opposite for other in estimates[1:]) else answer


def shown_limits(facts: StudyFacts, cohorts: Sequence[str], found: Sequence[Limit]) -> tuple[tuple[Limit, ...], bool]:
    """Return the limits to show, the first of them that the data are simulated, and whether they are."""
    marked = any(facts.is_simulated(cohort) for cohort in cohorts)
    said = [Limit("simulated data, which say nothing about patients", "limits")] if marked else []
    return tuple([*said, *found][:_AT_MOST]), marked


def limit_or(value: Any, otherwise: float) -> float:
    """Return a limit of an interval as a number, or `otherwise` if it is missing."""
    return otherwise if missing(value) else float(value)


def span(value: float, low: float, high: float, digits: int = 2) -> str:
    """Format a value with its interval, which may be missing or without an upper limit."""
    shown = "not estimable" if not math.isfinite(value) else f"{value:.{digits}f}"
    if math.isnan(low) or math.isnan(high):
        return shown
    to = f"to {high:.{digits}f}" if math.isfinite(high) else "upwards"
    return f"{shown} (95 % CI {low:.{digits}f} {to})"


def change(ratio: float) -> str:
    """Describe a ratio as a change: "18 % higher", "2.3 times as high"."""
    if not math.isfinite(ratio):
        return "any number of times as high"
    if ratio > 2:
        return f"{ratio:.1f} times as high"
    return f"{abs(ratio - 1) * 100:.0f} % {'higher' if ratio >= 1 else 'lower'}"
