"""What `tme check` says of the study and of a cohort in it, with the functions that a run calls."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import check_cohort, showing_cells
from tme_platform.expression import gene_set_path, read_gmt
from tme_platform.steps.study_check import check_all, check_in_study, check_names, check_study, checked
from tme_platform.study import Study, StudyError, load_study

HEAD = "title: t\nprovenance: {kind: simulated, source: typed, licence: none}\n"
SCORED = "roles: [phenotype_replication]\nexpression: {file: e.tsv, unit: tpm}\nphenotypes: {by: fit}\n"
GROUPS = "population,group\nT,adaptive\nB,adaptive\nF,non_immune\n"


def land(landing: Path, name: str, declared: str, files: dict[str, str] | None = None) -> Path:
    folder = landing / name
    folder.mkdir()
    (folder / "cohort.yaml").write_text(HEAD + declared)
    for file, text in (files or {}).items():
        (folder / file).write_text(text)
    return folder


def study(**settings: object) -> Study:
    return Study(name="mine", title="Mine", **settings)


def scores(patients: int, *, constant: str = "", seed: int = 1) -> str:
    frame = pd.DataFrame(np.random.default_rng(seed).normal(size=(patients, 3)).round(5), columns=["T", "B", "F"])
    if constant:
        frame[constant] = 0.5
    frame.insert(0, "patient_id", [f"P{n}" for n in range(patients)])
    return frame.to_csv(index=False)


FIT = "roles: [phenotype_replication]\ncell_scores: {file: s.csv, groups: g.csv, method: m}\nphenotypes: {by: fit"


def found(tmp_path: Path, study: Study, name: str) -> str:
    report = check_cohort(tmp_path / name)
    assert report.problems == ()
    return " ".join(check_in_study(report, study, tmp_path).problems)


@pytest.mark.parametrize(
    ("declared", "table", "said"),
    [
        (FIT + ", scaling: over_cohort}\n", scores(12, constant="B"), ""),  # left out, as in a run
        (FIT + "}\n", scores(1), "cannot form 2 clusters"),
        (FIT + "}\n", scores(30), ""),
    ],
)  # fmt: skip
def test_clustering_that_a_run_would_refuse(tmp_path: Path, declared: str, table: str, said: str) -> None:
    land(tmp_path, "small", declared, {"s.csv": table, "g.csv": GROUPS})
    problems = found(tmp_path, study(phenotypes={"k_max": 4}), "small")
    assert (said in problems) if said else (problems == "")


def test_scores_without_an_immune_population(tmp_path: Path) -> None:
    groups = "population,group\nT,non_immune\nB,non_immune\nF,non_immune\n"
    land(tmp_path, "small", FIT + "}\n", {"s.csv": scores(20), "g.csv": groups})
    assert "hot and cold cannot be distinguished" in found(tmp_path, study(), "small")


def expression(genes: list[str], patients: list[str], file: str = "e.tsv") -> dict[str, str]:
    values = np.random.default_rng(2).normal(5, 2, (len(genes), len(patients))).round(3)
    return {file: pd.DataFrame(values, index=genes, columns=patients).rename_axis("gene").to_csv(sep="\t")}


def test_expression_without_a_gene_of_any_set(tmp_path: Path) -> None:
    genes = sorted({gene for members in read_gmt(gene_set_path("tme24")).values() for gene in members})
    declared = "roles: [score_comparison]\nexpression: {file: e.tsv, unit: log2_tpm}\n"
    patients = [f"P{n}" for n in range(4)]
    few = [members[0] for members in read_gmt(gene_set_path("tme24")).values()]
    land(tmp_path, "few", declared, expression(few, patients))
    land(tmp_path, "firehose", declared, expression([f"{gene}|{n}" for n, gene in enumerate(genes)], patients))
    land(tmp_path, "good", declared, expression(genes, patients))
    assert "no set of tme24 has 5 genes" in found(tmp_path, study(), "few")
    assert found(tmp_path, study(), "firehose") == found(tmp_path, study(), "good") == ""


def test_a_negative_tpm_is_found_by_the_function_that_a_run_calls(tmp_path: Path) -> None:
    declared = "roles: [score_comparison]\nexpression: {file: e.tsv, unit: tpm}\n"
    folder = land(tmp_path, "small", declared, {"e.tsv": "gene\tA\tB\nCD8A\t50\t-0.01\nCD4\t2\t3\n"})
    report = check_cohort(folder)
    assert "the expression matrix cannot be used (see above)." in report.problems
    assert report.rejected["rule"].tolist() == ["negative_expression"]


def test_names_that_are_misspelt_or_missing(tmp_path: Path) -> None:
    land(tmp_path, "scanb", SCORED)
    report = check_study(
        study(
            cohorts=["scamb", "scanb"],
            specifications={"cohorts": ["scanb", "fractions"]},
            gene_sets={"collection": "tme42"},
            enrichment={"collections": ["hallmark"]},
        ),
        tmp_path,
    )
    text = " ".join(report.problems)
    assert f"`cohorts` names 'scamb', which is not in {tmp_path}; nearest: scanb. Add the folder" in text
    assert "`specifications: cohorts` names 'fractions', which is not a cohort of the study" in text
    assert "gene_sets.collection: No gene sets 'tme42'" in text
    assert "enrichment.collections: No gene sets 'hallmark'" in text


def test_a_collection_without_groups_that_decide_what_is_hot(tmp_path: Path) -> None:
    own = tmp_path / "own.gmt"
    own.write_text("T\tlymphoid\tCD3D\tCD3E\nF\tnon_immune\tCOL1A1\tDCN\n")
    land(tmp_path, "scanb", SCORED)
    settings = {"collection": str(own), "min_genes": 2}
    (problem,) = check_study(study(gene_sets=settings), tmp_path).problems
    assert "is in the group adaptive or innate_activated (second column of the .gmt file), so scanb cannot" in problem
    assert check_study(study(), tmp_path).problems == ()
    assert "licence" in " ".join(check_study(study(), tmp_path).notes).lower()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("survival: {covariates: [age_years, stagge]}", "'stagge' is not a canonical column; nearest: stage"),
        ("survival: {covariates: [age]}", "'age' is not a canonical column"),
        ("evaluation: {clinical_variables: [er, hr]}", "'hr' is not a canonical column"),
    ],
)
def test_a_study_file_names_canonical_columns(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: han2024\nname: mine\n{text}\n")
    with pytest.raises(StudyError, match=said) as caught:
        load_study(file)
    assert "line 3" in str(caught.value)


def test_cohorts_that_the_study_leaves_out(tmp_path: Path) -> None:
    land(tmp_path, "reference", FIT + "}\n", {"s.csv": scores(20), "g.csv": GROUPS})
    declared = "roles: [signature_discovery]\nfeatures: {file: f.csv, feature_set: x}\n"
    declared += "phenotypes: {by: patient, cohort: reference}\n"
    land(tmp_path, "mri", declared, {"f.csv": "patient_id,a\nP0,1\nP1,2\n"})
    mine = study(cohorts=["mri"])
    assert "cohort 'reference', which is not among the `cohorts` of study mine" in found(tmp_path, mine, "mri")
    report = check_in_study(check_cohort(tmp_path / "reference"), mine, tmp_path)
    assert "`tme run` leaves it out" in report.warnings[0]


def features(values: list[list[float]], names: list[str]) -> dict[str, str]:
    rows = [",".join([name, *map(str, row)]) for name, row in zip(names, values, strict=True)]
    return {"f.csv": "\n".join(["patient_id,a,b,c", *rows]) + "\n"}


@pytest.mark.parametrize(("role", "a_problem"), [("signature_validation", True), ("signature_discovery", False)])
def test_the_same_data_in_two_cohorts(tmp_path: Path, role: str, a_problem: bool) -> None:
    shared = [1.2345, 7.125, 0.333]
    for name, own, patients in (("one", "signature_discovery", ["A", "B"]), ("two", role, ["C", "D"])):
        declared = f"roles: [{own}]\nfeatures: {{file: f.csv, feature_set: x}}\n"
        land(tmp_path, name, declared, features([shared, [float(len(name) + len(own)), 3.5, 2.25]], patients))
    reports, report = check_all(study(), tmp_path, ["one", "two"])
    assert [report.content for report in reports] == [None, None], "what was read is let go"
    said = report.problems if a_problem else report.warnings
    assert any("A (one), C (two) have the same features under different names." in text for text in said)


def test_discovery_cohorts_with_different_features(tmp_path: Path) -> None:
    for name, kind in (("one", "x"), ("two", "y")):
        land(tmp_path, name, f"roles: [signature_discovery]\nfeatures: {{file: f.csv, feature_set: {kind}}}\n")
    assert "discovery cohorts bring different feature sets (one: x, two: y)" in " ".join(
        check_study(study(), tmp_path).problems
    )


def test_too_few_patients_to_train(tmp_path: Path) -> None:
    names = [f"P{n}" for n in range(12)]
    scored = {"s.csv": scores(12), "g.csv": GROUPS}
    rows = features([[n + 0.123, 7.5, n / 7] for n in range(12)], names)
    declared = "cell_scores: {file: s.csv, groups: g.csv, method: m}\nphenotypes: {by: fit}\n"
    declared += "features: {file: f.csv, feature_set: x}\n"
    land(tmp_path, "mri", "roles: [signature_discovery]\n" + declared, scored | rows)
    assert found(tmp_path, study(signature={"n_splits": 3}), "mri") == ""
    said = found(tmp_path, study(signature={"n_splits": 7}), "mri")
    assert "12 patients with features and a phenotype would train the signature: 7-fold" in said
    land(tmp_path, "more", "roles: [signature_discovery]\nfeatures: {file: f.csv, feature_set: x}\n", rows)
    assert found(tmp_path, study(signature={"n_splits": 7}), "mri") == "", "two cohorts train together"


@pytest.mark.parametrize(("column", "said"), [("B", ""), ("Bcell", "lack 1 of the 3 populations of cohort reference")])
def test_populations_that_the_model_needs(tmp_path: Path, column: str, said: str) -> None:
    land(tmp_path, "reference", FIT + "}\n", {"s.csv": scores(20), "g.csv": GROUPS})
    own = {"s.csv": scores(9, seed=2).replace("B", column, 1), "g.csv": GROUPS.replace("B,", f"{column},")}
    land(tmp_path, "small", FIT.replace("fit", "model, cohort: reference") + "}\n", own)
    problems = found(tmp_path, study(), "small")
    assert (said in problems) if said else (problems == "")


SCORES = "roles: [score_comparison]\ncell_scores: {file: s.csv, groups: g.csv, method: m}\n"
SCORES += "clinical: [{file: c.csv, patient_id: id, columns: {arm: arm}}]\n"


def scored(landing: Path, name: str, populations: list[str], arms: list[str], seed: int) -> None:
    """A cohort with finished scores of two populations, and the arms of its patients."""
    table = scores(len(arms), seed=seed).replace("T,B,F", ",".join([*populations, "unused"]))
    groups = "population,group\n" + "".join(f"{population},adaptive\n" for population in populations)
    rows = "id,arm\n" + "".join(f"P{n},{arm}\n" for n, arm in enumerate(arms))
    land(landing, name, SCORES, {"s.csv": table, "g.csv": groups, "c.csv": rows})


def test_names_and_values_that_cohorts_write_differently(tmp_path: Path) -> None:
    scored(tmp_path, "one", ["B CELLS", "my_set"], ["Control", "Drug"] * 4, seed=1)
    scored(tmp_path, "two", ["B cells", "My set"], ["control", "Drug"] * 4, seed=2)
    scored(tmp_path, "three", ["B cells", "other"], ["Drug"] * 8, seed=3)
    with showing_cells():
        reports, verdict = check_all(study(), tmp_path, ["one", "two", "three"])
    assert "populations stored in the spelling of the study: 'B CELLS' as 'B cells'" in reports[0].notes
    assert [note for report in reports[1:] for note in report.notes] == []
    assert verdict.warnings == (
        "'my_set' of one and 'My set' of two differ only in punctuation and are kept apart. If they mean the same, "
        "write them alike.",
        "arm: 'Control' of one and 'control' of two differ only in case or spaces and count as different. "
        "Write them alike.",
    )
    with showing_cells():
        report, kept = checked(study(), tmp_path, "two")
        of_two = check_names(report, study(), tmp_path, kept.names)
    assert [text.split(" differ")[0] for text in of_two] == [
        "'My set' of two and 'my_set' of one",
        "arm: 'Control' of one and 'control' of two",
    ]
    report, kept = checked(study(), tmp_path, "three")
    assert check_names(report, study(), tmp_path, kept.names) == []
    alone = study(cohorts=["two", "three"])
    report, kept = checked(alone, tmp_path, "two")
    assert check_names(report, alone, tmp_path, kept.names) == [], "cohort one is not in the study"


def test_names_of_scores_that_the_platform_computes_are_compared_too(tmp_path: Path) -> None:
    land(tmp_path, "rna", "roles: [score_comparison]\nexpression: {file: e.tsv, unit: tpm}\n")
    scored(tmp_path, "finished", ["b_cells", "other"], ["a"] * 8, seed=1)
    _, verdict = check_all(study(), tmp_path, ["finished"])
    assert verdict.warnings == ()
    _, verdict = check_all(study(), tmp_path, ["finished", "rna"])
    assert [text.split(" differ")[0] for text in verdict.warnings] == ["'b_cells' of finished and 'B cells' of rna"]


def test_another_landing_folder_is_not_compared_with_the_cohorts_of_the_study(tmp_path: Path) -> None:
    scored(tmp_path, "mine", ["T", "B"], ["a"] * 8, seed=1)
    elsewhere = study(cohorts=["tcga_brca"])
    assert check_in_study(check_cohort(tmp_path / "mine"), elsewhere, tmp_path).warnings == ()
    scored(tmp_path, "tcga_brca", ["T", "B"], ["a"] * 8, seed=2)
    (said,) = check_in_study(check_cohort(tmp_path / "mine"), elsewhere, tmp_path).warnings
    assert "`tme run` leaves it out" in said
