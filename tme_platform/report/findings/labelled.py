"""Which cohorts have phenotypes of their own, and which of them share no patient."""

from __future__ import annotations

from tme_platform.report.facts import StudyFacts


def clustered(facts: StudyFacts) -> list[str]:
    """List the cohorts that are clustered on their own, the phenotype reference first."""
    labels = facts.rows("tme_phenotypes")
    if labels.empty:
        return []
    own = labels[labels["method"] == "fit"] if "method" in labels else labels
    return [cohort for cohort in facts.cohorts if cohort in set(own["cohort"])]


def shares_patients(facts: StudyFacts, first: str, second: str) -> bool:
    """Return whether a patient identifier occurs in both cohorts."""
    ids = [set(facts.rows("patients", cohort=name).get("patient_id", ())) for name in (first, second)]
    return bool(ids[0] & ids[1])


def independent(facts: StudyFacts, cohorts: list[str]) -> list[str]:
    """Keep the first cohort, and the others that share no patient with one that is kept."""
    kept: list[str] = []
    for cohort in cohorts:
        if not any(shares_patients(facts, cohort, other) for other in kept):
            kept.append(cohort)
    return kept
