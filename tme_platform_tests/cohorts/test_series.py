"""Which series the signature uses is known, or refused with the names to choose from."""

import pandas as pd
import pytest

from tme_platform.cohorts import check_cohort, read_manifest, series_problem, several_series

FILES = {f"{patient}{file}": f"{file} of {patient}" for patient in ("A", "B", "C") for file in ("i.nii", "m.nii")}


def manifest(*rows: str) -> dict[str, str]:
    header = "patient_id,series,reader,session,image,mask"
    return {"imaging.csv": "\n".join([header, *(f"{row},{row[0]}i.nii,{row[0]}m.nii" for row in rows)]), **FILES}


@pytest.mark.parametrize(
    "rows",
    [
        ["A,dce,1,1", "B,dce,1,1"],
        ["A,dce,1,1", "A,dce,2,1", "A,dce,1,2", "B,dce,1,1"],  # readers and sessions are no series
        ["A,,1,1", "B,,1,1"],
        ["A,first,1,1", "B,second,1,1"],  # one each
    ],
)
def test_one_series_per_patient_needs_no_name(land, rows):
    folder, _ = land("imaging: {}\n", manifest(*rows))
    assert check_cohort(folder).problems == ()


@pytest.mark.parametrize("declared", ["{}", "{series: flair}"])
def test_an_unknown_series_is_a_problem_that_names_the_others(land, declared):
    folder, _ = land(f"imaging: {declared}\n", manifest("A,t2,1,1", "A,dce,1,1", "B,t2,1,1"))
    (problem,) = check_cohort(folder).problems
    assert "dce, t2" in problem
    assert "cohort.yaml" in problem


def test_the_named_series_may_be_a_number(land):
    folder, cohort = land("imaging: {series: 2}\n", manifest("A,1,1,1", "A,2,1,1"))
    assert cohort.imaging.series == "2"
    assert check_cohort(folder).problems == ()


def test_other_roles_need_no_name(land):
    folder, cohort = land("imaging: {}\n", manifest("A,t2,1,1", "A,dce,1,1"))
    outlines, _ = read_manifest(folder, "small", cohort)
    assert series_problem(outlines, cohort) is not None
    methods = cohort.model_copy(update={"roles": ("imaging_methods",)})
    assert series_problem(outlines, methods) is None


def test_patients_without_the_named_series_are_rows(land, rules):
    folder, cohort = land("imaging: {series: dce}\n", manifest("A,dce,1,1", "B,t2,1,1", "B,t2,2,1", "C,t2,1,1"))
    outlines, rejected = read_manifest(folder, "small", cohort)
    assert len(outlines) == 4, "they are measured all the same"
    assert rules(rejected) == {"signature_series_missing": 2}
    assert set(rejected["patient_id"]) == {"B", "C"}


def test_finished_features_have_no_series():
    assert several_series(pd.DataFrame({"patient_id": ["A", "B"], "series": ["", ""]})) is None
    assert several_series(pd.DataFrame({"patient_id": [], "series": []})) is None


@pytest.mark.parametrize(
    ("rows", "left_out"),
    [
        (["A,1,1,1,Ai.nii,Am.nii,,", "A,1,2,1,other.nii,Am.nii,,"], ["2"]),
        (["A,1,1,1,Ai.nii,Am.nii,,", "A,1,2,1,Ai.nii,Am.nii,5,", "A,1,3,1,Ai.nii,Am.nii,5,"], ["2", "3"]),
        (["A,1,1,1,Ai.nii,Am.nii,,0", "A,1,2,1,Ai.nii,Am.nii,,1"], ["2"]),
        (["A,1,1,1,Ai.nii,Am.nii,,", "A,1,2,1,copy.nii,Am.nii,,"], []),  # the same content
        (["A,1,1,1,Ai.nii,Am.nii,,", "A,1,1,2,other.nii,Am.nii,,"], []),  # scanned twice
        (["A,1,1,1,Ai.nii,Am.nii,,", "A,2,2,1,other.nii,Am.nii,,"], []),
    ],
)
def test_readers_of_a_series_outline_one_image(land, rows, left_out):
    header = "patient_id,series,reader,session,image,mask,dicom_series,phase"
    files = {"imaging.csv": "\n".join([header, *rows]), "other.nii": "another", "copy.nii": FILES["Ai.nii"], **FILES}
    folder, cohort = land("imaging: {series: 1}\n", files)
    outlines, rejected = read_manifest(folder, "small", cohort)
    assert rejected["rule"].tolist() == ["series_image_differs"] * len(left_out)
    assert len(outlines) == len(rows) - len(left_out)
    assert [message.split()[1] for message in rejected["message"]] == left_out


def test_a_manifest_without_a_usable_outline_is_no_error(land):
    folder, cohort = land("imaging: {series: dce}\n", {"imaging.csv": "patient_id,series,image,mask\nA,dce,x.nii,\n"})
    outlines, rejected = read_manifest(folder, "small", cohort)
    assert outlines.empty
    assert rejected["rule"].tolist() == ["mask_missing"]
    assert check_cohort(folder).problems == ("no outline can be used (see above).",)
