import hashlib

import pytest

from tme_platform.cohorts import read_manifest
from tme_platform.imaging import uid_digest
from tme_platform.tables.cohorts import IMAGING_SERIES


@pytest.fixture
def read(land):
    def read_one(text: str, hashes: dict[str, str] | None = None):
        folder, cohort = land("imaging: {}\n", {"imaging.csv": text, "i/1.nii": "image", "i/m.nii": "mask"})
        (folder / "i" / "series").mkdir(exist_ok=True)
        (folder / "i" / "series" / "1.dcm").write_text("slice")
        return read_manifest(folder, "small", cohort, hashes)

    return read_one


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_defaults_and_hashes_are_filled_in(read):
    outlines, rejected = read("patient_id,image,mask\nP1,i/1.nii,i/m.nii\n")
    assert list(outlines.columns) == IMAGING_SERIES.own_columns
    row = outlines.iloc[0]
    assert (row["series"], row["reader"], row["session"], row["mask_label"]) == ("1", "1", 1, 1)
    assert (row["image_sha256"], row["mask_sha256"]) == (sha("image"), sha("mask"))
    assert outlines[["exclusion_mask", "exclusion_sha256"]].isna().all(axis=None)
    assert rejected.empty


def test_readers_sessions_and_dicom_folders_are_read(read):
    text = (
        "patient_id,series,image,mask,mask_label,reader,session,exclusion_mask\n"
        "P2,T1,i/series,i/m.nii,3,B,2,i/1.nii\nP1,T1,i/series,i/m.nii,1,A,1,\nP1,T1,i/series,i/m.nii,1,A,2,\n"
    )
    outlines, rejected = read(text)
    assert rejected.empty
    assert outlines[["patient_id", "reader", "session"]].to_numpy().tolist() == [
        ["P1", "A", 1],
        ["P1", "A", 2],
        ["P2", "B", 2],
    ]
    assert outlines["image_sha256"].unique().tolist() == [sha(f"1.dcm {sha('slice')}\n")]
    assert outlines["exclusion_sha256"].iloc[2] == sha("image")
    assert outlines["mask_label"].tolist() == [1, 1, 3]


def test_known_hashes_are_used(read):
    outlines, _ = read("patient_id,image,mask\nP1,i/1.nii,i/m.nii\n", {"i/1.nii": "known"})
    assert outlines[["image_sha256", "mask_sha256"]].iloc[0].tolist() == ["known", sha("mask")]


@pytest.mark.parametrize(
    ("row", "rule", "said"),
    [
        ("P1,i/2.nii,i/m.nii,1,1,,", "image_missing", "image 'i/2.nii' (series 1, reader 1) is not in the landing"),
        ("P1,i/1.nii,i/x.nii,1,1,,", "mask_missing", "mask 'i/x.nii'"),
        ("P1,i/1.nii,,1,1,,", "mask_missing", "no mask is given"),
        ("P1,,i/m.nii,1,1,,", "image_missing", "no image is given"),
        ("P1,i/1.nii,i/m.nii,1,1,i/v.nii,", "exclusion_mask_missing", "exclusion_mask 'i/v.nii'"),
        ("P1,../../x.nii,i/m.nii,1,1,,", "path_leaves_folder", "refused"),
        ("P1,i/1.nii,/etc/passwd,1,1,,", "path_leaves_folder", "refused"),
        ("P1,i/1.nii,i/m.nii,one,1,,", "not_a_number", "mask_label is 'one'"),
        ("P1,i/1.nii,i/m.nii,1,0,,", "not_a_number", "session is '0'"),
        ("P1,i/1.nii,i/m.nii,1,1,,perhaps", "not_yes_or_no", "allow_incomplete is 'perhaps'"),
    ],
)
def test_a_bad_outline_does_not_affect_the_others(read, row, rule, said):
    header = "patient_id,image,mask,mask_label,session,exclusion_mask,allow_incomplete\n"
    outlines, rejected = read(f"{header}{row}\nP2,i/1.nii,i/m.nii,1,1,,\n")
    assert outlines["patient_id"].tolist() == ["P2"]
    (bad,) = rejected.itertuples()
    assert (bad.patient_id, bad.file, bad.rule, bad.action) == ("P1", "imaging.csv", rule, "outline left out")
    assert said in bad.message


def test_dicom_series_and_phases_are_read_without_uids(read):
    header = "patient_id,image,mask,dicom_series,phase,minus\n"
    outlines, rejected = read(f"{header}P1,i/series,i/m.nii,7b,1,0\nP2,i/series,i/m.nii,1.2.840.99,,\n")
    assert rejected.empty
    assert outlines["dicom_series"].tolist() == ["7b", uid_digest("1.2.840.99")]
    assert (outlines.loc[0, "phase"], outlines.loc[0, "minus"]) == (1, 0)
    assert outlines.loc[1, ["phase", "minus"]].isna().all()
    assert "1.2.840" not in outlines.to_csv()


@pytest.mark.parametrize(("answer", "expected"), [("", False), ("no", False), ("yes", True), ("YES", True)])
def test_an_incomplete_series_is_allowed_by_a_word(read, answer, expected):
    outlines, rejected = read(f"patient_id,image,mask,allow_incomplete\nP1,i/series,i/m.nii,{answer}\n")
    assert rejected.empty
    assert outlines["allow_incomplete"].tolist() == [expected]


@pytest.mark.parametrize(
    ("choice", "rule", "said"),
    [
        ("first,", "not_a_number", "phase is 'first'"),
        ("-1,", "not_a_number", "phase is '-1'"),
        (",0", "phase_missing", "minus"),
    ],
)
def test_invalid_phases_are_rejected(read, choice, rule, said):
    outlines, rejected = read(f"patient_id,image,mask,phase,minus\nP1,i/1.nii,i/m.nii,{choice}\n")
    assert outlines.empty
    assert rejected["rule"].tolist() == [rule]
    assert said in rejected["message"].iloc[0]


def test_repeated_outlines_are_rejected(read, rules):
    rows = ["P1,i/1.nii,i/m.nii,A", "P1,i/1.nii,i/m.nii,A", "P1,i/1.nii,i/series,A", ",i/1.nii,i/m.nii,A"]
    outlines, rejected = read("\n".join(["patient_id,image,mask,reader", *rows]))
    assert outlines["mask"].tolist() == ["i/m.nii"]
    assert rules(rejected) == {"duplicate_outline": 1, "patient_id_missing": 1}


def test_missing_columns_are_reported(read, rules):
    outlines, rejected = read("patient,image,masks\nP1,i/1.nii,i/m.nii\n")
    assert outlines.empty
    assert list(outlines.columns) == IMAGING_SERIES.own_columns
    assert rules(rejected) == {"unknown_column": 2}
    assert "nearest: masks" in rejected["message"].iloc[0] + rejected["message"].iloc[1]


def test_a_missing_manifest_is_rejected(land, rules):
    folder, cohort = land("imaging: {}\n")
    outlines, rejected = read_manifest(folder, "small", cohort)
    assert outlines.empty
    assert rules(rejected) == {"file_missing": 1}


def test_an_image_is_not_its_own_outline(read, rules):
    outlines, rejected = read("patient_id,image,mask\nP1,i/1.nii,i/1.nii\nP2,i/1.nii,i/m.nii\n")
    assert outlines["patient_id"].tolist() == ["P2"]
    assert rules(rejected) == {"mask_is_image": 1}


@pytest.mark.parametrize("listed", [False, True])
def test_the_hash_of_a_header_covers_its_data_file(land, listed):
    text = "NDims = 3\nDimSize = 2 2 2\nElementType = MET_UCHAR\nBinaryData = True\nElementDataFile = a.raw\n"
    rows = "patient_id,image,mask\nP1,i/a.mhd,i/m.nii\nP2,i/a.mhd,i/m.nii\n"
    files = {"imaging.csv": rows, "i/a.mhd": text, "i/m.nii": "mask"}
    found = []
    for voxels in ("12345678", "12345679", "12345678"):
        folder, cohort = land("imaging: {}\n", files | {"i/a.raw": voxels})
        hashes = {"i/a.mhd": sha(text), "i/a.raw": sha(voxels)} if listed else None
        outlines, _ = read_manifest(folder, "small", cohort, hashes)
        assert outlines["image_sha256"].nunique() == 1
        found.append(outlines["image_sha256"].iloc[0])
    assert found[0] == found[2] != found[1]
    assert sha(text) not in found
