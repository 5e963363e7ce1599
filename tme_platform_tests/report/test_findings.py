"""Answers to the questions of a clinician, from tables made here: yes, no, cannot be told, not asked, and simulated."""

import math

import pandas as pd
import pytest

from tme_platform.report import StudyFacts, tables_needed
from tme_platform.report.findings import FINDING_TABLES, Answer, Estimate, Finding, findings, findings_table
from tme_platform.report.findings.answers import change, decided, span

HOT, COLD = 20, 30
ROLES = {
    "tcga": "phenotype_reference",
    "other": "phenotype_replication",
    "mri": "signature_discovery, signature_validation",
    "trial": "immunotherapy",
}
QUESTIONS = {
    "inflamed": "Hot and cold",
    "survival": "Survival",
    "mri": "MRI",
    "responds": "Treatment",
    "more": "Immunotherapy",
    "predicts": "MRI and immunotherapy",
    "replicated": "Other cohorts",
    "definitions": "Other definitions",
}


def labels(*cohorts: str) -> pd.DataFrame:
    rows = [
        {"cohort": cohort, "patient_id": f"{cohort}{at}", "phenotype": "hot" if at < HOT else "cold", "method": "fit"}
        for cohort in cohorts
        for at in range(HOT + COLD)
    ]
    return pd.DataFrame(rows)


def compared(cohort: str, variable: str, hot: float, cold: float, *, family: str = "yardsticks", fdr: float = 0.001):
    return [
        {
            "cohort": cohort, "family": family, "variable": variable, "phenotype": name, "level": None, "n": n,
            "mean": mean, "sd": 0.1, "median": mean, "share": None, "fdr": fdr,
        }
        for name, mean, n in (("hot", hot, HOT), ("cold", cold, COLD))
    ]  # fmt: skip


def hazard(
    cohort: str, value: float, low: float, high: float, n_events: int = 120, **more: object
) -> dict[str, object]:
    return {
        "cohort": cohort, "endpoint": "os", "subgroup": "all", "n": 500, "n_events": n_events, "hr_hot": value,
        "hr_low": low, "hr_high": high, "p": 0.2, "proportional_hazards_p": 0.5, "caution": None, "reason": None,
        **more,
    }  # fmt: skip


def odds(arm: str, value: float, low: float, high: float | None) -> dict[str, object]:
    return {
        "cohort": "trial", "endpoint": "pcr", "arm": arm, "n": 90, "n_hot": 40, "positive_hot": 20, "n_cold": 50,
        "positive_cold": 10, "odds_ratio": value, "ci_low": low, "ci_high": high, "p": 0.01, "reason": None,
    }  # fmt: skip


def interaction(low: float, high: float, reference: str | None = "control") -> pd.DataFrame:
    row = {
        "cohort": "trial",
        "endpoint": "pcr",
        "arm": "drug",
        "reference_arm": reference,
        "ratio": (low * high) ** 0.5,
    }
    row |= {"ci_low": low, "ci_high": high, "p": 0.1, "n": 90}
    return pd.DataFrame([row | {"predictor": name} for name in ("hot", "B cells")])


def auc(low: float, high: float, **changed: object) -> pd.DataFrame:
    row = {
        "cohort": "mri", "side": "validation", "model": "signature", "subgroup": "all", "endpoint": "hot",
        "analysis": "honest", "metric": "auc", "value": (low + high) / 2, "ci_low": low, "ci_high": high, "n": 60,
        "n_positive": 25,
    }  # fmt: skip
    return pd.DataFrame([row | changed])


def signature(low: float, high: float) -> pd.DataFrame:
    values = {"oof_auc": (low + high) / 2, "oof_auc_low": low, "oof_auc_high": high, "apparent_auc": 0.99}
    return pd.DataFrame([{"n_patients": 70, "n_hot": 27, **values}])


def definitions(*intervals: tuple[float, float]) -> pd.DataFrame:
    rows = [
        {
            "specification": f"definition {at}", "cohort": "tcga", "auc": (low + high) / 2, "auc_low": low,
            "auc_high": high, "leukocyte_fraction_hot": 0.3, "leukocyte_fraction_cold": 0.1, "hr_hot": 0.8 + at / 10,
        }
        for at, (low, high) in enumerate(intervals)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def study(provenance: str = "real", **tables: object) -> StudyFacts:
    cohorts = pd.DataFrame({"cohort": list(ROLES), "roles": list(ROLES.values()), "provenance": provenance})
    made = {name: rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows) for name, rows in tables.items()}
    return StudyFacts("small", "Small", {}, {"cohorts": cohorts, **made})


def found(question: str, facts: StudyFacts) -> Finding:
    (one,) = [one for one in findings(facts) if one.topic == QUESTIONS[question]]
    return one


def said(finding: Finding) -> str:
    return " ".join(finding.sentences)


def limits(finding: Finding) -> str:
    return "; ".join(limit.text for limit in finding.limits)


TWO = labels("tcga", "other")


def measured(*rows: list[dict[str, object]]) -> dict[str, object]:
    """Two cohorts of hot and cold tumours, and what was measured in them."""
    return {"tme_phenotypes": TWO, "phenotype_characteristics": [row for one in rows for row in one]}


RESPONSE = [odds("all", 3.0, 1.2, 7.5), odds("drug", 4.0, 1.1, 15.0)]
CASES = [
    ("inflamed", "yes", measured(compared("tcga", "leukocyte_fraction", 0.3, 0.15))),
    ("inflamed", "yes", measured(compared("tcga", "purity_absolute", 0.5, 0.7))),
    ("inflamed", "no", measured(compared("tcga", "leukocyte_fraction", 0.1, 0.25))),
    ("inflamed", "cannot be told", measured(compared("tcga", "stil_percent", 0.2, 0.19))),
    ("inflamed", "cannot be told", measured(
        compared("tcga", "leukocyte_fraction", 0.3, 0.15), compared("tcga", "purity_absolute", 0.8, 0.6))),
    ("inflamed", "not asked", {"tme_phenotypes": TWO}),
    ("survival", "yes", {"survival_tests": [hazard("tcga", 0.6, 0.4, 0.9)]}),
    ("survival", "no", {"survival_tests": [hazard("tcga", 1.6, 1.1, 2.4)]}),
    ("survival", "cannot be told", {"survival_tests": [hazard("tcga", 0.8, 0.58, 1.18)]}),
    ("survival", "cannot be told", {"survival_tests": [hazard("tcga", 0.98, 0.95, 1.01)]}),
    ("survival", "cannot be told", {"survival_tests": [hazard("tcga", math.nan, math.nan, math.nan)]}),
    ("survival", "not asked", {}),
    ("mri", "yes", {"signature": signature(0.6, 0.8)}),
    ("mri", "no", {"signature": signature(0.2, 0.4)}),
    ("mri", "cannot be told", {"signature": signature(0.43, 0.76)}),
    ("mri", "not asked", {}),
    ("responds", "yes", {"phenotype_response": RESPONSE}),
    ("responds", "yes", {"phenotype_response": [odds("all", math.nan, 2.0, None)]}),
    ("responds", "no", {"phenotype_response": [odds("all", 0.3, 0.1, 0.8)]}),
    ("responds", "cannot be told", {"phenotype_response": [odds("all", 1.3, 0.6, 2.8)]}),
    ("responds", "not asked", {"phenotype_response": [odds("all", 3.0, 1.2, 7.5) | {"endpoint": "pd_l1_positive"}]}),
    ("more", "yes", {"phenotype_response": RESPONSE, "treatment_interaction": interaction(1.2, 9.0)}),
    ("more", "no", {"phenotype_response": RESPONSE, "treatment_interaction": interaction(0.1, 0.9)}),
    ("more", "cannot be told", {"phenotype_response": RESPONSE, "treatment_interaction": interaction(0.8, 11.6)}),
    ("more", "not asked", {"phenotype_response": RESPONSE, "treatment_interaction": interaction(1.2, 9.0, None)}),
    ("predicts", "yes", {"cohort_metrics": auc(0.6, 0.9, cohort="trial", side="external", endpoint="pcr")}),
    ("predicts", "no", {"cohort_metrics": auc(0.1, 0.4, cohort="trial", side="external", endpoint="pcr")}),
    ("predicts", "cannot be told", {"cohort_metrics": auc(0.4, 0.8, cohort="trial", side="external", endpoint="pcr")}),
    ("predicts", "not asked", {"cohort_metrics": auc(0.6, 0.9)}),
    ("replicated", "yes", measured(compared("other", "cd8_percent", 30.0, 5.0))),
    ("replicated", "no", measured(compared("other", "cd8_percent", 5.0, 30.0))),
    ("replicated", "cannot be told", measured(compared("other", "cd8_percent", 5.0, 5.0))),
    ("replicated", "not asked", {"tme_phenotypes": TWO}),
    ("replicated", "not asked", {"tme_phenotypes": labels("tcga")}),
    ("definitions", "yes", {"phenotype_specifications": definitions((0.6, 0.8), (0.55, 0.9))}),
    ("definitions", "no", {"phenotype_specifications": definitions((0.1, 0.4), (0.2, 0.45))}),
    ("definitions", "cannot be told", {"phenotype_specifications": definitions((0.6, 0.8), (0.3, 0.7))}),
    ("definitions", "not asked", {"phenotype_specifications": definitions((0.6, 0.8))}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "answer", "tables"), CASES, ids=lambda part: part if isinstance(part, str) else ""
)
def test_the_interval_decides_the_answer(question: str, answer: str, tables: dict[str, object]) -> None:
    for provenance in ("real", "simulated"):
        finding = found(question, study(provenance, **tables))
        assert finding.answer == answer
        assert finding.sentences[0]
        assert len(finding.limits) <= 3
        if answer != "not asked":
            simulated = provenance == "simulated"
            assert finding.simulated == simulated
            assert limits(finding).startswith("simulated data") == simulated


def test_a_narrow_interval_around_no_effect_is_not_a_no() -> None:
    narrow = Estimate("ratio", "a", 1.0, 0.99, 1.01, 1.0, "above", "")
    assert narrow.answer is Answer.CANNOT_BE_TOLD
    assert Estimate("ratio", "a", 1.0, 1.0, 1.2, 1.0, "above", "").answer is Answer.CANNOT_BE_TOLD, "1 is included"


def test_more_estimates_do_not_make_a_yes() -> None:
    unclear = Estimate("ratio", "a", 1.1, 0.9, 1.3, 1.0, "above", "")
    clear = Estimate("ratio", "b", 1.5, 1.2, 1.9, 1.0, "above", "")
    opposite = Estimate("ratio", "c", 0.5, 0.2, 0.8, 1.0, "above", "")
    assert decided([unclear, clear, clear]) is Answer.CANNOT_BE_TOLD
    assert decided([clear, unclear]) is Answer.YES
    assert decided([clear, opposite]) is Answer.CANNOT_BE_TOLD
    assert decided([]) is Answer.NOT_ASKED


def test_what_cannot_be_told_states_what_remains_possible() -> None:
    tests = [hazard("tcga", 0.82, 0.58, 1.18, 128), hazard("other", 1.73, 0.94, 3.21, 48)]
    finding = found("survival", study(survival_tests=tests))
    assert "no evidence of a difference, hazard ratio (overall survival) 0.82 (95 % CI 0.58 to 1.18)" in said(finding)
    assert "from 42 % lower to 18 % higher remains possible" in said(finding)
    assert "other 1.73 (95 % CI 0.94 to 3.21) in 500 patients, 48 deaths" in said(finding)
    assert limits(finding) == (
        "the cohorts point in opposite directions; few events (other 48 deaths); not adjusted for age, stage or subtype"
    )
    unclear = found("mri", study(signature=signature(0.43, 0.76)))
    assert "No separation (0.5) and an AUC up to 0.76 remain possible" in said(unclear)


def test_cohorts_that_share_patients_are_no_second_opinion() -> None:
    patients = pd.DataFrame({"cohort": ["tcga", "other"], "patient_id": ["A", "A"]})
    tests = [hazard("tcga", 0.6, 0.4, 0.9), hazard("other", 1.7, 1.2, 2.5)]
    assert found("survival", study(survival_tests=tests)).answer == "cannot be told"
    assert found("survival", study(survival_tests=tests, patients=patients)).answer == "yes"
    assert found("replicated", study(tme_phenotypes=TWO, patients=patients)).sentences[0].startswith("No other cohort")


def test_an_adjusted_ratio_stands_beside_the_crude_one() -> None:
    terms = [
        {"cohort": "tcga", "endpoint": "os", "covariate": name, "hr": 0.8, "ci_low": 0.5, "ci_high": 1.2, "n": 400,
         "n_events": 90}
        for name in ("phenotype", "age_years", "stage")
    ]  # fmt: skip
    finding = found("survival", study(survival_tests=[hazard("tcga", 0.6, 0.4, 0.9)], multivariable_survival=terms))
    assert "Adjusted for age and stage 0.80 (95 % CI 0.50 to 1.20) in 400 patients, 90 deaths." in said(finding)
    assert finding.limits[0].text == "cannot be told after adjustment"
    assert "not adjusted" not in limits(finding)


def test_an_adjusted_ratio_of_another_cohort_is_stated_too() -> None:
    terms = [
        {"cohort": "other", "endpoint": "os", "covariate": name, "hr": 2.9, "ci_low": 1.2, "ci_high": 6.9, "n": 400,
         "n_events": 47}
        for name in ("phenotype", "age_years")
    ]  # fmt: skip
    tests = [hazard("tcga", 0.82, 0.58, 1.18), hazard("other", 1.73, 0.94, 3.21)]
    finding = found("survival", study(survival_tests=tests, multivariable_survival=terms))
    assert "adjusted for age 2.90 (95 % CI 1.20 to 6.90) in 400 patients, 47 deaths" in said(finding)


def test_a_ratio_that_changes_with_time_comes_with_mean_survival() -> None:
    tests = [
        hazard("tcga", 0.8, 0.5, 1.2, proportional_hazards_p=0.01),
        hazard("tcga", 0.1, 0.01, 0.2, subgroup="her2"),
    ]
    means = [{"cohort": "tcga", "endpoint": "os", "phenotype": "hot minus cold", "tau_days": 1826, "mean_days": 12.0,
              "ci_low": -30.0, "ci_high": 54.0}]  # fmt: skip
    finding = found("survival", study(survival_tests=tests, restricted_mean_survival=means))
    assert "Mean survival within 5.0 years, hot minus cold: 12 (95 % CI -30 to 54) days." in said(finding)
    assert "the ratio changes with time (p = 0.010)" in limits(finding)
    assert "0.10" not in said(finding), "all patients, no subgroup"


def test_genes_of_the_same_rna_are_shown_and_decide_nothing() -> None:
    genes = [row for at in range(4) for row in compared("other", f"G{at}", 2.0, 1.0, family="checkpoint_genes")]
    finding = found("replicated", study(tme_phenotypes=TWO, phenotype_characteristics=genes))
    assert finding.answer == "cannot be told"
    assert "4 of 4 checkpoint genes higher in hot tumours" in said(finding)
    assert "only RNA, from which hot and cold were defined" in limits(finding)
    alone = found("inflamed", study(tme_phenotypes=labels("other"), phenotype_characteristics=genes))
    assert alone.answer == "cannot be told"
    assert "Nothing measured can tell" in alone.sentences[0]
    three = labels("tcga", "other", "trial")
    both = [*genes, *compared("trial", "cd8_percent", 30.0, 5.0)]
    assert found("replicated", study(tme_phenotypes=three, phenotype_characteristics=both)).answer == "yes"


def test_cautions_about_the_groups_stand_beside_what_they_are() -> None:
    cautions = pd.DataFrame(
        [
            ("tcga", "silhouette", 0.16, 0.25, "it is low"),
            ("tcga", "inflamed_share", 0.23, 0.5, "it is low"),
            ("tcga", "number_of_clusters", 2.0, 2.0, None),
            ("other", "one_cloud", 0.0, 0.0, "another cohort"),
        ],
        columns=["cohort", "topic", "value", "limit", "caution"],
    )
    rows = compared("tcga", "leukocyte_fraction", 0.3, 0.15)
    facts = study(tme_phenotypes=TWO, phenotype_characteristics=rows, phenotype_cautions=cautions)
    finding = found("inflamed", facts)
    assert limits(finding) == (
        "inflamed cells make up only 23 % of what separates hot from cold; weak grouping (silhouette 0.16; up to 0.25 "
        "is weak)"
    )
    assert "20 of 50 tumours are hot (40 %, 95 % CI 28 to 54 %)" in said(finding)
    assert "difference 0.15 (95 % CI 0.09 to 0.21) in 50 tumours" in said(finding)


def test_limits_of_mri_name_spread_small_groups_and_refusal() -> None:
    facts = study(
        signature=signature(0.43, 0.76), cohort_metrics=auc(0.2, 0.9, n=17, n_positive=7),
        phenotype_specifications=definitions((0.3, 0.6), (0.6, 0.8)),
        signature_review=[{"decision": "refused"}],
    )  # fmt: skip
    assert limits(found("mri", facts)) == (
        "AUC 0.45 to 0.70 by 2 definitions of hot and cold; few unseen patients (17, 7 hot); this version was refused "
        "by the promotion rule"
    )
    contradicted = study(signature=signature(0.6, 0.8), cohort_metrics=auc(0.2, 0.4))
    assert found("mri", contradicted).answer == "cannot be told"


def test_findings_read_the_tables_that_they_name(monkeypatch: pytest.MonkeyPatch) -> None:
    requested: set[str] = set()
    rows = StudyFacts.rows

    def recording(self: StudyFacts, table: str, **equal: object) -> pd.DataFrame:
        requested.add(table)
        return rows(self, table, **equal)

    monkeypatch.setattr(StudyFacts, "rows", recording)
    for _, _, tables in CASES:
        findings(study(**tables))
    findings(study(survival_tests=[hazard("tcga", 0.8, 0.5, 1.2, proportional_hazards_p=0.01)]))
    assert requested == set(FINDING_TABLES)
    assert requested <= set(tables_needed())


def test_findings_as_a_table() -> None:
    table = findings_table(findings(study("simulated", survival_tests=[hazard("tcga", 0.6, 0.4, 0.9)])))
    assert table["topic"].tolist() == list(QUESTIONS.values())
    survival = table.set_index("topic").loc["Survival"]
    assert (survival["answer"], survival["provenance"]) == ("yes", "simulated")


def test_numbers_in_words() -> None:
    assert [change(value) for value in (0.58, 1.0, 1.18, 3.21, math.inf)] == [
        "42 % lower", "0 % higher", "18 % higher", "3.2 times as high", "any number of times as high",
    ]  # fmt: skip
    assert span(6.92, 2.12, math.inf) == "6.92 (95 % CI 2.12 upwards)"
    assert span(math.inf, 2.0, math.inf) == "not estimable (95 % CI 2.00 upwards)"
    assert span(math.nan, math.nan, math.nan) == "not estimable"
