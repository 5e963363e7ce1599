"""Files and folders made to do harm are refused or handled. The cases are listed in `docs/rejected_input.md`."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import SimpleITK as sitk  # noqa: N813
from pyarrow import parquet

from tme_platform.cohorts import (
    CohortError,
    inflate,
    landing_path,
    list_cohorts,
    list_files,
    read_clinical,
    read_cohort,
    read_expression,
    read_features,
    read_manifest,
)
from tme_platform.imaging import ImagingError, read_series
from tme_platform.lake import Lake, ask, build_catalog
from tme_platform.tables import TABLES

BIG = "x" * 10_000_000
CLINICAL = "clinical: [{file: c.csv, patient_id: id, columns: {age_years: age}}]\n"


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b", "out/secret", "..\\b", "a\0b"])
def test_paths_that_leave(land, path):
    folder, _ = land("")
    (folder.parent / "secret").write_text("secret")
    (folder / "out").symlink_to(folder.parent)
    with pytest.raises(CohortError, match="refused"):
        landing_path(folder, path)
    folder, cohort = land("imaging: {}\n", {"imaging.csv": "patient_id,image,mask\n"})
    table = pd.DataFrame([{"patient_id": "P1", "image": path.replace("\0", "?"), "mask": "m.nii"}])
    table.to_csv(folder / "imaging.csv", index=False)
    outlines, rejected = read_manifest(folder, "small", cohort)
    assert outlines.empty
    assert "P1" in set(rejected["patient_id"])
    assert "secret" not in set(list_files(folder)["file"])


def test_links_that_leave(land):
    folder, cohort = land(CLINICAL, {})
    (folder.parent / "secret.csv").write_text("id,age\nP1,50\n")
    (folder / "c.csv").symlink_to(folder.parent / "secret.csv")
    assert read_clinical(folder, "small", cohort).rejected["rule"].tolist() == ["path_leaves_folder"]
    assert list_files(folder)["file"].tolist() == ["cohort.yaml"]


def test_cohort_file_is_a_link_that_leaves(tmp_path):
    (tmp_path / "secret").write_text("password: hunter2")
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "cohort.yaml").symlink_to(tmp_path / "secret")
    with pytest.raises(CohortError, match="leads out of the folder") as caught:
        read_cohort(folder)
    assert "hunter2" not in str(caught.value)


def test_dicom_folder_with_links_that_leave(tmp_path):
    (tmp_path / "elsewhere.dcm").write_bytes(b"\0" * 128 + b"DICM")
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "1.dcm").symlink_to(tmp_path / "elsewhere.dcm")
    with pytest.raises(ImagingError, match="contains no DICOM image"):
        read_series(tmp_path / "series")


@pytest.mark.parametrize("named", ["../secret.raw", "/etc/passwd", "LIST", "s%02d.raw 0 1 1", "link.raw"])
@pytest.mark.parametrize(("suffix", "key"), [(".mhd", "ElementDataFile = "), (".nhdr", "data file: ")])
def test_image_header_that_names_a_file_elsewhere(tmp_path, suffix, key, named):
    image = sitk.GetImageFromArray(np.arange(60, dtype=np.uint8).reshape(3, 4, 5))
    folder = tmp_path / "images"
    folder.mkdir()
    sitk.WriteImage(image, str(folder / f"a{suffix}"))
    assert read_series(folder / f"a{suffix}").GetSize() == (5, 4, 3)
    data = next(path for path in folder.iterdir() if path.suffix != suffix)
    (tmp_path / "secret.raw").write_bytes(b"\1" * 60)
    (folder / "link.raw").symlink_to(tmp_path / "secret.raw")
    header = folder / f"a{suffix}"
    header.write_text(header.read_text().replace(f"{key}{data.name}", f"{key}{named}"))
    assert named in header.read_text()
    with pytest.raises(ImagingError, match="refers to data outside a single file"):
        read_series(header)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\ntitle: *c\n",
        "title: &t x\nroles: *t\n",
        "title: " + "[" * 1000 + "]" * 1000,
        "title: !!python/object/apply:os.system ['touch /tmp/x']\n",
        "title: " + "x" * 1_000_001,
    ],
)
def test_yaml_bombs(tmp_path, text):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "cohort.yaml").write_text(text)
    with pytest.raises(CohortError):
        read_cohort(folder)


@pytest.mark.parametrize("kind", ["clinical", "expression"])
def test_gzip_bombs(land, monkeypatch, kind):
    monkeypatch.setattr(inflate, "UNCHECKED_BYTES", 1 << 20)
    monkeypatch.setattr(inflate, "MAX_RATIO", 20)
    declared = {
        "clinical": CLINICAL.replace("c.csv", "c.csv.gz"),
        "expression": "expression: {file: c.csv.gz, unit: tpm}\n",
    }
    folder, cohort = land(declared[kind])
    bomb = gzip.compress(b"id,age\n" + b"P1,50\n" * 500_000)
    (folder / "c.csv.gz").write_bytes(bomb)
    read = read_clinical if kind == "clinical" else read_expression
    found = read(folder, "small", cohort)
    rejected = found.rejected if kind == "clinical" else found[1]
    assert "file_unreadable" in set(rejected["rule"])
    assert rejected["message"].str.contains("inflates to more than 20 times its size").any()
    random = np.random.default_rng(1).integers(20, 90, 100_000)
    harmless = b"id,age\n" + b"".join(b"P%d,%d\n" % (number, age) for number, age in enumerate(random))
    (folder / "c.csv.gz").write_bytes(gzip.compress(harmless))
    found = read(folder, "small", cohort)
    rejected = found.rejected if kind == "clinical" else found[1]
    assert "file_unreadable" not in set(rejected["rule"]), "a large table with an ordinary compression ratio is read"


def test_a_compressed_image_that_does_not_end(tmp_path):
    image = sitk.GetImageFromArray(np.arange(60, dtype=np.float32).reshape(3, 4, 5))
    sitk.WriteImage(image, str(tmp_path / "a.nii"))
    with gzip.open(tmp_path / "a.nii.gz", "wb", compresslevel=1) as stream:
        stream.write((tmp_path / "a.nii").read_bytes())
        for _ in range(50):
            stream.write(bytes([255]) * 4_000_000)
    assert read_series(tmp_path / "a.nii.gz").GetSize() == (5, 4, 3), "only the size declared in the header is read"


def test_parquet_bombs(land, monkeypatch):
    monkeypatch.setattr(inflate, "MAX_CELLS", 1000)
    folder, cohort = land(CLINICAL.replace("c.csv", "c.parquet"))
    parquet.write_table(pa.table({"id": ["P1"] * 600, "age": [50] * 600}), folder / "c.parquet")
    rejected = read_clinical(folder, "small", cohort).rejected
    assert rejected["rule"].tolist() == ["file_unreadable"]
    assert "declares 600 rows of 2 columns" in rejected["message"].iloc[0]


@pytest.mark.parametrize(
    "name", ["x'; DROP TABLE patients; --", 'a"b', "a b", "a;b", "..", "ä", "A", "a" * 64, "cohort='x'"]
)
def test_cohort_names_with_sql(tmp_path, name):
    if name != "..":
        (tmp_path / name).mkdir()
        (tmp_path / name / "cohort.yaml").write_text("title: x")
    assert list_cohorts(tmp_path) == []


def test_column_names_and_values_with_sql(tmp_path, land):
    injection = 'a"; DROP VIEW patients; --'
    features = f'patient_id,"{injection.replace(chr(34), chr(34) * 2)}",b\n"P\';DROP TABLE x;--",50,1\n'
    folder, cohort = land("features: {file: f.csv, feature_set: x}\n", {"f.csv": features})
    frame, rejected = read_features(folder, "small", cohort)
    assert rejected.empty
    lake = Lake(tmp_path / "lake")
    table = (
        frame.rename_axis("patient_id")
        .reset_index()
        .assign(series="1", reader="1", session=1, feature_set="x", row_key="k")
    )
    lake.commit(TABLES["radiomic_features"], table, cohort="small")
    build_catalog(lake)
    found = ask(Lake(tmp_path / "lake"), "select * from radiomic_features")
    assert found["patient_id"].tolist() == ["P';DROP TABLE x;--"]
    assert found[injection].tolist() == [50]
    assert "patients" in set(ask(Lake(tmp_path / "lake"), "select table_name from lake_tables")["table_name"])


def test_cells_of_ten_megabytes(land):
    text = f"id,age,note\nP1,50,{BIG}\n{BIG},40,b\nP3,{BIG},c\n"
    folder, cohort = land(CLINICAL, {"c.csv": text})
    found = read_clinical(folder, "small", cohort)
    assert found.patients["patient_id"].tolist() == ["P1", "P3"]
    assert found.rejected["rule"].value_counts().to_dict() == {"cell_too_long": 3, "patient_id_missing": 1}
    assert found.rejected["message"].str.len().max() < 300


def test_column_names_of_ten_megabytes(land):
    folder, cohort = land("features: {file: f.csv, feature_set: x}\n", {"f.csv": f"patient_id,{BIG},b\nP1,50,2\n"})
    features, rejected = read_features(folder, "small", cohort)
    assert list(features.columns) == ["b"]
    assert rejected["rule"].tolist() == ["name_too_long"]
    folder, cohort = land("expression: {file: e.tsv, unit: tpm}\n", {"e.tsv": f"gene\tP1\t{BIG}\nTP53\t1\t2\n"})
    assert read_expression(folder, "small", cohort)[1]["rule"].tolist() == ["file_unreadable"]


def test_symbols_with_separators(land):
    symbols = ["A;B", "A|B", '"A\tB"', "A///B", "C,D", "'E'", "F--", "é", BIG, "TP53"]
    text = "gene\tP1\tP2\n" + "".join(f"{symbol}\t1\t2\n" for symbol in symbols)
    folder, cohort = land("expression: {file: e.tsv, unit: tpm}\n", {"e.tsv": text})
    matrix, rejected = read_expression(folder, "small", cohort)
    assert list(matrix.index) == ["A;B", "A|B", "A\tB", "A///B", "C,D", "'E'", "F--", "é", "TP53"]
    assert rejected["rule"].tolist() == ["name_too_long"]
    assert (matrix.to_numpy() == [1, 2]).all()


def test_a_manifest_of_100000_rows(land):
    rows = "".join(f"P{number},i/{number % 7}.nii,i/m.nii\n" for number in range(100_000))
    images = {f"i/{number}.nii": "x" for number in range(5)} | {"i/m.nii": "x"}
    folder, cohort = land("imaging: {}\n", {"imaging.csv": "patient_id,image,mask\n" + rows, **images})
    outlines, rejected = read_manifest(folder, "small", cohort)
    assert len(outlines) == 71_430
    assert rejected["rule"].value_counts().to_dict() == {"image_missing": 28_570}
