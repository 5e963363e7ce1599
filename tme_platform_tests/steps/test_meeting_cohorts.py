"""Two cohorts that meet: names in other spellings, a lake that recovers, lineages that are constant in one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import one_spelling, read_features, repeated_names, showing_cells, similar_names, values_alike
from tme_platform.cohorts.cohort_file import read_cohort
from tme_platform.lake import ask, build_catalog
from tme_platform.steps.workspace import Workspace
from tme_platform_tests.support.built import build, read, workspace_of
from tme_platform_tests.support.small_study import declare

PATIENTS = 12
GROUPS = {"B cells": "adaptive", "Eosinophilic things": "innate_activated", "Fibroblasts": "non_immune"}
SCORES = ["cohort_files", "patients", "populations", "cell_scores", "other_scores"]
LABELS = ["cluster_evidence", "phenotype_model", "tme_phenotypes"]


def bring_scores(folder: Path, names: dict[str, str], *, seed: int = 0, **fields: object) -> None:
    """Finished scores; `names` maps the usual names to those in this cohort's files."""
    random = np.random.default_rng(seed)
    scores = pd.DataFrame(random.normal(size=(PATIENTS, len(GROUPS))), columns=list(GROUPS))
    scores.loc[: PATIENTS // 2, ["B cells", "Eosinophilic things"]] += 3
    declare(
        folder,
        roles=["phenotype_reference"],
        clinical=[{"file": "c.csv", "patient_id": "id", "columns": {"os_days": "days", "os_event": "dead"}}],
        cell_scores={"file": "scores.tsv", "groups": "groups.tsv", "method": "drawn"},
        **({"phenotypes": {"by": "fit"}} | fields),
    )
    patients = [f"{folder.name}{number:02d}" for number in range(PATIENTS)]
    table = scores.rename(columns=names).assign(patient_id=patients)
    table.to_csv(folder / "scores.tsv", sep="\t", index=False)
    groups = pd.DataFrame({"population": [names.get(name, name) for name in GROUPS], "group": list(GROUPS.values())})
    groups.to_csv(folder / "groups.tsv", sep="\t", index=False)
    follow_up = {"id": patients, "days": random.integers(50, 900, PATIENTS), "dead": np.resize([1, 0], PATIENTS)}
    pd.DataFrame(follow_up).to_csv(folder / "c.csv", index=False)


def stored_names(workspace: Workspace, cohort: str | None = None) -> set[str]:
    table = read(workspace, "cell_scores", cohort)
    return set(table.columns) - {"cohort", "patient_id", "provenance", "expression_scale"}


@pytest.mark.parametrize(
    ("theirs", "ours", "spelled"),
    [
        ({"B cells": "B Cells"}, {}, "B cells"),
        ({"B cells": "b cells"}, {"B cells": "B  CELLS"}, "B cells"),
        ({"Eosinophilic things": "EOSINOPHILIC THINGS"}, {}, "EOSINOPHILIC THINGS"),
        ({}, {"Eosinophilic things": "eosinophilic  things"}, "Eosinophilic things"),
    ],
    ids=["as the collection", "both as the collection", "as the first cohort", "as the first, spaces"],
)
@pytest.mark.parametrize("order", [["abel", "zoe"], ["zoe", "abel"]], ids=" first, then ".join)
def test_names_that_meet_have_one_spelling_whatever_the_order(
    tmp_path: Path, theirs: dict[str, str], ours: dict[str, str], spelled: str, order: list[str]
) -> None:
    bring_scores(tmp_path / "landing" / "abel", theirs)
    bring_scores(tmp_path / "landing" / "zoe", ours, seed=1)
    workspace = workspace_of(tmp_path)
    for cohort in order:
        build(workspace, tables=SCORES, cohorts=[cohort])
    assert spelled in stored_names(workspace)
    assert len(stored_names(workspace)) == len(GROUPS)
    assert read(workspace, "cell_scores")[spelled].notna().all()
    assert set(read(workspace, "populations", "abel")["population"]) == stored_names(workspace, "abel")
    assert set(read(workspace, "populations", "zoe")["population"]) == stored_names(workspace, "zoe")


def test_a_cohort_that_comes_later_and_goes_first_in_the_alphabet_makes_the_other_current_again(tmp_path: Path) -> None:
    bring_scores(tmp_path / "landing" / "zoe", {"Eosinophilic things": "Eosinophilic Things"})
    workspace = workspace_of(tmp_path)
    build(workspace, tables=SCORES)
    assert "Eosinophilic Things" in stored_names(workspace)
    bring_scores(tmp_path / "landing" / "abel", {}, seed=1)
    built = build(workspace, tables=SCORES)
    assert built["cell_scores", "zoe"].state.reason == "changed: spelling of populations of zoe"
    assert "Eosinophilic things" in stored_names(workspace)
    assert len(stored_names(workspace)) == len(GROUPS)
    assert not any(made.written for made in build(workspace, tables=SCORES).values()), "then nothing is left to do"


def test_a_model_of_one_cohort_labels_another_that_spells_its_populations_otherwise(tmp_path: Path) -> None:
    bring_scores(tmp_path / "landing" / "abel", {})
    renamed = {"B cells": "B Cells", "Fibroblasts": "FIBROBLASTS"}
    bring_scores(tmp_path / "landing" / "zoe", renamed, seed=1, phenotypes={"by": "model", "cohort": "abel"})
    workspace = workspace_of(tmp_path)
    build(workspace, tables=[*SCORES, *LABELS])
    assert set(read(workspace, "tme_phenotypes", "zoe")["phenotype"]) == {"hot", "cold"}


def test_a_lake_recovers_once_the_input_is_right(tmp_path: Path) -> None:
    """A mistaken file brings columns; when it is corrected, the lake is as if it had been right from the start."""
    folder = tmp_path / "landing" / "abel"
    bring_scores(folder, {"Fibroblasts": "Fibroblast signature, mistaken"})
    bring_scores(tmp_path / "landing" / "zoe", {}, seed=1)
    workspace = workspace_of(tmp_path)
    build(workspace, tables=SCORES)
    assert "Fibroblast signature, mistaken" in stored_names(workspace)
    bring_scores(folder, {})
    build(workspace, tables=SCORES)
    build_catalog(workspace.lake)
    shown = ask(workspace.lake, "SELECT * FROM cell_scores")
    assert set(shown.columns) - {"cohort", "patient_id", "provenance", "expression_scale"} == set(GROUPS)
    assert shown[list(GROUPS)].notna().all().all()


def test_columns_of_one_file_that_differ_only_in_case_are_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "landing" / "abel"
    bring_scores(folder, {"Fibroblasts": "b Cells"})
    workspace = workspace_of(tmp_path)
    build(workspace, tables=[*SCORES])
    assert stored_names(workspace) == {"Eosinophilic things"}
    rejected = read_rejected(workspace)
    (row,) = rejected[rejected["rule"] == "ambiguous_name"].to_dict("records")
    assert "'B cells', 'b Cells' differ only in case" in row["message"]


def read_rejected(workspace: Workspace) -> pd.DataFrame:
    from tme_platform.tables import TABLES, rejections

    return workspace.lake.read(rejections(TABLES["cell_scores"]))


def bring_features(folder: Path, names: list[str], cohort: str = "f") -> None:
    random = np.random.default_rng(4)
    declare(folder, roles=["imaging_methods"], features={"file": "f.csv", "feature_set": "drawn"})
    patients = [f"{folder.name}{number:02d}" for number in range(PATIENTS)]
    table = pd.DataFrame(random.normal(size=(PATIENTS, len(names))), columns=names)
    table.assign(patient_id=patients).to_csv(folder / "f.csv", index=False)


def test_features_that_meet_have_one_spelling(tmp_path: Path) -> None:
    bring_features(tmp_path / "landing" / "abel", ["Lesion_Volume", "TUMOUR_original_shape_meshvolume"])
    bring_features(tmp_path / "landing" / "zoe", ["lesion_volume", "tumour_original_shape_MeshVolume"])
    workspace = workspace_of(tmp_path)
    build(workspace, tables=["cohort_files", "radiomic_features"], cohorts=["zoe"])
    build(workspace, tables=["cohort_files", "radiomic_features"], cohorts=["abel"])
    table = read(workspace, "radiomic_features")
    assert {"Lesion_Volume", "tumour_original_shape_MeshVolume"} < set(table.columns)
    assert table[["Lesion_Volume", "tumour_original_shape_MeshVolume"]].notna().all().all()


@pytest.mark.parametrize(
    ("names", "kept", "rules"),
    [
        (["a", "A", "b"], ["b"], {"ambiguous_name"}),
        (["Row_Key", "b"], ["b"], {"reserved_name"}),
        (["Session", "b"], ["b"], {"row_description"}),
        (["row_key", "Provenance", "b", "x 1", "X  1"], ["b"], {"reserved_name", "ambiguous_name"}),
        (["CD4+", "CD4-", "b"], ["CD4+", "CD4-", "b"], set()),
    ],
)
def test_names_of_features_that_cannot_be_stored_are_rejected(
    tmp_path: Path, names: list[str], kept: list[str], rules: set[str]
) -> None:
    folder = tmp_path / "abel"
    bring_features(folder, names)
    features, rejected = read_features(folder, "abel", read_cohort(folder))
    assert list(features.columns) == kept
    assert set(rejected["rule"]) == rules


def test_the_rule_of_spelling() -> None:
    names = {"b": ["T cells", "NK"], "a": ["t Cells", "nk", "B"], "c": ["B", "b", "T CELLS"]}
    assert one_spelling(names, ["NK"]) == {
        "a": {"nk": "NK"},
        "b": {"T cells": "t Cells"},
        "c": {"T CELLS": "t Cells"},
    }, "c has B and b: which of them is a's is unknown"
    assert repeated_names(["B", "b", "T", "Ｔ", "x"]) == [["B", "b"], ["T", "Ｔ"]]
    (said,) = similar_names({"a": ["B cells", "CD4+ T"], "b": ["b_cells", "CD4- T", "B cells"], "c": ["other"]})
    assert said.startswith("'B cells' of a and 'b_cells' of b differ only in punctuation")


def test_values_of_a_clinical_column_that_differ_only_in_case_are_named() -> None:
    arms = {"b": ["Control", "drug"], "a": ["control", "Drug 2", "drug  2"]}
    with showing_cells():
        said = values_alike("arm", arms)
    assert said == [
        "arm: 'Control' of b and 'control' of a differ only in case or spaces and count as different. "
        "Write them alike.",
        "arm: 'Drug 2' of a and 'drug  2' of a differ only in case or spaces and count as different. Write them alike.",
    ]
    assert values_alike("site", {"a": ["Duke", "UCSF"], "b": ["Duke"]}) == []


def bring_fractions(folder: Path, zero: list[str]) -> None:
    """Fractions of LM22's states in which some states are nowhere found."""
    from tme_platform.expression import lineage_map

    random = np.random.default_rng(2)
    states = list(lineage_map("lm22").lineage)
    fractions = pd.DataFrame(random.uniform(0.001, 0.03, (PATIENTS, len(states))), columns=states)
    fractions[[state for state in states if lineage_map("lm22").lineage[state] in zero]] = 0.0
    declare(
        folder,
        roles=["phenotype_reference"],
        cell_scores={"file": "f.tsv", "kind": "fractions", "lineages": "lm22", "method": "drawn"},
        phenotypes={"by": "fit"},
    )
    fractions.assign(patient_id=[f"P{n}" for n in range(PATIENTS)]).to_csv(folder / "f.tsv", sep="\t", index=False)


@pytest.mark.parametrize("zero", [["Eosinophils"], ["Eosinophils", "Mast cells", "Gamma delta T cells"]], ids=len)
def test_a_lineage_that_is_the_same_in_all_patients_is_left_out_with_a_reason(tmp_path: Path, zero: list[str]) -> None:
    bring_fractions(tmp_path / "landing" / "abel", zero)
    workspace = workspace_of(tmp_path)
    built = build(workspace, stages=["cohorts", "expression"], tables=[*LABELS, "phenotype_separation"])
    labels, listed = read(workspace, "tme_phenotypes"), read(workspace, "populations").set_index("population")
    assert len(labels) == PATIENTS
    assert sorted(built["phenotype_model", "abel"].state.details["populations_left_out"]) == sorted(zero)
    assert listed.loc[zero, "reason"].eq("the same in all patients, so not used for phenotypes").all()
    assert listed["reason"].drop(zero).isna().all()
    assert set(zero) <= stored_names(workspace), "its scores are stored all the same"
    assert not set(zero) & set(read(workspace, "phenotype_model")["population"])
    kept = build(workspace, tables=["phenotype_model"])["phenotype_model", "abel"]
    assert not kept.written


def test_fractions_that_are_all_the_same_give_a_reason(tmp_path: Path) -> None:
    folder = tmp_path / "landing" / "abel"
    bring_fractions(folder, [])
    table = pd.read_csv(folder / "f.tsv", sep="\t")
    table.loc[:, table.columns != "patient_id"] = 0.02
    table.to_csv(folder / "f.tsv", sep="\t", index=False)
    built = build(workspace := workspace_of(tmp_path), stages=["cohorts", "expression"], tables=LABELS)
    assert read(workspace, "tme_phenotypes").empty
    assert built["phenotype_model", "abel"].state.details["note"] == "no population varies over the patients"
