"""Rules that decide the items of a checklist from the tables of a study.

A rule returns met, not met, or None if only the author can decide. It always states the evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tme_platform.report.facts import StudyFacts

_CUSTOMARY_MINIMUM = 10
"""Customary minimum of patients with the rarer outcome per candidate feature."""
NO_SIGNATURE = "There is no signature."


@dataclass(frozen=True)
class Verdict:
    """Whether a requirement is met, with the evidence; None if only the author can decide."""

    met: bool | None
    evidence: str
    anchor: str = ""


Rule = Callable[[StudyFacts], Verdict]


def always_met(evidence: str, anchor: str) -> Rule:
    """Build a rule for what the platform does in every study."""
    return lambda _: Verdict(True, evidence, anchor)


def author_decides(evidence: str, anchor: str) -> Rule:
    """Build a rule for what the report shows but only the author can assess."""
    return lambda _: Verdict(None, evidence, anchor)


def where_rows(table: str, anchor: str, yes: str, no: str, **equal: object) -> Rule:
    """Build a rule that is met if a table has rows with these values."""

    def rule(facts: StudyFacts) -> Verdict:
        found = not facts.rows(table, **equal).empty
        return Verdict(found, yes if found else no, anchor)

    return rule


def features_extracted_here(evidence: str, anchor: str) -> Rule:
    """Build a rule that is met if the platform extracted the signature's features."""

    def rule(facts: StudyFacts) -> Verdict:
        trained = facts.signature
        if trained is not None and str(trained["feature_set"]).startswith("pyradiomics"):
            return Verdict(True, evidence, anchor)
        return Verdict(None, "The platform did not extract the signature's features; see their source.", anchor)

    return rule


def agreement(facts: StudyFacts) -> Verdict:
    """Check whether the signature's features were measured repeatedly."""
    trained = facts.signature
    measured = facts.rows("feature_agreement")
    if trained is None or measured.empty or trained["feature_set"] not in set(measured["feature_set"]):
        return Verdict(False, "No feature in the signature's feature set was measured repeatedly.", "agreement")
    kinds = ", ".join(sorted(measured.loc[measured["feature_set"] == trained["feature_set"], "kind"].unique()))
    return Verdict(True, f"ICC(2,1) with 95 % CI, by {kinds}.", "agreement")


def events_per_feature(facts: StudyFacts) -> Verdict:
    """Compare the patients with the rarer outcome per candidate feature with the customary minimum."""
    found = facts.rows("signature_cautions", topic="events_per_feature")
    if found.empty or found["value"].isna().all():
        return Verdict(False, NO_SIGNATURE, "signature")
    value = float(found["value"].iloc[0])
    text = (
        f"{value:.2f} patients with the rarer outcome per candidate feature; "
        f"at least {_CUSTOMARY_MINIMUM} are customary."
    )
    return Verdict(value >= _CUSTOMARY_MINIMUM, text, "signature")


def sample_size(facts: StudyFacts) -> Verdict:
    """Check whether the required number of patients was computed."""
    found = facts.rows("signature_cautions", topic="patients_needed")
    if found.empty or found["value"].isna().all():
        return Verdict(False, "The required number of patients could not be computed.", "signature")
    text = f"About {found['value'].iloc[0]:,.0f} patients would be needed; {found['n'].iloc[0]} were available."
    return Verdict(True, text + " The number was computed retrospectively.", "signature")


def centres(facts: StudyFacts) -> Verdict:
    """Count the sites of the signature's patients."""
    patients = facts.rows("signature_patients")
    known = facts.rows("patients")
    if patients.empty or "site" not in known:
        return Verdict(None, "The sites of the signature's patients are not known.", "cohorts")
    # the clinical columns of a radiogenomic cohort come from the cohort that provides its phenotypes
    sites = known.loc[known["patient_id"].isin(patients["patient_id"]), "site"].dropna().nunique()
    if not sites:
        return Verdict(None, "The sites of the signature's patients are not known.", "cohorts")
    return Verdict(sites > 1, f"{sites} site(s) among the signature's patients.", "cohorts")


def acquisition(facts: StudyFacts) -> Verdict:
    """Check whether the acquisition parameters of the signature's images are known."""
    acquired = facts.rows("image_acquisition")
    own = set(facts.rows("signature_patients").get("patient_id", ()))
    if len(acquired) and own & set(acquired["patient_id"]) and acquired["field_strength_t"].notna().any():
        return Verdict(True, "Scanner, field strength, TR, TE, flip angle and voxel spacing of each series.", "images")
    return Verdict(False, "The data do not include acquisition parameters of the signature's images.", "images")


def disjoint_split(facts: StudyFacts) -> Verdict:
    """Check that no patient is on both sides of the split."""
    patients = facts.rows("signature_patients")
    if patients.empty:
        return Verdict(False, NO_SIGNATURE, "signature")
    both = patients.groupby("patient_id")["side"].nunique() > 1
    text = f"{int(both.sum())} of {len(both)} patients are on both sides; a blocking check enforces that none are."
    return Verdict(not bool(both.any()), text, "cohorts")


def intervals(facts: StudyFacts) -> Verdict:
    """Count the metrics with a confidence interval."""
    metrics = facts.rows("cohort_metrics")
    if metrics.empty:
        return Verdict(False, "No metrics were computed.", "evaluation")
    with_interval = int(metrics["ci_low"].notna().sum())
    return Verdict(
        with_interval > 0,
        f"{with_interval} of {len(metrics)} metrics have a 95 % CI; the others state the reason.",
        "evaluation",
    )


def several_cohorts(facts: StudyFacts) -> Verdict:
    """Check whether performance is reported for more than one cohort."""
    metrics = facts.rows("cohort_metrics")
    count = 0 if metrics.empty else metrics["cohort"].nunique()
    return Verdict(count > 1, f"Performance is reported for {count} cohort(s), separately.", "evaluation")


def subgroups(facts: StudyFacts) -> Verdict:
    """Check whether metrics are reported for subgroups."""
    metrics = facts.rows("cohort_metrics")
    if len(metrics) and (metrics["subgroup"] != "all").any():
        return Verdict(True, "Metrics are also reported for subgroups.", "evaluation")
    if facts.has("rad_score_groups"):
        return Verdict(False, "The rad-score is reported by clinical group, but not its accuracy.", "evaluation")
    return Verdict(False, "No subgroup was evaluated.", "evaluation")


def second_reader(facts: StudyFacts) -> Verdict:
    """Check whether tumours were outlined more than once or outlines were perturbed."""
    if facts.has("reader_overlap"):
        return Verdict(True, "Outlines by several readers or in several sessions, with their overlap.", "agreement")
    return agreement(facts)
