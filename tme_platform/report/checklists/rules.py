"""What decides an item of a checklist: a small rule for each thing that the platform can know about a study.

A rule says met, not met, or (None) that only the author can say; it always says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tme_platform.report.facts import StudyFacts

_CUSTOMARY = 10
"""Patients of the rarer outcome per feature."""
NO_SIGNATURE = "There is no signature."


@dataclass(frozen=True)
class Verdict:
    """Whether something is met; None where only the author can say."""

    met: bool | None
    evidence: str
    anchor: str = ""


Rule = Callable[[StudyFacts], Verdict]


def always(evidence: str, anchor: str) -> Rule:
    """What the platform does in every study."""
    return lambda _: Verdict(True, evidence, anchor)


def author(evidence: str, anchor: str) -> Rule:
    """What the platform shows but cannot judge."""
    return lambda _: Verdict(None, evidence, anchor)


def where_rows(table: str, anchor: str, yes: str, no: str, **equal: object) -> Rule:
    """Met where a table has rows of this kind."""

    def rule(facts: StudyFacts) -> Verdict:
        found = not facts.rows(table, **equal).empty
        return Verdict(found, yes if found else no, anchor)

    return rule


def own_images(evidence: str, anchor: str) -> Rule:
    """Met where the platform extracted the signature's features itself."""

    def rule(facts: StudyFacts) -> Verdict:
        trained = facts.signature
        if trained is not None and str(trained["feature_set"]).startswith("pyradiomics"):
            return Verdict(True, evidence, anchor)
        return Verdict(None, "The signature's features came finished with the cohort; their source must say.", anchor)

    return rule


def agreement(facts: StudyFacts) -> Verdict:
    """Whether the signature's features were measured twice."""
    trained = facts.signature
    judged = facts.rows("feature_agreement")
    if trained is None or judged.empty or trained["feature_set"] not in set(judged["feature_set"]):
        return Verdict(False, "No feature of the signature's set was measured twice.", "agreement")
    kinds = ", ".join(sorted(judged.loc[judged["feature_set"] == trained["feature_set"], "kind"].unique()))
    return Verdict(True, f"ICC(2,1) with 95 % CI, by {kinds}.", "agreement")


def events_per_feature(facts: StudyFacts) -> Verdict:
    """Patients of the rarer outcome per candidate feature."""
    found = facts.rows("signature_cautions", topic="events_per_feature")
    if found.empty or found["value"].isna().all():
        return Verdict(False, NO_SIGNATURE, "signature")
    value = float(found["value"].iloc[0])
    text = f"{value:.2f} patients of the rarer outcome per candidate feature; {_CUSTOMARY} are customary."
    return Verdict(value >= _CUSTOMARY, text, "signature")


def sample_size(facts: StudyFacts) -> Verdict:
    """Whether the number of patients that would be needed was worked out."""
    found = facts.rows("signature_cautions", topic="patients_needed")
    if found.empty or found["value"].isna().all():
        return Verdict(False, "No number of patients could be worked out.", "signature")
    text = f"About {found['value'].iloc[0]:,.0f} patients would be needed; {found['n'].iloc[0]} were there."
    return Verdict(True, text + " The number was worked out afterwards.", "signature")


def centres(facts: StudyFacts) -> Verdict:
    """How many sites the signature's patients are from."""
    patients = facts.rows("signature_patients")
    known = facts.rows("patients")
    if patients.empty or "site" not in known:
        return Verdict(None, "No site is known of the signature's patients.", "cohorts")
    # a radiogenomic cohort has its clinical columns from the cohort that gave its phenotypes
    sites = known.loc[known["patient_id"].isin(patients["patient_id"]), "site"].dropna().nunique()
    if not sites:
        return Verdict(None, "No site is known of the signature's patients.", "cohorts")
    return Verdict(sites > 1, f"{sites} site(s) among the signature's patients.", "cohorts")


def acquisition(facts: StudyFacts) -> Verdict:
    """Whether it is known how the signature's images were acquired."""
    acquired = facts.rows("image_acquisition")
    own = set(facts.rows("signature_patients").get("patient_id", ()))
    if len(acquired) and own & set(acquired["patient_id"]) and acquired["field_strength_t"].notna().any():
        return Verdict(True, "Scanner, field strength, times, angle and spacing of each series.", "images")
    return Verdict(False, "How the signature's images were acquired is not among the data.", "images")


def apart(facts: StudyFacts) -> Verdict:
    """Whether nobody is on both sides of the split."""
    patients = facts.rows("signature_patients")
    if patients.empty:
        return Verdict(False, "There is no signature.", "signature")
    both = patients.groupby("patient_id")["side"].nunique() > 1
    text = f"{int(both.sum())} of {len(both)} patients are on both sides; a blocking check holds it at none."
    return Verdict(not bool(both.any()), text, "cohorts")


def intervals(facts: StudyFacts) -> Verdict:
    """Whether metrics have intervals."""
    metrics = facts.rows("cohort_metrics")
    if metrics.empty:
        return Verdict(False, "Nothing was evaluated.", "evaluation")
    with_one = int(metrics["ci_low"].notna().sum())
    return Verdict(
        with_one > 0, f"{with_one} of {len(metrics)} metrics have a 95 % CI; others say why not.", "evaluation"
    )


def several_cohorts(facts: StudyFacts) -> Verdict:
    """Whether performance stands for more than one cohort."""
    metrics = facts.rows("cohort_metrics")
    count = 0 if metrics.empty else metrics["cohort"].nunique()
    return Verdict(count > 1, f"Performance stands for {count} cohort(s), one by one.", "evaluation")


def subgroups(facts: StudyFacts) -> Verdict:
    """Whether accuracy stands for subgroups."""
    metrics = facts.rows("cohort_metrics")
    if len(metrics) and (metrics["subgroup"] != "all").any():
        return Verdict(True, "Metrics stand for subgroups, too.", "evaluation")
    if facts.has("rad_score_groups"):
        return Verdict(False, "The score is shown by clinical group, its accuracy is not.", "evaluation")
    return Verdict(False, "No subgroup was evaluated.", "evaluation")


def second_reader(facts: StudyFacts) -> Verdict:
    """Whether tumours were outlined more than once, or outlines perturbed."""
    if facts.has("reader_overlap"):
        return Verdict(True, "Outlines by several readers or sessions, with their overlap.", "agreement")
    return agreement(facts)
