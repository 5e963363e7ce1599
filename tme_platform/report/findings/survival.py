"""Whether patients with hot tumours live longer."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tme_platform.figures import endpoint_label, event_word
from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.findings.answers import (
    Answer,
    Estimate,
    Finding,
    Limit,
    change,
    decided,
    limit_or,
    shown_limits,
    span,
)
from tme_platform.report.findings.labelled import independent
from tme_platform.report.wording import join_names, missing, p_value, readable

FEW_EVENTS = 50
"""Below this number of events, even a hazard ratio of 0.5 is missed in about one study of three (Schoenfeld 1983)."""
_P = 0.05
_YEAR = 365.25


def lives_longer(facts: StudyFacts) -> Finding:
    """Decide by the hazard ratio of the first endpoint in the cohort that defines the phenotypes."""
    topic, question, section = "Survival", "Do patients with hot tumours live longer?", "survival"
    rows = _first_endpoints(facts)
    if not rows:
        needed = "No cohort has both phenotypes and follow-up: this needs time to death or to another event."
        return Finding(topic, question, Answer.NOT_ASKED, (needed,), section)
    estimates = [_estimate(facts, row) for row in rows]
    first, others = estimates[0], estimates[1:]
    answer = decided(estimates)
    rate = "death" if rows[0]["endpoint"] == "os" else "event"
    said = [_words(first, answer, rate, facts.named(first.cohort))]
    adjusted = _adjusted(facts, rows[0])
    if adjusted is not None:
        said.append(f"{adjusted.text[:1].upper()}{adjusted.text[1:]}.")
    if limit_or(rows[0].get("proportional_hazards_p"), 1.0) < _P:
        said += _restricted_mean(facts, rows[0])
    if others:
        beside = [_adjusted(facts, row) for row in rows[1:]]
        texts = [
            f"{facts.named(one.cohort)} {one.number}" + ("" if other is None else f", {other.text}")
            for one, other in zip(others, beside, strict=True)
        ]
        said.append(f"In other patients: {'; '.join(texts)}.")
    limits, marked = shown_limits(
        facts, [one.cohort for one in estimates], _limits(facts, rows, estimates, adjusted, answer)
    )
    return Finding(topic, question, answer, tuple(said), section, tuple(estimates), limits, marked)


def _words(first: Estimate, answer: Answer, rate: str, where: str) -> str:
    if answer in (Answer.YES, Answer.NO):
        direction = "lower" if answer is Answer.YES else "higher"
        return f"{where}: the {rate} rate is {direction} with hot tumours, {first.text}."
    if first.answer is not answer:
        return f"The cohorts contradict each other; {where}: {first.text}."
    possible = ""
    if not math.isnan(first.low + first.high):
        possible = f" A {rate} rate from {change(first.low)} to {change(first.high)} remains possible."
    return f"{where}: no evidence of a difference, {first.text}.{possible}"


def _limits(
    facts: StudyFacts, rows: list[dict[str, Any]], estimates: list[Estimate], adjusted: Estimate | None, answer: Answer
) -> list[Limit]:
    found = []
    if adjusted is not None and answer is not Answer.CANNOT_BE_TOLD and adjusted.answer is not answer:
        found.append(Limit("cannot be told after adjustment", "survival"))
    if {-1, 1} <= {one.side for one in estimates}:
        found.append(Limit("the cohorts point in opposite directions", "survival"))
    few = [row for row in rows if row["n_events"] < FEW_EVENTS]
    if few:
        named = ", ".join(
            f"{facts.named(row['cohort'])} {event_word(row['endpoint'], row['n_events'])}" for row in few[:3]
        )
        found.append(Limit(f"few events ({named})", "survival"))
    changing = limit_or(rows[0].get("proportional_hazards_p"), 1.0)
    if changing < _P:
        said = p_value(changing)
        found.append(Limit(f"the ratio changes with time (p {said if said[0] == '<' else f'= {said}'})", "survival"))
    if not missing(rows[0].get("caution")):
        found.append(Limit("rests on a few patients", "survival"))
    if adjusted is None:
        found.append(Limit("not adjusted for age, stage or subtype", "survival"))
    return found


def _first_endpoints(facts: StudyFacts) -> list[dict[str, Any]]:
    """The first endpoint of each cohort that shares no patient with one before it."""
    tests = facts.rows("survival_tests", subgroup="all")
    if tests.empty:
        return []
    with_tests = independent(facts, [cohort for cohort in facts.cohorts if cohort in set(tests["cohort"])])
    found = []
    for cohort in with_tests:
        own = tests[tests["cohort"] == cohort]
        overall = own[own["endpoint"] == "os"]
        found.append(records(overall if len(overall) else own)[0])
    return found


def _adjusted(facts: StudyFacts, row: dict[str, Any]) -> Estimate | None:
    """The hazard ratio beside clinical variables in the same model, if it could be estimated."""
    same = {"cohort": row["cohort"], "endpoint": row["endpoint"]}
    terms = facts.rows("multivariable_survival", **same)
    own = facts.rows("multivariable_survival", **same, covariate="phenotype")
    own = own.dropna(subset=["hr"]) if len(own) else own
    if own.empty:
        return None
    named = [
        readable(name).split(",")[0]
        for name in dict.fromkeys(terms.dropna(subset=["hr"])["covariate"])
        if name != "phenotype"
    ]
    one = records(own)[0]
    return Estimate(
        f"adjusted for {join_names(named, 4)}" if named else "in the joint model", str(row["cohort"]), float(one["hr"]),
        limit_or(one["ci_low"], math.nan), limit_or(one["ci_high"], math.nan), 1.0, "below",
        f"{one['n']:,} patients, {event_word(row['endpoint'], one['n_events'])}",
    )  # fmt: skip


def _restricted_mean(facts: StudyFacts, row: dict[str, Any]) -> Iterator[str]:
    """The difference in mean survival, which needs no proportional hazards."""
    found = facts.rows("restricted_mean_survival", cohort=row["cohort"], endpoint=row["endpoint"])
    found = found[found["phenotype"] == "hot minus cold"].dropna(subset=["mean_days"]) if len(found) else found
    for one in records(found):
        yield (
            f"Mean survival within {one['tau_days'] / _YEAR:.1f} years, hot minus cold: "
            f"{span(one['mean_days'], one['ci_low'], one['ci_high'], 0)} days."
        )


def _estimate(facts: StudyFacts, row: dict[str, Any]) -> Estimate:
    label = endpoint_label(str(row["endpoint"]), facts.rows("endpoints"), str(row["cohort"]))
    return Estimate(
        f"hazard ratio ({label})", str(row["cohort"]), limit_or(row["hr_hot"], math.nan),
        limit_or(row["hr_low"], math.nan), limit_or(row["hr_high"], math.nan), 1.0, "below",
        f"{row['n']:,} patients, {event_word(row['endpoint'], row['n_events'])}",
    )  # fmt: skip
