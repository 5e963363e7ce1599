"""Columns, cells, patients and paths that may identify a person; the bundled cohorts have none."""

from pathlib import Path

import pytest

from tme_platform.cohorts import (
    Cohort,
    PathNames,
    check_cohort,
    identifying_content,
    identifying_paths,
    list_cohorts,
    list_files,
    path_key,
    patients_by_table,
    read_cohort,
)
from tme_platform.environment import PATH_KEY

CLINICAL = "clinical: [{file: c.csv, patient_id: id}]\n"


def found(folder: Path, cohort: Cohort) -> list[str]:
    return identifying_content(folder, cohort, patients_by_table(folder, cohort))


@pytest.mark.parametrize(
    "column",
    [
        "Patient Name",
        "surname",
        "First_Name",
        "DOB",
        "birthDate",
        "date of birth",
        "MRN",
        "SSN",
        "NHS number",
        "E-mail",
        "phone",
        "address",
        "Accession Number",
        "PatientBirthDate",
        "Nachname",
    ],
)
def test_columns_are_known_by_name(land, column):
    (said,) = found(*land(CLINICAL, {"c.csv": f"id,{column}\nP1,x\n"}))
    assert said.startswith(f"c.csv: column '{column}' is named like")


@pytest.mark.parametrize("column", ["DAYS_TO_BIRTH", "population", "study_name", "smoking", "ethnicity", "domain"])
def test_other_columns_are_no_cause(land, column):
    assert found(*land(CLINICAL, {"c.csv": f"id,{column}\nP1,x\n"})) == []


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("jane@clinic.example", "e-mail"),
        ("Doe^Jane", "DICOM"),
        ("1961-03-02", "date"),
        ("2.3.1961", "date"),
        ("03/02/1961", "date"),
    ],
)
def test_cells_are_known_by_form_and_not_quoted(land, cell, kind):
    (said,) = found(*land(CLINICAL, {"c.csv": f"id,note\nP1,x\nP2,{cell}\n"}))
    assert kind in said
    assert "column 'note'" in said
    assert "row 2" in said
    assert cell not in said


@pytest.mark.parametrize(
    "patient", ["Jane Doe", "DOE^JANE", "Doe_Jane", "P1961-03-02", "19610302", "123456789", "jane@clinic.example"]
)
def test_patients_who_are_named(land, patient):
    said = " ".join(found(*land(CLINICAL, {"c.csv": f"id,x\n{patient},1\n"})))
    assert "clinical table c.csv: 1 patient is named by" in said
    assert patient not in said


@pytest.mark.parametrize("patient", ["TCGA-3C-AALI", "ISPY2-994841", "994841", "Patient_7", "STS_001", "GSM2528079"])
def test_pseudonyms_are_no_cause(land, patient):
    assert found(*land(CLINICAL, {"c.csv": f"id,x\n{patient},1\n"})) == []


def test_the_bundled_cohorts_give_no_warning(landing):
    for name in list_cohorts(landing):
        folder = landing / name
        assert found(folder, read_cohort(folder)) == []
        assert identifying_paths(list_files(folder)["file"], str) == []


def test_check_warns_of_paths(land):
    folder, _ = land(CLINICAL, {"c.csv": "id,x\nP1,1\n", "images/Doe^Jane_1961-03-02/t1.nii": ""})
    said = " ".join(check_cohort(folder).warnings)
    assert "1 path has what looks like a person's name as a name of a folder or file" in said


def test_stored_names_depend_on_the_path_in_the_folder_and_the_key_alone(land):
    names = {}
    for name in ("small", "moved"):
        folder, cohort = land(CLINICAL, {"c.csv": "id\n", "a/Doe.Jane.nii.gz": ""}, name)
        names[name] = PathNames(folder, cohort, b"key")
    first, second = names.values()
    stored = first.stored("a/Doe.Jane.nii.gz")
    assert stored.startswith("f-")
    assert stored.endswith(".nii.gz")
    assert "Doe" not in stored
    assert second.stored("a/Doe.Jane.nii.gz") == stored
    assert second.relative(stored) == "a/Doe.Jane.nii.gz"
    assert first.stored("c.csv") == "c.csv"
    assert PathNames(first.folder, read_cohort(first.folder), b"other").stored("a/Doe.Jane.nii.gz") != stored


def test_texts_have_stored_names(land):
    folder, cohort = land(CLINICAL, {"c.csv": "id\n", "a/Jane Doe.nii": "", "jane/x": ""})
    names = PathNames(folder, cohort, b"key")
    stored = names.stored("a/Jane Doe.nii")
    for text in ("Jane Doe.nii is cut; see c.csv.", "a/Jane Doe.nii is cut; see c.csv."):
        assert names.hidden(text) == f"{stored} is cut; see c.csv."
    assert "jane" not in names.hidden("jane has two series", (folder / "jane").resolve())


def test_names_in_texts_are_whole_and_the_longest_counts(land):
    files = {"c.csv": "id\n", "a.nii": "", "b/a.nii": "", "b/a.nii.gz": "", "Doe, Jane.nii": ""}
    folder, cohort = land(CLINICAL, files)
    names = PathNames(folder, cohort, b"key")
    short, long, spaced = map(names.stored, ("b/a.nii", "b/a.nii.gz", "Doe, Jane.nii"))
    assert names.hidden("'b/a.nii': 1, b/a.nii.gz; (Doe, Jane.nii)") == f"'{short}': 1, {long}; ({spaced})"
    for text in ("aa.nii", "x-a.nii", "a.nii_2", "a.nii-b", "x^a.nii", ""):
        assert names.hidden(text) == text


def test_texts_are_searched_once_however_many_files_there_are(land, monkeypatch):
    folder, cohort = land(CLINICAL, {"c.csv": "id\n"})
    names = PathNames(folder, cohort, b"key")
    slices = [f"series/{number:06d} Doe.dcm" for number in range(20_000)]
    monkeypatch.setattr(PathNames, "_entries", slices)
    looked_up = []

    class Counted(dict):
        def __contains__(self, name):
            looked_up.append(name)
            return super().__contains__(name)

    monkeypatch.setattr(PathNames, "_in_texts", Counted({name: names.stored(name) for name in slices}))
    stored = names.stored(slices[-1])
    assert names.hidden(f"no slice {slices[-1]} is here. " * 100) == f"no slice {stored} is here. " * 100
    assert len(looked_up) < 1_000


def test_the_key_is_kept_where_it_can_be_written(tmp_path, monkeypatch):
    landing, state = tmp_path / "landing", tmp_path / "state"
    (tmp_path / "landing").write_text("no folder, so nothing can be written into it")
    key = path_key(landing, state)
    assert path_key(landing, state, write=False) == key
    assert path_key(tmp_path, tmp_path, write=False) != path_key(tmp_path, tmp_path, write=False)
    monkeypatch.setenv(PATH_KEY, "long and random")
    assert path_key(landing, state) == path_key(tmp_path, tmp_path) != key
