"""Whether MRI tells hot from cold tumours apart, and whether its score predicts response to immunotherapy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tme_platform.figures import endpoint_label
from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.findings.answers import (
    Answer,
    Estimate,
    Finding,
    Limit,
    decided,
    limit_or,
    shown_limits,
    span,
)
from tme_platform.report.findings.response import RESPONSES
from tme_platform.report.limits import CHANCE, FEW_POSITIVE
from tme_platform.report.wording import join_names


def hot_on_mri(facts: StudyFacts) -> Finding:
    """Decide by the out-of-fold AUC of the signature; unseen patients can contradict it."""
    topic, question, section = "MRI", "Does MRI tell hot from cold tumours?", "signature"
    trained = facts.signature
    if trained is None:
        needed = "No signature was trained: this needs patients with both image features and hot or cold tumours."
        return Finding(topic, question, Answer.NOT_ASKED, (needed,), section)
    cohorts = _trained_on(facts)
    first = Estimate(
        "AUC out of fold", ", ".join(cohorts), limit_or(trained["oof_auc"], math.nan),
        limit_or(trained["oof_auc_low"], math.nan), limit_or(trained["oof_auc_high"], math.nan), CHANCE, "above",
        f"{trained['n_patients']:,} patients, {trained['n_hot']} hot",
    )  # fmt: skip
    unseen = [_auc(facts, row) for row in _metrics(facts) if row["endpoint"] == "hot" and row["side"] != "discovery"]
    answer = decided([first, *unseen])
    where = join_names([facts.named(cohort) for cohort in cohorts]) if cohorts else "the training patients"
    said = [_words(first, answer, where)]
    if unseen:
        said.append(f"In unseen patients: {'; '.join(one.number for one in unseen)}.")
    clinical = facts.rows("signature_rivals", model="clinical", analysis="honest", metric="auc")
    for row in records(clinical.dropna(subset=["value"]) if len(clinical) else clinical):
        said.append(f"Clinical variables alone: {span(row['value'], row['ci_low'], row['ci_high'])}.")
    across = facts.rows("leave_one_site_out", site="all sites")
    for row in records(across.dropna(subset=["auc"]) if len(across) else across):
        said.append(f"Trained at the other sites: {span(row['auc'], row['ci_low'], row['ci_high'])}.")
    limits, marked = shown_limits(facts, cohorts, list(_limits(facts)))
    return Finding(topic, question, answer, tuple(said), section, (first, *unseen), limits, marked)


def response_on_mri(facts: StudyFacts) -> Finding:
    """Decide by the AUC of the signature for response in the first immunotherapy cohort."""
    topic, section = "MRI and immunotherapy", "evaluation"
    question = "Does the score from MRI predict response to immunotherapy?"
    treated = facts.with_role("immunotherapy")
    estimates = [
        _auc(facts, row)
        for endpoint in RESPONSES
        for row in _metrics(facts)
        if row["endpoint"] == endpoint and row["cohort"] in treated
    ]
    if not estimates:
        needed = "No cohort has both MRI features and response to immunotherapy."
        return Finding(topic, question, Answer.NOT_ASKED, (needed,), section)
    answer = decided(estimates)
    said = [_words(estimates[0], answer, facts.named(estimates[0].cohort))]
    if len(estimates) > 1:
        said.append(f"Also: {'; '.join(f'{facts.named(one.cohort)}, {one.text}' for one in estimates[1:])}.")
    small = [one for one in _few(facts) if one["cohort"] in treated]
    limits = [Limit(f"few patients ({_counted(small[0])})", section)] if small else []
    limits.append(Limit("does not show that the score is specific to immunotherapy", section))
    shown, marked = shown_limits(facts, [one.cohort for one in estimates], limits)
    return Finding(topic, question, answer, tuple(said), section, tuple(estimates), shown, marked)


def _words(first: Estimate, answer: Answer, where: str) -> str:
    if answer is Answer.YES:
        return f"Better than chance in {where}: {first.text}."
    if answer is Answer.NO:
        return f"Worse than chance in {where}: {first.text}."
    if first.answer is not answer:
        return f"Contradicted in other patients; {where}: {first.text}."
    possible = (
        "" if math.isnan(first.high) else f" No separation (0.5) and an AUC up to {first.high:.2f} remain possible."
    )
    return f"No evidence that it does in {where}: {first.text}.{possible}"


def _limits(facts: StudyFacts) -> Iterator[Limit]:
    scores = facts.rows("rad_scores")
    marked = int(scores["caution"].notna().sum()) if "caution" in scores else 0
    if marked:
        yield Limit(f"{marked} of {len(scores):,} scores are of features that were not harmonised", "evaluation")
    tried = facts.rows("phenotype_specifications")
    aucs = tried["auc"].dropna().tolist() if len(tried) else []
    if len(aucs) > 1:
        said = f"AUC {min(aucs):.2f} to {max(aucs):.2f} by {len(aucs)} definitions of hot and cold"
        yield Limit(said, "specifications")
    elsewhere = [row for row in _metrics(facts) if row["side"] != "discovery" and row["endpoint"] == "hot"]
    if not elsewhere:
        yield Limit("not tested in unseen patients", "evaluation")
    small = [row for row in _few(facts) if row["endpoint"] == "hot"]
    if small:
        yield Limit(f"few unseen patients ({_counted(small[0])} hot)", "evaluation")
    if len(facts.rows("signature_review", decision="refused")):
        yield Limit("this version was refused by the promotion rule", "signature")
    if elsewhere and all(row["side"] != "external" for row in elsewhere):
        yield Limit("unseen patients are of the same cohort", "evaluation")
    cautions = facts.rows("signature_cautions", topic="events_per_feature")
    for row in records(cautions.dropna(subset=["caution"]) if len(cautions) else cautions):
        yield Limit(f"{row['value']:.2g} hot tumours for each feature (10 are recommended)", "signature")


def _trained_on(facts: StudyFacts) -> list[str]:
    patients = facts.rows("signature_patients")
    used = set(patients["cohort"]) if len(patients) else set(facts.with_role("signature_discovery"))
    return [cohort for cohort in facts.cohorts if cohort in used]


def _metrics(facts: StudyFacts) -> list[dict[str, Any]]:
    table = facts.rows("cohort_metrics", analysis="honest", metric="auc", subgroup="all", model="signature")
    return records(table.dropna(subset=["value"]) if len(table) else table)


def _few(facts: StudyFacts) -> list[dict[str, Any]]:
    return [
        row
        for row in _metrics(facts)
        if row["side"] != "discovery" and min(row["n_positive"], row["n"] - row["n_positive"]) < FEW_POSITIVE
    ]


def _counted(row: dict[str, Any]) -> str:
    return f"{row['n']:,}, {row['n_positive']}"


def _auc(facts: StudyFacts, row: dict[str, Any]) -> Estimate:
    label = endpoint_label(str(row["endpoint"]), facts.rows("endpoints"), str(row["cohort"]))
    hot = row["endpoint"] == "hot"
    return Estimate(
        "AUC" if hot else f"AUC ({label})", str(row["cohort"]), float(row["value"]), limit_or(row["ci_low"], math.nan),
        limit_or(row["ci_high"], math.nan), CHANCE, "above",
        f"{row['n']:,} patients, {row['n_positive']} {'hot' if hot else 'with response'}",
    )  # fmt: skip
