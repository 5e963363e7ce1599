"""What the study found: the questions a clinician asks, each with an answer, its numbers and its limits.

The page and the terminal show these findings; neither words its own. One module per group of questions. The rules of
the answers are in `answers`. The full list of limitations belongs in `report.limits`.
"""

from __future__ import annotations

import pandas as pd

from tme_platform.report.facts import StudyFacts
from tme_platform.report.findings.answers import Answer, Estimate, Finding, Limit
from tme_platform.report.findings.definitions import other_definitions
from tme_platform.report.findings.mri import hot_on_mri, response_on_mri
from tme_platform.report.findings.phenotypes import inflamed, replicated
from tme_platform.report.findings.response import more_with_immunotherapy, responds
from tme_platform.report.findings.survival import lives_longer

__all__ = ["FINDING_TABLES", "Answer", "Estimate", "Finding", "Limit", "findings", "findings_table"]

_QUESTIONS = (
    inflamed, lives_longer, hot_on_mri, responds, more_with_immunotherapy, response_on_mri, replicated,
    other_definitions,
)  # fmt: skip

FINDING_TABLES = (
    "cohort_metrics", "cohorts", "endpoints", "leave_one_site_out", "multivariable_survival", "patients",
    "phenotype_cautions", "phenotype_characteristics", "phenotype_response", "phenotype_specifications", "rad_scores",
    "restricted_mean_survival", "signature", "signature_cautions", "signature_patients", "signature_review",
    "signature_rivals", "survival_tests", "tme_phenotypes", "treatment_interaction",
)  # fmt: skip
"""The tables that the findings are read from."""


def findings(facts: StudyFacts) -> list[Finding]:
    """Answer every question, in the order of the report."""
    return [question(facts) for question in _QUESTIONS]


def findings_table(found: list[Finding]) -> pd.DataFrame:
    """Arrange findings as a table: topic, question, answer, sentences, limits, section, provenance."""
    return pd.DataFrame(
        [
            {
                "topic": one.topic, "question": one.question, "answer": str(one.answer),
                "sentences": " ".join(one.sentences), "limits": "; ".join(limit.text for limit in one.limits),
                "section": one.section, "provenance": "simulated" if one.simulated else "real",
            }
            for one in found
        ]
    )  # fmt: skip
