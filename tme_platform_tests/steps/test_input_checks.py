"""Checks on what was read, called directly: each fails for the input it is about, says why, and passes otherwise."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import read_cohort
from tme_platform.steps.cohorts import imaging_series, patients
from tme_platform.steps.expression import other_scores
from tme_platform.steps.input_checks import (
    data_on_one_side,
    data_once,
    every_other_score,
    labels_meet,
    outlines_where_declared,
    patients_are_named,
    tables_meet,
)
from tme_platform.steps.phenotypes import tme_phenotypes
from tme_platform.steps.signature import signature_patients
from tme_platform.study import Study
from tme_platform.tables import TABLES

HEAD = "title: t\nroles: [immune_phenotype]\nprovenance: {kind: simulated, source: typed, licence: none}\n"


def scope(
    tmp_path: Path,
    declared: str,
    files: dict[str, str] | None = None,
    *,
    table: str = "patients",
    tables: dict[str, pd.DataFrame] | None = None,
    **settings: object,
) -> SimpleNamespace:
    """What the checks use of a scope, with tables given as frames by name, or by cohort and name."""
    folder = tmp_path / "small"
    folder.mkdir(exist_ok=True)
    (folder / "cohort.yaml").write_text(HEAD + declared)
    for file, text in (files or {}).items():
        (folder / file).write_text(text)
    cohort, held = read_cohort(folder), tables or {}

    def read(schema, cohort_name=None, *, columns=None, **_):
        name = f"{cohort_name}/{schema.name}" if f"{cohort_name}/{schema.name}" in held else schema.name
        frame = held.get(name, pd.DataFrame(columns=["patient_id", *(columns or [])]))
        return frame if columns is None else frame[list(dict.fromkeys(columns))]

    return SimpleNamespace(
        folder=folder,
        own_cohort="small",
        schema=TABLES[table],
        study=Study(name="s", title="s", **settings),
        declaration=lambda *_, **__: cohort,
        files=lambda _: [],
        read=read,
        has_rows=lambda schema, *_: schema.name in held,
    )


FEATURES = "features: {file: f.csv, feature_set: x}\n"
SCORES = "{file: s.csv, groups: g.csv, method: m}"
CLINICAL = "clinical: [{file: c.csv, patient_id: id}]\n"


def test_blocking_checks_are_declared_where_they_block() -> None:
    for step, wanted in (
        (patients, {"tables_meet", "patients_are_named"}),
        (imaging_series, {"outlines_where_declared"}),
        (other_scores, {"every_other_score"}),
        (tme_phenotypes, {"labels_meet"}),
        (signature_patients, {"patients_on_one_side", "data_on_one_side"}),
    ):
        assert {check.name for check in step.checks if check.blocking} == wanted


@pytest.mark.parametrize(
    ("names", "passed", "said"),
    [
        (["TCGA.A1.0001", "TCGA.A1.0002"], False, "dots, dashes or spaces"),
        (["tcga-a1-0001", "tcga-a1-0002"], False, "differ in case"),
        (["TCGA-A1-0001", "TCGA-A1-0002"], True, "1 pair(s) of tables meet"),
        (["TCGA-A1-0001", "other"], True, "meet"),
    ],
)
def test_tables_of_a_cohort_that_do_not_meet(tmp_path: Path, names: list[str], passed: bool, said: str) -> None:
    files = {
        "f.csv": "patient_id,a\n" + "".join(f"{name},1\n" for name in names),
        "c.csv": "id\nTCGA-A1-0001\nTCGA-A1-0002\n",
    }
    finding = tables_meet(pd.DataFrame(), scope(tmp_path, FEATURES + CLINICAL, files))
    assert finding.passed is passed
    assert said in finding.description


def test_the_share_is_a_setting(tmp_path: Path) -> None:
    files = {"f.csv": "patient_id,a\nA,1\nB,2\n", "c.csv": "id\nA\nC\n"}
    assert tables_meet(pd.DataFrame(), scope(tmp_path, FEATURES + CLINICAL, files)).passed
    strict = scope(tmp_path, FEATURES + CLINICAL, files, checks={"min_shared_patients": 0.8})
    assert not tables_meet(pd.DataFrame(), strict).passed
    files["c.csv"] = "id\nD\nC\n"
    off = scope(tmp_path, FEATURES + CLINICAL, files, checks={"min_shared_patients": 0})
    assert tables_meet(pd.DataFrame(), off).passed, "0 switches the check off"


def test_labels_by_patient_of_a_cohort_without_these_patients(tmp_path: Path) -> None:
    declared = FEATURES + "phenotypes: {by: patient, cohort: other}\n"
    held = {
        "patients": pd.DataFrame({"patient_id": ["001", "002"]}),
        "other/cell_scores": pd.DataFrame({"patient_id": ["1", "2"]}),
    }
    finding = labels_meet(pd.DataFrame(), scope(tmp_path, declared, tables=held))
    assert not finding.passed
    assert "leading zeros" in finding.description
    held["other/cell_scores"] = held["patients"]
    assert labels_meet(pd.DataFrame(), scope(tmp_path, declared, tables=held)).passed
    assert labels_meet(pd.DataFrame(), scope(tmp_path, FEATURES, tables=held)).passed


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("patient_id,image,mask\nA,i,m\n", "is not in the landing folder. Add the file"),
        ("id,image\nA,i\n", "no column"),
    ],
)
def test_a_manifest_without_a_usable_outline_fails_with_the_reason(tmp_path: Path, manifest: str, said: str) -> None:
    none = pd.DataFrame(columns=TABLES["imaging_series"].own_columns)
    finding = outlines_where_declared(none, scope(tmp_path, "imaging: {}\n", {"imaging.csv": manifest}))
    assert not finding.passed
    assert said in finding.description
    assert outlines_where_declared(none, scope(tmp_path, FEATURES)).passed


def test_each_of_the_other_scores_has_to_be_read(tmp_path: Path) -> None:
    declared = f"imaging: {{}}\nother_scores: {{one: {SCORES}, two: {SCORES.replace('s.csv', 't.csv')}}}\n"
    given = scope(tmp_path, declared, {"s.csv": "patient_id,x\nA,1\n", "g.csv": "population,group\nx,adaptive\n"})
    finding = every_other_score(pd.DataFrame({"name": ["one"]}), given)
    assert not finding.passed
    assert "other_scores: two cannot be used. t.csv is not in the landing folder" in finding.description
    assert every_other_score(pd.DataFrame({"name": ["one", "two"]}), given).passed


def test_a_cohort_without_patients(tmp_path: Path) -> None:
    none = pd.DataFrame(columns=["patient_id"])
    finding = patients_are_named(none, scope(tmp_path, CLINICAL, {"c.csv": "name\nA\n"}))
    assert not finding.passed
    assert "no column 'id'" in finding.description
    assert patients_are_named(pd.DataFrame({"patient_id": ["A"]}), scope(tmp_path, CLINICAL)).passed


def test_data_under_two_patients_are_repeated_from_the_rejections() -> None:
    rejected = pd.DataFrame({"rule": ["same_data_twice", "other"], "message": ["A, B have the same image.", "x"]})
    finding = data_once(rejected, None)
    assert not finding.passed
    assert finding.description == "A, B have the same image."
    assert not data_once.blocking
    assert data_once(rejected[1:], None).passed


def features(names: list[str], values: np.ndarray) -> pd.DataFrame:
    columns = {f"f{n}": values[:, n] for n in range(values.shape[1])}
    return pd.DataFrame({"patient_id": names, "series": "1", "reader": "1", "session": 1, **columns})


@pytest.mark.parametrize("what", ["features", "images", "scores", "nothing", "one side"])
def test_the_same_data_on_both_sides_of_the_signature(tmp_path: Path, what: str) -> None:
    random = np.random.default_rng(3)
    first, second = random.normal(size=(3, 5)), random.normal(size=(3, 5))
    scores = pd.DataFrame(random.normal(size=(6, 4)), columns=list("wxyz")).assign(patient_id=list("ABCDEF"))
    hashes = pd.DataFrame({"patient_id": list("ABCDEF"), "image_sha256": list("123456"), "dicom_series": None})
    if what in ("features", "one side"):
        second[1 if what == "features" else 0] = first[0] if what == "features" else second[2]
    if what == "images":
        hashes.loc[4, "image_sha256"] = "1"
    if what == "scores":
        scores.loc[4, list("wxyz")] = scores.loc[0, list("wxyz")]
    held = {
        "one/radiomic_features": features(list("ABC"), first),
        "two/radiomic_features": features(list("DEF"), second),
        "cell_scores": scores,
        "imaging_series": hashes,
    }
    sides = pd.DataFrame({"cohort": ["one"] * 3 + ["two"] * 3, "patient_id": list("ABCDEF")})
    sides["side"] = sides["cohort"].map({"one": "discovery", "two": "validation"})
    finding = data_on_one_side(sides, scope(tmp_path, FEATURES, table="signature_patients", tables=held))
    assert finding.passed is (what in ("nothing", "one side"))
    if not finding.passed:
        assert "A (one, discovery), E (two, validation) have the same" in finding.description
