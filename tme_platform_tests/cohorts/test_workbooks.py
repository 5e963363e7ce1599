"""Sheets of Excel workbooks are read as the same table in text would be, or refused."""

import datetime
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from tme_platform.cohorts import CohortError, check_cohort, read_cell_scores, read_clinical, read_cohort, read_features
from tme_platform_tests.support.workbooks import write_workbook

CLINICAL = [
    ["id", "age", "died", "months", "biopsy"],
    ["P1", 61, True, 12.1, datetime.date(2021, 5, 3)],
    [None, None, None, None, None],
    ["P2", 48.5, False, 1.1000000000000001, None],
]
PATHOLOGY = [["case", "cd8"], ["P1", 35], ["P2", 2]]
DECLARED = """clinical:
  - {file: book.xlsx, sheet: Clinical data, patient_id: id, other: [biopsy],
     columns: {age_years: age, os_event: died, os_days: {column: months, unit: months}}}
  - {file: book.xlsx, sheet: IHC, patient_id: case, columns: {cd8_percent: cd8}}
"""


def test_two_sheets_of_one_workbook_are_two_tables(land) -> None:
    folder, cohort = land(DECLARED)
    write_workbook(folder / "book.xlsx", {"Clinical data": CLINICAL, "IHC": PATHOLOGY})
    read = read_clinical(folder, "small", cohort)
    patients = read.patients.set_index("patient_id")
    assert patients["age_years"].to_dict() == {"P1": 61.0, "P2": 48.5}
    assert patients["os_event"].to_dict() == {"P1": 1, "P2": 0}
    assert patients["os_days"].round(3).to_dict() == {"P1": 368.294, "P2": 33.481}
    assert patients["cd8_percent"].to_dict() == {"P1": 35.0, "P2": 2.0}
    assert read.other[["patient_id", "column", "value"]].to_numpy().tolist() == [["P1", "biopsy", "2021-05-03"]]
    assert read.rejected.empty


def test_the_check_tells_the_sheets_apart(land) -> None:
    folder, _ = land(DECLARED)
    write_workbook(folder / "book.xlsx", {"Clinical data": CLINICAL, "IHC": [*PATHOLOGY, ["P3", 1]]})
    report = check_cohort(folder)
    facts = [use.facts[:2] for use in report.files if use.taken_for == "clinical table"]
    assert facts == [
        ("sheet Clinical data", "2 patients (column id): P1, P2"),
        ("sheet IHC", "3 patients (column case): P1, P2, P3"),
    ]
    (column,) = [use for use in report.columns if use.name == "cd8_percent"]
    assert column.lines == ("cd8_percent <- book.xlsx (IHC): cd8 (3 known): 1 to 35 percent",)


def test_features_and_scores_come_from_sheets(land) -> None:
    folder, cohort = land(
        "features: {file: f.xlsx, patient_id: id, feature_set: ours}\n"
        "cell_scores: {file: f.xlsx, sheet: scores, patient_id: id, groups: g.csv, method: ours}\n".replace(
            "f.xlsx, patient_id", "f.xlsx, sheet: features, patient_id"
        ),
        {"g.csv": "population,group\nT,adaptive\n"},
    )
    rows = [["id", "volume"], *([f"P{n}", n + 0.25] for n in range(3))]
    write_workbook(folder / "f.xlsx", {"features": rows, "scores": [["id", "T"], ["P1", 0.5]]})
    features, _ = read_features(folder, "small", cohort)
    assert features["volume"].to_dict() == {"P0": 0.25, "P1": 1.25, "P2": 2.25}
    scores, _, _ = read_cell_scores(folder, "small", cohort.cell_scores)
    assert scores.to_dict() == {"P1": {"T": 0.5}}


def test_whole_numbers_stay_whole(land) -> None:
    folder, cohort = land("clinical: [{file: c.xlsx, patient_id: id}]\n")
    write_workbook(folder / "c.xlsx", {"only": [["id"], [101], [102.0], [900719925474099]]})
    assert read_clinical(folder, "small", cohort).patients["patient_id"].tolist() == ["101", "102", "900719925474099"]


@pytest.mark.parametrize(
    ("sheets", "said"),
    [
        ({"a": CLINICAL, "b": CLINICAL}, "it has 2 sheets. Name one with `sheet` in cohort.yaml: a, b."),
        ({"a": [["Table S1. Patients"], ["id", "age", "sex"], ["P1", 1, "f"]]}, "it is a title, not a header"),
        ({"a": [["id", "age"], ["P1", "=B3*2"]]}, "column 2 has formulas without a stored result"),
        ({"a": []}, "the sheet is empty"),
    ],
)
def test_what_is_in_doubt_is_refused(land, sheets: dict, said: str) -> None:
    folder, cohort = land("clinical: [{file: c.xlsx, patient_id: id}]\n")
    write_workbook(folder / "c.xlsx", sheets)
    rejected = read_clinical(folder, "small", cohort).rejected
    assert rejected["rule"].tolist() == ["file_unreadable"]
    assert said in rejected["message"].iloc[0]


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(land) -> None:
    folder, cohort = land("clinical: [{file: c.xlsx, sheet: clinicl, patient_id: id}]\n")
    write_workbook(folder / "c.xlsx", {"clinical": CLINICAL, "other": CLINICAL})
    message = read_clinical(folder, "small", cohort).rejected["message"].iloc[0]
    assert "it has no sheet 'clinicl'; nearest: clinical; there are: clinical, other." in message


def test_only_workbooks_have_sheets(land) -> None:
    with pytest.raises(CohortError, match="names the sheet of an Excel workbook"):
        land("clinical: [{file: c.csv, sheet: a, patient_id: id}]\n", {"c.csv": "id\nP1\n"})


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"\xd0\xcf\x11\xe0 old Excel"])
def test_what_is_no_workbook_is_refused(land, content: bytes) -> None:
    folder, cohort = land("clinical: [{file: c.xlsx, patient_id: id}]\n")
    (folder / "c.xlsx").write_bytes(content)
    assert read_clinical(folder, "small", cohort).rejected["rule"].tolist() == ["file_unreadable"]


def _with_sheet(path: Path, sheet: str) -> None:
    """Replace the XML of the first sheet."""
    write_workbook(path, {"a": [["id"], ["P1"]]})
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()} | {"xl/worksheets/sheet1.xml": sheet.encode()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)


@pytest.mark.parametrize("entity", ["'secret of the machine'", 'SYSTEM "file:///etc/hostname"'])
def test_entities_are_refused(land, entity: str) -> None:
    folder, cohort = land("clinical: [{file: c.xlsx, patient_id: id}]\n")
    _with_sheet(
        folder / "c.xlsx",
        f"<!DOCTYPE x [<!ENTITY e {entity}>]><worksheet><sheetData><row><c t='inlineStr'><is><t>id</t></is></c></row>"
        "<row><c t='inlineStr'><is><t>P1&e;</t></is></c></row></sheetData></worksheet>",
    )
    assert "entities" in read_clinical(folder, "small", cohort).rejected["message"].iloc[0]


def test_a_bomb_is_refused_before_it_is_read(land, monkeypatch) -> None:
    folder, cohort = land("clinical: [{file: c.xlsx, patient_id: id}]\n")
    monkeypatch.setattr("tme_platform.cohorts._workbook.expands_too_far", lambda expanded, stored: expanded > 1 << 20)
    _with_sheet(folder / "c.xlsx", f"<worksheet><sheetData/>{' ' * (2 << 20)}</worksheet>")
    assert "expands further" in read_clinical(folder, "small", cohort).rejected["message"].iloc[0]


def test_a_cohort_file_may_name_own_columns_of_a_sheet(land) -> None:
    folder, _ = land("clinical: [{file: c.csv, patient_id: id}]\n", {"c.csv": "id\nP1\n"})
    write_workbook(folder / "c.xlsx", {"a": [["id", "lesion"], ["P1", "seen"]], "b": [["x"]]})
    text = (folder / "cohort.yaml").read_text().replace("c.csv,", "c.xlsx, sheet: a,")
    (folder / "cohort.yaml").write_text(text + "endpoints: {l: {column: lesion, positive: [seen], negative: [none]}}\n")
    assert read_cohort(folder).endpoints.root["l"].column == "lesion"


def test_values_agree_with_the_table_in_text(land) -> None:
    frame = pd.DataFrame({"id": ["P1", "P2"], "x": [0.1 + 0.2, 1e-300], "y": [1e22, -0.5]})
    folder, cohort = land("features: {file: f.csv, patient_id: id, feature_set: ours}\n")
    frame.to_csv(folder / "f.csv", index=False)
    text, _ = read_features(folder, "small", cohort)
    write_workbook(folder / "f.xlsx", {"a": [list(frame.columns), *frame.to_numpy(dtype=object).tolist()]})
    _, cohort = land("features: {file: f.xlsx, patient_id: id, feature_set: ours}\n")
    sheet, _ = read_features(folder, "small", cohort)
    pd.testing.assert_frame_equal(sheet, text, check_exact=True)
