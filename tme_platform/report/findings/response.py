"""Whether hot tumours respond more often, and whether immunotherapy adds more in them."""

from __future__ import annotations

import math
from typing import Any

from tme_platform.figures import endpoint_label
from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.findings.answers import Answer, Estimate, Finding, Limit, decided, limit_or, shown_limits
from tme_platform.report.findings.labelled import independent
from tme_platform.report.limits import FEW_POSITIVE
from tme_platform.report.wording import missing, p_value, readable

RESPONSES = ("objective_response", "pcr", "disease_control")
"""Endpoints that are a response to treatment, the first one preferred."""


def responds(facts: StudyFacts) -> Finding:
    """Decide by the odds ratio over all arms of the first cohort with a response."""
    topic, question, section = "Treatment", "Do hot tumours respond to treatment more often?", "response"
    rows = _responses(facts)
    if not rows:
        needed = "No cohort has both phenotypes and response: this needs pCR or RECIST."
        return Finding(topic, question, Answer.NOT_ASKED, (needed,), section)
    estimates = [_estimate(facts, row) for row in rows]
    answer = decided(estimates)
    said = [_words(rows[0], estimates[0], answer, facts.named(estimates[0].cohort))]
    arms = facts.rows("phenotype_response", cohort=rows[0]["cohort"], endpoint=rows[0]["endpoint"])
    by_arm = [row for row in records(arms) if row["arm"] != "all"]
    if by_arm:
        parts = [f"{readable(row['arm'])} {_estimate(facts, row).number}" for row in by_arm]
        said.append(f"By arm: {'; '.join(parts)}.")
    limits = [Limit("not adjusted for receptor status or stage", section)]
    fewest = min(row["positive_hot"] + row["positive_cold"] for row in rows)
    if fewest < FEW_POSITIVE:
        limits.insert(0, Limit(f"few responders ({fewest})", section))
    shown, marked = shown_limits(facts, [one.cohort for one in estimates], limits)
    return Finding(
        topic, question, answer, tuple(said), section, tuple(estimates), shown, marked, f"{_responders(rows[0])}."
    )


def more_with_immunotherapy(facts: StudyFacts) -> Finding:
    """Decide by the interaction of phenotype and arm; a difference within one arm does not show it."""
    topic, section = "Immunotherapy", "response"
    question = "Is the advantage of hot tumours larger with immunotherapy?"
    rows = _interactions(facts)
    if not rows:
        needed = (
            "No immunotherapy cohort has phenotypes, response and a control arm: without a control arm, a better "
            "response of hot tumours is not evidence that immunotherapy is the reason."
        )
        return Finding(topic, question, Answer.NOT_ASKED, (needed,), section)
    nan = float("nan")
    estimates = [
        Estimate(
            f"odds ratio with {readable(row['arm'])} divided by that with {readable(row['reference_arm'])}",
            str(row["cohort"]), limit_or(row["ratio"], nan), limit_or(row["ci_low"], nan),
            limit_or(row["ci_high"], nan), 1.0, "above", f"{row['n']:,} patients",
        )
        for row in rows
    ]  # fmt: skip
    first, answer = estimates[0], decided(estimates)
    p = p_value(rows[0]["p"])
    words = {Answer.YES: "larger", Answer.NO: "smaller"}.get(answer, "no evidence of a difference between the arms")
    said = [f"{facts.named(first.cohort)}: {words}, {first.text} (p {p if p[0] == '<' else f'= {p}'})."]
    if answer is Answer.CANNOT_BE_TOLD and not math.isnan(first.low):
        said.append(f"An advantage from {first.low:.2f} to {first.high:.2f} times as large remains possible.")
    limits = [Limit("a test between arms needs far more patients than one within an arm", section)]
    tested = facts.rows("treatment_interaction", cohort=first.cohort, endpoint=rows[0]["endpoint"], arm=rows[0]["arm"])
    if tested["predictor"].nunique() > 1:
        limits.append(Limit(f"one of {tested['predictor'].nunique()} predictors tested this way", section))
    limits.append(Limit("not adjusted for receptor status or stage", section))
    shown, marked = shown_limits(facts, [one.cohort for one in estimates], limits)
    return Finding(topic, question, answer, tuple(said), section, tuple(estimates), shown, marked)


def _responses(facts: StudyFacts) -> list[dict[str, Any]]:
    """The preferred response of each cohort over all arms, immunotherapy cohorts first; no patient twice."""
    tested = facts.rows("phenotype_response", arm="all")
    tested = tested[tested["endpoint"].isin(RESPONSES)] if len(tested) else tested
    if tested.empty:
        return []
    treated = facts.with_role("immunotherapy")
    order = [*treated, *(name for name in facts.cohorts if name not in treated)]
    found = []
    for cohort in independent(facts, [name for name in order if name in set(tested["cohort"])]):
        own = {row["endpoint"]: row for row in records(tested[tested["cohort"] == cohort])}
        found.append(next(own[name] for name in RESPONSES if name in own))
    return found


def _interactions(facts: StudyFacts) -> list[dict[str, Any]]:
    """The interaction of hot tumours with each arm, compared with the control arm, for the preferred response."""
    tested = facts.rows("treatment_interaction", predictor="hot")
    found: list[dict[str, Any]] = []
    for row in _responses(facts) if len(tested) else ():
        if row["cohort"] not in facts.with_role("immunotherapy"):
            continue
        own = tested[(tested["cohort"] == row["cohort"]) & (tested["endpoint"] == row["endpoint"])]
        found += [one for one in records(own) if one["arm"] != "all" and not missing(one["reference_arm"])]
    return found


def _words(row: dict[str, Any], first: Estimate, answer: Answer, where: str) -> str:
    words = {Answer.YES: "more often", Answer.NO: "less often"}.get(answer, "no evidence of a difference")
    possible = ""
    if answer is Answer.CANNOT_BE_TOLD and not math.isnan(first.low):
        upper = f"{first.high:.2f}" if math.isfinite(first.high) else "any number of"
        possible = f" Odds from {first.low:.2f} to {upper} times those of cold tumours remain possible."
    return f"{where}: {words}, {_responders(row)}; {first.text}.{possible}"


def _responders(row: dict[str, Any]) -> str:
    cold = f"{row['positive_cold']} of {row['n_cold']} cold tumours responded"
    return f"{row['positive_hot']} of {row['n_hot']} hot and {cold}"


def _estimate(facts: StudyFacts, row: dict[str, Any]) -> Estimate:
    label = endpoint_label(str(row["endpoint"]), facts.rows("endpoints"), str(row["cohort"]))
    nan = float("nan")
    low = limit_or(row["ci_low"], nan)
    return Estimate(
        f"odds ratio ({label})", str(row["cohort"]), limit_or(row["odds_ratio"], nan if math.isnan(low) else math.inf),
        low, limit_or(row["ci_high"], nan if math.isnan(low) else math.inf), 1.0, "above", f"{row['n']:,} patients",
    )  # fmt: skip
