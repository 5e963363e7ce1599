"""Every packaged gene-set collection runs a small study: it gives phenotypes, or says why it cannot."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.expression import gene_set_path, packaged_gene_sets, read_gmt
from tme_platform.steps.workspace import Workspace
from tme_platform.study import Study, study_problems
from tme_platform_tests.support.built import build, read, workspace_of
from tme_platform_tests.support.small_study import declare

WITH_GROUPS = {"tme24", "mcpcounter"}
PATIENTS = [f"P{number:02d}" for number in range(18)]


def make_cohort(folder: Path, sets: dict[str, list[str]]) -> None:
    """Expression in which the first nine patients have more of every other set."""
    random = np.random.default_rng(1)
    genes = sorted({gene for members in sets.values() for gene in members} | {"CD274", "CTLA4"})
    matrix = pd.DataFrame(random.normal(5, 1, (len(genes), len(PATIENTS))), index=genes, columns=PATIENTS)
    for members in list(sets.values())[::2]:
        matrix.loc[matrix.index.isin(members), PATIENTS[:9]] += 1.5
    declare(
        folder,
        roles=["phenotype_reference"],
        clinical=[{"file": "c.csv", "patient_id": "id", "columns": {"os_days": "days", "os_event": "dead"}}],
        expression={"file": "x.tsv", "unit": "log2_tpm"},
        phenotypes={"by": "fit"},
    )
    matrix.round(3).rename_axis("gene").to_csv(folder / "x.tsv", sep="\t")
    days = random.integers(10, 900, len(PATIENTS))
    pd.DataFrame({"id": PATIENTS, "days": days, "dead": np.resize([1, 0, 1], len(PATIENTS))}).to_csv(
        folder / "c.csv", index=False
    )


def study_of(root: Path, collection: str, **gene_sets: object) -> Workspace:
    sets = read_gmt(gene_set_path(collection))
    make_cohort(root / "landing" / "rna", dict(list(sets.items())[:24]))
    return workspace_of(root, gene_sets={"collection": collection, **gene_sets})


ALL = ["cohorts", "expression", "phenotypes", "survival"]
CORE = [
    "cohort_files", "patients", "expression", "populations", "cell_scores", "cluster_evidence", "phenotype_model",
    "tme_phenotypes", "population_survival",
]  # fmt: skip


def check_built(workspace: Workspace, *, with_phenotypes: bool, whole: bool = False) -> None:
    built = build(workspace, stages=ALL) if whole else build(workspace, tables=CORE)
    warned = {name: made.state.details["warnings"] for name, made in built.items() if "warnings" in made.state.details}
    assert warned == {}
    assert len(read(workspace, "cell_scores")) == len(PATIENTS)
    labels = read(workspace, "tme_phenotypes")
    if with_phenotypes:
        assert set(labels["phenotype"]) == {"hot", "cold"}
        assert len(read(workspace, "population_survival"))
    else:
        assert labels.empty
        assert "hot and cold cannot be told apart" in built["phenotype_model", "rna"].state.details["note"]


@pytest.mark.parametrize("collection", list(packaged_gene_sets()))
def test_a_packaged_collection_runs_a_small_study(tmp_path: Path, collection: str) -> None:
    workspace = study_of(tmp_path, collection)
    check_built(workspace, with_phenotypes=collection in WITH_GROUPS, whole=True)
    problems = study_problems(workspace.study, scored=["rna"], fitted=["rna"])
    assert bool(problems) == (collection not in WITH_GROUPS)
    assert all("rna cannot have hot and cold phenotypes. Choose tme24 or mcpcounter" in text for text in problems)


@pytest.mark.parametrize(("collection", "engine"), [("mcpcounter", "mcp_counter"), ("mcpcounter", "gseapy")])
def test_the_other_engines_give_phenotypes(tmp_path: Path, collection: str, engine: str) -> None:
    check_built(study_of(tmp_path, collection, engine=engine), with_phenotypes=True)


def own_collection(root: Path, *groups: str) -> Path:
    """The sets of tme24 with other words in the second column."""
    lines = gene_set_path("tme24").read_text().splitlines()
    rows = [line.split("\t") for line in lines]
    path = root / "own.gmt"
    named = zip(np.resize(groups, len(rows)), rows, strict=True)
    path.write_text("\n".join("\t".join([row[0], group, *row[2:]]) for group, row in named))
    return path


@pytest.mark.parametrize("groups", [("http://www.broadinstitute.org/x",), ("na", "non_immune"), ("immune", "")])
def test_a_collection_of_ones_own_without_groups_gives_a_reason(tmp_path: Path, groups: tuple[str, ...]) -> None:
    workspace = study_of(tmp_path, str(own_collection(tmp_path, *groups)))
    check_built(workspace, with_phenotypes=False)
    (problem,) = study_problems(workspace.study, scored=["rna"], fitted=["rna"])
    assert "write the group of each set into the second column" in problem
    assert read(workspace, "populations")["population_group"].dropna().isin(["non_immune"]).all()


def test_groups_may_be_capitalised(tmp_path: Path) -> None:
    workspace = study_of(tmp_path, str(own_collection(tmp_path, "Adaptive", "Innate activated", "non-immune")))
    check_built(workspace, with_phenotypes=True)
    assert set(read(workspace, "populations")["population_group"]) == {"adaptive", "innate_activated", "non_immune"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"gene_sets": {"collection": "tme25"}}, "gene_sets.collection: No gene sets 'tme25'"),
        ({"gene_sets": {"min_genes": 5000}}, "gene_sets.min_genes: no set of tme24 has 5000 genes"),
        ({"enrichment": {"collections": ["kegg"]}}, "enrichment.collections: No gene sets 'kegg'"),
        ({"phenotypes": {"compared_collections": ["x.gmt"]}}, "phenotypes.compared_collections: No gene sets"),
        ({"phenotypes": {"k_min": 5, "k_max": 3}}, "k_min 5 is above k_max 3"),
    ],
)
def test_problems_of_a_study(settings: dict[str, object], said: str) -> None:
    study = Study.model_validate({"name": "s", "title": "S", **settings})
    (problem,) = study_problems(study, scored=["rna"], fitted=["rna"])
    assert problem.startswith(said) or said in problem


def test_a_study_whose_cohorts_bring_their_scores_needs_no_groups() -> None:
    study = Study.model_validate({"name": "s", "title": "S", "gene_sets": {"collection": "msigdb_hallmark_50"}})
    assert study_problems(study, scored=[], fitted=[]) == []


@pytest.mark.parametrize("patients", [2, 3, 5])
def test_a_few_patients_are_no_failure(tmp_path: Path, patients: int) -> None:
    workspace = study_of(tmp_path, "mcpcounter")
    file = tmp_path / "landing" / "rna" / "x.tsv"
    pd.read_csv(file, sep="\t").iloc[:, : patients + 1].to_csv(file, sep="\t", index=False)
    built = build(workspace, tables=[*CORE, "cluster_silhouettes", "phenotype_stability", "phenotype_separation"])
    assert len(read(workspace, "tme_phenotypes")) == (0 if patients == 2 else patients)
    assert not any("warnings" in made.state.details for made in built.values())
