"""Numbers, published values, limitations and checklists, on tables with a few rows."""

import pandas as pd
import pytest

from tme_platform.report import StudyFacts, study_numbers, tables_needed
from tme_platform.report.checklists import RULES, fill_checklists
from tme_platform.report.limits import limits
from tme_platform.report.wording import interval, number, p_value
from tme_platform.study.published import published, published_values


def metrics(**changed: object) -> pd.DataFrame:
    row = {
        "cohort": "mri",
        "side": "validation",
        "model": "signature",
        "subgroup": "all",
        "endpoint": "hot",
        "metric": "auc",
        "value": 0.5,
        "ci_low": 0.2,
        "ci_high": 0.8,
        "p": 0.9,
        "n": 18,
        "n_positive": 4,
        "method": "DeLong",
        "reason": None,
    }
    return pd.DataFrame([row | {"analysis": kind} | changed for kind in ("paper", "honest")])


def study(**tables: pd.DataFrame) -> StudyFacts:
    cohorts = pd.DataFrame(
        {"cohort": ["mri", "trial"], "roles": ["signature_validation", "immunotherapy"], "provenance": "real"}
    )
    return StudyFacts("small", "Small", {}, {"cohorts": cohorts, **tables})


def test_published_values_are_given_only_for_quantities_that_the_paper_reports() -> None:
    numbers = study_numbers(study(cohort_metrics=metrics())).set_index("number")
    paper = numbers.loc["evaluation.mri.validation.hot.paper.auc"]
    assert (paper["published"], paper["published_low"], paper["published_high"]) == (0.844, 0.606, 1.0)
    assert pd.isna(numbers.loc["evaluation.mri.validation.hot.honest.auc", "published"])
    others = (metrics(endpoint="pd_l1_positive"), metrics(subgroup="her2_positive"), metrics(metric="ppv"))
    for table in others:
        found = study_numbers(study(cohort_metrics=table))
        assert len(found[found["section"] == "evaluation"]) == 2
        assert found.loc[found["section"] == "evaluation", "published"].isna().all()


def test_published_value_of_an_external_cohort_depends_on_its_role() -> None:
    table = metrics(cohort="trial", side="external", endpoint="objective_response")
    numbers = study_numbers(study(cohort_metrics=table)).set_index("number")
    assert numbers.loc["evaluation.trial.external.objective_response.paper.auc", "published"] == 0.784
    number_of_another_role = {
        "section": "evaluation",
        "measure": "auc",
        "side": "external",
        "endpoint": "objective_response",
    }
    assert published(number_of_another_role, ["immune_phenotype"]) == {}


@pytest.mark.parametrize("entry", published_values(), ids=lambda entry: entry["quantity"])
def test_every_published_value_can_be_matched(entry: dict[str, object]) -> None:
    section, measure = str(entry["quantity"]).split("/")
    found = published({"section": section, "measure": measure, **entry}, [str(entry.get("role", ""))])
    assert found["published"] == entry["value"]


def test_numbers_are_unique_and_have_n() -> None:
    labels = pd.DataFrame(
        {
            "cohort": "mri",
            "patient_id": list("abcd"),
            "phenotype": ["hot", "cold", "cold", None],
            "cluster": list("ABBB"),
        }
    )
    numbers = study_numbers(study(cohort_metrics=metrics(), tme_phenotypes=labels))
    assert numbers["number"].is_unique
    share = numbers.set_index("measure").loc["hot_share"]
    assert (share["value"], share["n"], share["n_positive"]) == (pytest.approx(1 / 3), 3, 1)
    assert 0 < share["ci_low"] < share["value"] < share["ci_high"] < 1


SIGNATURE = {"feature_set": "precomputed", "n_features": 36, "n_patients": 72, "n_hot": 16, "apparent_auc": 0.99}


@pytest.mark.parametrize(("ci_low", "expected"), [(0.35, True), (0.61, False)])
def test_no_evidence_of_separation_is_the_first_limitation(ci_low: float, expected: bool) -> None:
    signature = pd.DataFrame([{**SIGNATURE, "oof_auc": 0.7, "oof_auc_low": ci_low, "oof_auc_high": 0.9}])
    sentences = limits(study(signature=signature))
    assert ("no evidence that the signature separates hot from cold" in sentences[0]) == expected
    assert any("0.99" in sentence and "0.70" in sentence for sentence in sentences)


def test_scores_of_features_that_were_not_harmonised_are_counted() -> None:
    why = "not harmonised: fewer than 8 training patients with complete features have scanner X"
    scores = pd.DataFrame({"cohort": "mri", "side": ["discovery", "validation"], "caution": [None, why]})
    text = " ".join(limits(study(rad_scores=scores)))
    assert "1 of 2 rad-scores are computed from features that could not be harmonised" in text
    assert "1 in mri (validation)" in text
    assert "harmonised" not in " ".join(limits(study(rad_scores=scores.assign(caution=None))))


def test_few_patients_and_missing_cohorts_are_limitations() -> None:
    signature = pd.DataFrame([{**SIGNATURE, "oof_auc": 0.7, "oof_auc_low": 0.6, "oof_auc_high": 0.9}])
    text = " ".join(limits(study(signature=signature, cohort_metrics=metrics())))
    assert "18 patients, 4 of them positive" in text
    assert "no external validation" in text
    assert "CD8 immunohistochemistry:" in text, "a cohort has the response to immunotherapy"


def test_the_report_reads_every_table_that_rules_and_limitations_use(monkeypatch: pytest.MonkeyPatch) -> None:
    requested: set[str] = set()
    rows = StudyFacts.rows

    def recording(self: StudyFacts, table: str, **equal: object) -> pd.DataFrame:
        requested.add(table)
        return rows(self, table, **equal)

    monkeypatch.setattr(StudyFacts, "rows", recording)
    fill_checklists(study())
    limits(study())
    study_numbers(study())
    assert requested
    assert requested <= set(tables_needed())


def test_every_item_of_every_checklist_is_answered() -> None:
    lists = {filled.key: filled for filled in fill_checklists(study())}
    assert {key: len(filled.answers) for key, filled in lists.items()} == {
        "metrics": 30,
        "clear": 58,
        "tripod_ai": 52,
        "rqs": 16,
    }
    for filled in lists.values():
        assert len({answer.number for answer in filled.answers}) == len(filled.answers)
        assert all(answer.evidence for answer in filled.answers if answer.status != "for the author")


def test_the_status_of_an_item_follows_the_tables() -> None:
    def status(facts: StudyFacts, rule: str) -> bool | None:
        return RULES[rule](facts).met

    empty, external = study(), study(cohort_metrics=metrics(side="external"))
    assert (status(empty, "external"), status(external, "external")) == (False, True)
    cautions = pd.DataFrame({"topic": ["events_per_feature"], "value": [0.44], "n": [72], "caution": [None]})
    assert status(study(signature_cautions=cautions), "events_per_feature") is False
    assert status(study(signature_cautions=cautions.assign(value=12.0)), "events_per_feature") is True
    sides = pd.DataFrame(
        {"cohort": "mri", "patient_id": ["a", "a"], "side": ["discovery", "validation"], "phenotype": "hot"}
    )
    assert status(study(signature_patients=sides), "disjoint_split") is False
    assert status(study(signature_patients=sides.head(1)), "disjoint_split") is True
    agreement = pd.DataFrame({"feature_set": ["another"], "kind": ["reader"]})
    signature = pd.DataFrame([{**SIGNATURE, "oof_auc": 0.7, "oof_auc_low": 0.6, "oof_auc_high": 0.9}])
    assert status(study(signature=signature, feature_agreement=agreement), "agreement") is False, "other features"


def test_the_lake_has_every_table_of_the_report() -> None:
    from tme_platform.tables import TABLES

    assert set(tables_needed()) < set(TABLES)


def test_numbers_are_formatted_for_readers() -> None:
    assert [number(value) for value in (1082, 0.256, 0.0001, 1234567.8, None, float("nan"))] == [
        "1,082",
        "0.26",
        "0.0001",
        "1.23e+06",
        "–",
        "–",
    ]
    assert [number(value, whole=False) for value in (1.0, 0.0, 0.974)] == ["1.00", "0.00", "0.97"]
    assert [p_value(value) for value in (0.00001, 0.0123, 0.0498, 0.0499, 0.7)] == [
        "< 0.001",
        "0.012",
        "< 0.05",
        "< 0.05",
        "0.70",
    ]
    assert interval(0.855, 0.777, 0.932, 3) == "0.855 (95 % CI 0.777 to 0.932)"
    assert interval(0.5, float("nan"), 0.7) == "0.50"


def test_cautions_about_the_phenotypes_are_a_limit() -> None:
    table = pd.DataFrame({"cohort": "mri", "topic": ["a", "b"], "caution": ["the silhouette is 0.16", None]})
    assert "Read “hot” and “cold” in mri with caution: the silhouette is 0.16." in limits(
        study(phenotype_cautions=table)
    )
    silent = table.assign(caution=None)
    assert "with caution" not in " ".join(limits(study(phenotype_cautions=silent)))
