import hashlib
import os

import pytest

from tme_platform.cohorts import list_files, source_files
from tme_platform.cohorts.files import sha256_of


def test_every_file_with_its_hash_but_no_clutter(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "b.nii.gz").write_bytes(b"image")
    (tmp_path / "a.csv").write_bytes(b"a")
    for name in (".hidden", "~$a.csv", "b.nii.gz.part", "a.csv.tmp", "a.csv~", "Thumbs.db"):
        (tmp_path / name).touch()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x").touch()
    files = list_files(tmp_path)
    assert files["file"].tolist() == ["a.csv", "images/b.nii.gz"]
    assert files["bytes"].tolist() == [1, 5]
    assert files["sha256"].tolist() == [hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"image").hexdigest()]


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    folder = tmp_path / "cohort"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "dangling").symlink_to(tmp_path / "nothing")
    (folder / "up").symlink_to(tmp_path)
    assert list_files(folder).empty


def test_the_cache_spares_reading_and_forgets_what_is_gone(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("one")
    cache = {"gone.csv": (1, 1, "x")}
    first = list_files(tmp_path, cache)
    assert list(cache) == ["a.csv"]
    size, time, sha = cache["a.csv"]
    cache["a.csv"] = (size, time, "remembered")
    assert list_files(tmp_path, cache)["sha256"].tolist() == ["remembered"]
    os.utime(file, ns=(time + 1, time + 1))
    assert list_files(tmp_path, cache)["sha256"].tolist() == [sha] == first["sha256"].tolist()


def test_a_folder_is_hashed_by_names_and_contents(tmp_path):
    series = tmp_path / "series"
    series.mkdir()
    (series / "1.dcm").write_bytes(b"1")
    before = sha256_of(series)
    (series / ".DS_Store").touch()
    assert sha256_of(series) == before
    (series / "1.dcm").rename(series / "2.dcm")
    assert sha256_of(series) != before


def test_source_files_by_kind(land):
    _, cohort = land(
        "clinical: [{file: c.csv, patient_id: id}]\n"
        "expression: {file: e.tsv, unit: tpm, gene_id: ensembl, gene_map: map.tsv}\n"
        "cell_scores: {file: s.tsv, groups: g.tsv, method: m}\nfeatures: {file: f.csv, feature_set: x}\nimaging: {}\n"
    )
    assert source_files(cohort, "clinical") == ["c.csv", "e.tsv", "s.tsv", "f.csv", "imaging.csv"]
    assert source_files(cohort, "expression") == ["e.tsv", "map.tsv"]
    assert source_files(cohort, "cell_scores") == ["s.tsv", "g.tsv"]
    assert source_files(cohort, "features") == ["f.csv"]
    assert source_files(cohort, "imaging") == ["imaging.csv"]
    with pytest.raises(ValueError, match="name one of clinical"):
        source_files(cohort, "images")


def test_a_cohort_that_brings_nothing_depends_on_nothing(land):
    _, cohort = land("")
    assert all(source_files(cohort, k) == [] for k in ("clinical", "expression", "cell_scores", "features", "imaging"))
