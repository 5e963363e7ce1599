"""Whether the result from MRI holds if hot and cold are defined in another way."""

from __future__ import annotations

import pandas as pd

from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.findings.answers import Answer, Estimate, Finding, Limit, limit_or, shown_limits
from tme_platform.report.limits import CHANCE


def other_definitions(facts: StudyFacts) -> Finding:
    """Answer yes or no only if the intervals of all definitions do."""
    topic, section = "Other definitions", "specifications"
    question = "Does MRI tell hot from cold tumours whichever way they are defined?"
    table = facts.rows("phenotype_specifications")
    known = table.dropna(subset=["auc"]) if len(table) else table
    if len(known) < 2:
        needed = "Fewer than two definitions of hot and cold could be tried in patients with image features."
        return Finding(topic, question, Answer.NOT_ASKED, (needed,), section)
    nan = float("nan")
    estimates = [
        Estimate(
            str(row["specification"]), str(row.get("cohort", "")), float(row["auc"]), limit_or(row["auc_low"], nan),
            limit_or(row["auc_high"], nan), CHANCE, "above", "",
        )
        for row in records(known)
    ]  # fmt: skip
    answers = {one.answer for one in estimates}
    answer = answers.pop() if len(answers) == 1 else Answer.CANNOT_BE_TOLD
    above = sum(one.answer is Answer.YES for one in estimates)
    said = [
        f"AUC {known['auc'].min():.2f} to {known['auc'].max():.2f} by {len(known)} definitions; the 95 % interval lies "
        f"above 0.5 for {above} of them."
    ]
    said += _by_definition(table)
    limits = [Limit("the definitions share patients and are not independent", section)]
    if any(one.answer is Answer.YES for one in estimates) and answer is not Answer.YES:
        limits.insert(0, Limit("no single definition may be picked for its result", section))
    cohorts = sorted({one.cohort for one in estimates if one.cohort} | set(facts.with_role("signature_discovery")))
    shown, marked = shown_limits(facts, cohorts, limits)
    return Finding(topic, question, answer, tuple(said), section, tuple(estimates), shown, marked)


def _by_definition(table: pd.DataFrame) -> list[str]:
    """What becomes of the leukocyte fraction and of survival."""
    said = []
    leukocytes = table.dropna(subset=["leukocyte_fraction_hot", "leukocyte_fraction_cold"])
    if len(leukocytes):
        higher = int((leukocytes["leukocyte_fraction_hot"] > leukocytes["leukocyte_fraction_cold"]).sum())
        said.append(f"leukocyte fraction higher in hot tumours by {higher} of {len(leukocytes)}")
    ratios = table["hr_hot"].dropna()
    if len(ratios) > 1:
        said.append(f"hazard ratio (overall survival) {ratios.min():.2f} to {ratios.max():.2f}")
    text = "; ".join(said)
    return [f"{text[:1].upper()}{text[1:]}."] if text else []
