"""Numbers, the paper's values beside them, limits and checklists, on tables of a few rows."""

import pandas as pd
import pytest

from tme_platform.report import StudyFacts, study_numbers, tables_needed
from tme_platform.report.checklists import RULES, fill_checklists
from tme_platform.report.limits import limits
from tme_platform.report.published import published, published_values
from tme_platform.report.wording import interval, number, p_value


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


def test_the_papers_value_stands_beside_what_the_paper_measures_and_only_there() -> None:
    numbers = study_numbers(study(cohort_metrics=metrics())).set_index("number")
    paper = numbers.loc["evaluation.mri.validation.hot.paper.auc"]
    assert (paper["published"], paper["published_low"], paper["published_high"]) == (0.844, 0.606, 1.0)
    assert pd.isna(numbers.loc["evaluation.mri.validation.hot.honest.auc", "published"])
    others = (metrics(endpoint="pd_l1_positive"), metrics(subgroup="her2_positive"), metrics(metric="ppv"))
    for table in others:
        found = study_numbers(study(cohort_metrics=table))
        assert len(found[found["section"] == "evaluation"]) == 2
        assert found.loc[found["section"] == "evaluation", "published"].isna().all()


def test_an_external_cohort_is_compared_by_its_role() -> None:
    table = metrics(cohort="trial", side="external", endpoint="objective_response")
    numbers = study_numbers(study(cohort_metrics=table)).set_index("number")
    assert numbers.loc["evaluation.trial.external.objective_response.paper.auc", "published"] == 0.784
    same = {"section": "evaluation", "measure": "auc", "side": "external", "endpoint": "objective_response"}
    assert published(same, ["immune_phenotype"]) == {}


@pytest.mark.parametrize("entry", published_values(), ids=lambda entry: entry["of"])
def test_every_published_value_can_be_met(entry: dict[str, object]) -> None:
    section, measure = str(entry["of"]).split("/")
    found = published({"section": section, "measure": measure, **entry}, [str(entry.get("role", ""))])
    assert found["published"] == entry["value"]


def test_a_number_has_its_n_and_no_number_stands_twice() -> None:
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


SIGNATURE = {"feature_set": "finished", "n_features": 36, "n_patients": 72, "n_hot": 16, "apparent_auc": 0.99}


@pytest.mark.parametrize(("low", "found"), [(0.35, True), (0.61, False)])
def test_a_signature_no_better_than_chance_is_called_so_first(low: float, found: bool) -> None:
    signature = pd.DataFrame([{**SIGNATURE, "oof_auc": 0.7, "oof_auc_low": low, "oof_auc_high": 0.9}])
    said = limits(study(signature=signature))
    assert ("does not tell hot from cold" in said[0]) == found
    assert any("0.99" in sentence and "0.70" in sentence for sentence in said)


def test_few_patients_and_lacking_cohorts_are_limits() -> None:
    signature = pd.DataFrame([{**SIGNATURE, "oof_auc": 0.7, "oof_auc_low": 0.6, "oof_auc_high": 0.9}])
    said = " ".join(limits(study(signature=signature, cohort_metrics=metrics())))
    assert "18 patients, 4 of them positive" in said
    assert "no external validation" in said
    assert "CD8 immunohistochemistry:" in said, "the response to immunotherapy is there"


def test_a_hot_cluster_that_is_not_inflamed_is_a_limit() -> None:
    medians = [("purity", "purity_absolute", 0.7, 0.5), ("checkpoint_genes", "CD274", 1.0, 2.0)]
    rows = [
        {"family": family, "variable": name, "phenotype": phenotype, "median": median, "fdr": 0.01}
        for family, name, hot, cold in medians
        for phenotype, median in (("hot", hot), ("cold", cold))
    ]
    characteristics = pd.DataFrame(rows).assign(cohort="mri")
    sets = pd.DataFrame(
        {"cohort": "mri", "term": ["HALLMARK_INFLAMMATORY_RESPONSE"], "nes": [-2.0], "fdr": [0.01], "collection": "h"}
    )
    (said,) = (text for text in limits(study(phenotype_characteristics=characteristics)) if "inflamed" in text)
    assert "higher in hot tumours (by ABSOLUTE); checkpoint genes are lower in hot tumours (CD274)" in said
    assert any("inflammatory response" in text for text in limits(study(pathway_enrichment=sets)))
    expected = characteristics.assign(phenotype=characteristics["phenotype"].map({"hot": "cold", "cold": "hot"}))
    for table in (expected, characteristics.assign(fdr=0.2)):
        assert not any("inflamed" in text for text in limits(study(phenotype_characteristics=table)))
    assert not any("inflamed" in text for text in limits(study(pathway_enrichment=sets.assign(nes=2.0))))


def test_clusters_that_lie_apart_by_stroma_are_a_limit() -> None:
    centres = pd.DataFrame(
        {
            "cohort": "mri",
            "population": ["T cells", "Fibroblasts"] * 2,
            "phenotype": ["hot", "hot", "cold", "cold"],
            "centroid": [1.0, -3.0, 0.0, 0.0],
        }
    )
    groups = pd.DataFrame(
        {"cohort": "mri", "population": ["T cells", "Fibroblasts"], "population_group": ["adaptive", "non_immune"]}
    )
    said = " ".join(limits(study(phenotype_model=centres, populations=groups)))
    assert "In mri 90 % of the squared distance" in said
    assert "(Fibroblasts 90 %)" in said
    swapped = groups.assign(population=["Fibroblasts", "T cells"])
    assert "squared distance" not in " ".join(limits(study(phenotype_model=centres, populations=swapped)))


def test_every_table_that_a_rule_or_a_limit_looks_at_is_read_for_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    rows = StudyFacts.rows

    def noting(self: StudyFacts, table: str, **equal: object) -> pd.DataFrame:
        asked.add(table)
        return rows(self, table, **equal)

    monkeypatch.setattr(StudyFacts, "rows", noting)
    fill_checklists(study())
    limits(study())
    study_numbers(study())
    assert asked
    assert asked <= set(tables_needed())


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

    bare, external = study(), study(cohort_metrics=metrics(side="external"))
    assert (status(bare, "external"), status(external, "external")) == (False, True)
    cautions = pd.DataFrame({"topic": ["events_per_feature"], "value": [0.44], "n": [72], "caution": [None]})
    assert status(study(signature_cautions=cautions), "events_per_feature") is False
    assert status(study(signature_cautions=cautions.assign(value=12.0)), "events_per_feature") is True
    sides = pd.DataFrame(
        {"cohort": "mri", "patient_id": ["a", "a"], "side": ["discovery", "validation"], "phenotype": "hot"}
    )
    assert status(study(signature_patients=sides), "apart") is False
    assert status(study(signature_patients=sides.head(1)), "apart") is True
    agreement = pd.DataFrame({"feature_set": ["another"], "kind": ["reader"]})
    signature = pd.DataFrame([{**SIGNATURE, "oof_auc": 0.7, "oof_auc_low": 0.6, "oof_auc_high": 0.9}])
    assert status(study(signature=signature, feature_agreement=agreement), "agreement") is False, "of other features"


def test_the_tables_of_the_report_are_the_lakes() -> None:
    from tme_platform.tables import TABLES

    assert set(tables_needed()) < set(TABLES)


def test_numbers_are_set_for_reading() -> None:
    assert [number(value) for value in (1082, 0.256, 0.0001, 1234567.8, None, float("nan"))] == [
        "1,082",
        "0.26",
        "0.0001",
        "1.23e+06",
        "–",
        "–",
    ]
    assert [number(value, whole=False) for value in (1.0, 0.0, 0.974)] == ["1.00", "0.00", "0.97"]
    assert [p_value(value) for value in (0.00001, 0.0123, 0.7, None)] == ["< 0.001", "0.012", "0.70", "–"]
    assert interval(0.855, 0.777, 0.932, 3) == "0.855 (95 % CI 0.777 to 0.932)"
    assert interval(0.5, float("nan"), 0.7) == "0.50"


def test_clusters_like_those_of_one_cloud_are_a_limit() -> None:
    table = pd.DataFrame(
        {"cohort": "mri", "measure": ["silhouette", "gap"], "value": [0.3, 1.0], "null_high": [0.3, 1.1]}
    )
    assert "no evidence of separate clusters: a single Gaussian cloud" in " ".join(limits(study(cluster_null=table)))
    above = table.assign(value=[0.3, 1.2])
    assert "Gaussian cloud" not in " ".join(limits(study(cluster_null=above)))
