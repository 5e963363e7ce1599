import hashlib
import os
from pathlib import Path

import pandas as pd
import pytest

from tme_platform.cohorts import files, hash_cache, list_files, prune_hash_caches, source_files
from tme_platform.cohorts.files import FileStamp, sha256_of


def test_files_are_listed_with_their_hash_without_temporary_ones(tmp_path):
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


@pytest.fixture
def read(monkeypatch):
    """Names of the files that are read for hashing; the clock is ahead, so that files are old enough to be cached."""
    names = []
    whole = files.hashlib.file_digest
    now = files.time.time_ns
    monkeypatch.setattr(
        files.hashlib, "file_digest", lambda s, kind: (names.append(Path(s.name).name), whole(s, kind))[1]
    )
    monkeypatch.setattr(files.time, "time_ns", lambda: now() + 10_000_000_000)
    return names


def test_the_cache_saves_reading_and_drops_removed_files(tmp_path, read):
    for name in "abc":
        (tmp_path / f"{name}.csv").write_text(name)
    cache = {"gone.csv": FileStamp(1, 1, 1, 1, "x")}
    first = list_files(tmp_path, cache)
    assert read == list(cache) == ["a.csv", "b.csv", "c.csv"]
    pd.testing.assert_frame_equal(list_files(tmp_path, cache), first)
    (tmp_path / "b.csv").write_text("B")
    second = list_files(tmp_path, cache)
    assert read == ["a.csv", "b.csv", "c.csv", "b.csv"], "only the rewritten file"
    assert (second["sha256"] == first["sha256"]).tolist() == [True, False, True]
    pd.testing.assert_frame_equal(second, list_files(tmp_path))


def test_changes_are_found_when_modification_times_are_restored(tmp_path, read):
    file = tmp_path / "a.csv"
    file.write_text("one")
    cache = {}
    first = list_files(tmp_path, cache)
    times = file.stat()
    file.write_text("two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert list_files(tmp_path, cache)["sha256"].tolist() != first["sha256"].tolist()
    file.rename(tmp_path / "b.csv")
    (tmp_path / "new").write_text("six")
    (tmp_path / "new").rename(file)
    assert list_files(tmp_path, cache)["sha256"].nunique() == 2


def test_a_recently_written_file_is_not_cached(tmp_path, read, monkeypatch):
    (tmp_path / "a.csv").write_text("one")
    monkeypatch.setattr(files.time, "time_ns", lambda: (tmp_path / "a.csv").stat().st_ctime_ns + 1_000_000_000)
    cache = {}
    list_files(tmp_path, cache)
    assert cache == {}
    list_files(tmp_path, cache)
    assert read == ["a.csv", "a.csv"]


def test_the_cache_is_stored_and_rebuilt_when_damaged(tmp_path, read):
    landed, state = tmp_path / "landed", tmp_path / "state"
    landed.mkdir()
    (landed / "a.csv").write_text("one")

    def files_read(**options):
        before = len(read)
        with hash_cache(state, "small", **options) as known:
            list_files(landed, known)
        return len(read) - before

    assert files_read(write=False) == 1
    assert not state.exists(), "read-only use writes nothing"
    assert (files_read(), files_read(), files_read()) == (1, 0, 0)
    stored = state / "small.json"
    good = stored.read_text()
    for broken in ("", "{", "[]", "null", '{"format": 0, "files": {}}', '{"format": 1, "files": {"a.csv": [1, "x"]}}'):
        stored.write_text(broken)
        assert (files_read(), files_read()) == (1, 0), broken
        assert stored.read_text() == good
    assert [path.name for path in state.iterdir()] == ["small.json"], "no temporary file is left"
    assert prune_hash_caches(state, ["small"]) == []
    assert prune_hash_caches(state, ["other"], dry_run=True) == prune_hash_caches(state, ["other"]) == ["small"]
    assert not stored.exists()


def test_an_unwritable_state_folder_is_no_error(tmp_path, read):
    (tmp_path / "landed").mkdir()
    (tmp_path / "landed" / "a.csv").write_text("one")
    (tmp_path / "state").write_text("a file where the folder should be")
    with hash_cache(tmp_path / "state", "small") as known:
        assert len(list_files(tmp_path / "landed", known)) == 1


def test_a_series_with_known_hashes_is_not_read(tmp_path, read):
    series = tmp_path / "series"
    series.mkdir()
    for number in range(3):
        (series / f"{number}.dcm").write_bytes(bytes([number]))
    known = {path: sha256_of(path) for path in series.iterdir()}
    before = len(read)
    digest = sha256_of(series, known)
    assert len(read) == before
    assert digest == sha256_of(series)


def test_the_hash_of_a_folder_covers_names_and_contents(tmp_path):
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
        "expression: {file: e.tsv, unit: counts, gene_id: ensembl, gene_map: map.tsv, gene_lengths: l.tsv}\n"
        "cell_scores: {file: s.tsv, groups: g.tsv, method: m}\nfeatures: {file: f.csv, feature_set: x}\nimaging: {}\n"
    )
    assert source_files(cohort, "clinical") == ["c.csv", "e.tsv", "s.tsv", "f.csv", "imaging.csv"]
    assert source_files(cohort, "expression") == ["e.tsv", "map.tsv", "l.tsv"]
    assert source_files(cohort, "cell_scores") == ["s.tsv", "g.tsv"]
    assert source_files(cohort, "features") == ["f.csv"]
    assert source_files(cohort, "imaging") == ["imaging.csv"]
    with pytest.raises(ValueError, match="use one of clinical"):
        source_files(cohort, "images")


def test_an_empty_declaration_has_no_source_files(land):
    _, cohort = land("")
    assert all(source_files(cohort, k) == [] for k in ("clinical", "expression", "cell_scores", "features", "imaging"))
