"""Tables that do not meet: the cause is found, and the rewriting that is named brings the patients together."""

import re
import unicodedata

import pytest

from tme_platform.cohorts import overlaps_between, overlaps_within, patients_by_table
from tme_platform.cohorts.overlap import compare_patients, table_overlaps

from .conftest import HEAD

N = range(1, 21)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ("TCGA.A1.{:04d}", "TCGA-A1-{:04d}", "dots, dashes or spaces"),
        ("S_{:d}_x", "S-{:d}-x", "dots, dashes or spaces"),
        ("p{:d}", "P{:d}", "differ in case"),
        ("Tumor.{:d}", "tumor-{:d}", "case and in dots"),
        ("{:03d}", "{:d}", "leading zeros"),
        ("{:d}.0", "{:d}", "decimal point"),
        ("P{:d}", "P{:05d}", "leading zeros"),
        ("P {:d}", "P{:d}", "differ in spaces"),
        ("Patient_{:d}", "{:d}", "those of expression begin with 'Patient_'"),
        ("SITE1-P{:03d}", "P{:d}", "those of expression begin with 'SITE1-'"),
        ("{:d}tumour", "{:d}", "those of expression end with 'tumour'"),
        ("Pat{:03d}", "P-{:d}", "if the numbers mean the same patients"),
        (unicodedata.normalize("NFD", "Größe {:d}"), "Größe {:d}", r"Unicode form (NFC and NFD)"),
    ],
)
def test_the_cause_is_named_in_both_directions(ours: str, theirs: str, said: str) -> None:
    first, second = [ours.format(n) for n in N], [theirs.format(n) for n in N]
    for overlap in (
        compare_patients("expression", first, "clinical table c.csv", second),
        compare_patients("features", second, "expression", first),
    ):
        assert (overlap.n_both, overlap.share) == (0, 0)
        assert overlap.n_rewritten == len(N)
        assert said in overlap.sentence
        assert "have no patient in common" in overlap.sentence
        assert "20 of 20 would meet then" in overlap.sentence


@pytest.mark.parametrize(
    ("sample", "patient", "pattern"),
    [
        ("TCGA-A1-{:04d}-01A-11R", "TCGA-A1-{:04d}", "^(TCGA-..-....)"),
        ("P{:d}_T_2", "P{:d}", "^([^_]+)"),
        ("AB-{:d}-x", "AB-{:d}", "^([^-]+-[^-]+)"),
    ],
)
def test_the_pattern_that_is_named_takes_the_patient_from_the_sample(sample: str, patient: str, pattern: str) -> None:
    samples, patients = [sample.format(n) for n in N], [patient.format(n) for n in N]
    overlap = compare_patients("expression", samples, "clinical table c.csv", patients)
    assert f"write `patient_pattern: '{pattern}'` under `expression`" in overlap.sentence
    assert {re.search(pattern, name).group(1) for name in samples} == set(patients)
    turned = compare_patients("clinical table c.csv", samples, "features", patients)
    assert f"write `pattern: '{pattern}'` under `patient_id` of that table" in turned.sentence


def test_a_barcode_with_other_separators_needs_both() -> None:
    samples, patients = [f"TCGA.A1.{n:04d}.01A" for n in N], [f"TCGA-A1-{n:04d}" for n in N]
    said = compare_patients("expression", samples, "features", patients).sentence
    assert r"patient_pattern: '^(TCGA\...\.....)'" in said
    assert "Write dots and dashes the same way as well" in said


@pytest.mark.parametrize("theirs", [[f"Q{n}z" for n in range(100, 120)], [f"P{n}" for n in range(100, 120)]])
def test_no_cause_is_made_up(theirs: list[str]) -> None:
    overlap = compare_patients("features", [f"P{n}" for n in N], "imaging", theirs)
    assert overlap.cause == ""
    assert "Correct the names in one of them" in overlap.sentence


def test_a_rewriting_that_merges_patients_is_not_proposed() -> None:
    ours = ["P1", "P01", "P2", "P02"]
    assert compare_patients("features", ours, "imaging", ["P001", "P002"]).cause == ""


def test_the_smaller_table_counts() -> None:
    (overlap,) = table_overlaps({"features": ["A", "B"], "imaging": [str(n) for n in N] + ["A", "B"], "x": []})
    assert overlap.share == 1
    assert overlap.cause == ""


def land(tmp_path, declared: str, files: dict[str, str], name: str = "small"):
    from tme_platform.cohorts import read_cohort

    folder = tmp_path / name
    folder.mkdir()
    (folder / "cohort.yaml").write_text(HEAD + declared)
    for file, text in files.items():
        (folder / file).write_text(text)
    return folder, read_cohort(folder)


def table(column: str, names: list[str], *columns: str) -> str:
    rows = [",".join([name, *("1.5" for _ in columns)]) for name in names]
    return "\n".join([",".join([column, *columns]), *rows]) + "\n"


def test_clinical_tables_of_two_sites_need_not_meet_each_other(tmp_path) -> None:
    first, second = ["A1", "A2"], ["B1", "B2"]
    folder, cohort = land(
        tmp_path,
        "features: {file: f.csv, feature_set: x}\n"
        "clinical: [{file: a.csv, patient_id: id}, {file: b.csv, patient_id: id}, {file: c.csv, patient_id: id}]\n",
        {
            "a.csv": table("id", first), "b.csv": table("id", second), "c.csv": table("id", ["z-1", "z-2"]),
            "f.csv": table("patient_id", [*first, *second], "x"),
        },
    )  # fmt: skip
    overlaps = overlaps_within(cohort, patients_by_table(folder, cohort))
    assert {f"{o.first}, {o.second}": o.share for o in overlaps} == {
        "clinical tables, features": 1,
        "clinical table a.csv, the other tables": 1,
        "clinical table b.csv, the other tables": 1,
        "clinical table c.csv, the other tables": 0,
    }


def test_cohorts_that_are_referred_to_are_compared(tmp_path) -> None:
    land(tmp_path, "expression: {file: e.tsv, unit: tpm}\n", {"e.tsv": "gene\tTCGA-A1-0001\nA\t1\n"}, "reference")
    folder, cohort = land(
        tmp_path,
        "features: {file: f.csv, feature_set: x}\nphenotypes: {by: patient, cohort: reference}\n",
        {"f.csv": table("patient_id", ["TCGA.A1.0001"], "x")},
    )
    (overlap,) = overlaps_between(folder, cohort, patients_by_table(folder, cohort))
    assert overlap.second == "the phenotypes of cohort reference"
    assert "dots, dashes" in overlap.cause
