"""Old versions go by age, needed ones stay, and what a write left behind goes too."""

import os
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from tme_platform.lake import Lake
from tme_platform.lake.vacuum import remove_old_versions
from tme_platform.tables.cohorts import COHORT_FILES

NOW = timedelta(0)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Four versions of one cohort, then one of another (versions 1 to 5; 0 is the empty table)."""
    lake = Lake(tmp_path)
    for number in range(4):
        lake.commit(COHORT_FILES, rows(number), cohort="one")
    lake.commit(COHORT_FILES, rows(9), cohort="two")
    return lake


def rows(number: int) -> pd.DataFrame:
    return pd.DataFrame({"file": ["a.csv"], "bytes": [number], "sha256": [f"{number:064d}"]})


def readable(lake: Lake) -> list[int]:
    found = []
    for version in range(1, 6):
        try:
            lake.read(COHORT_FILES, version=version)
        except (OSError, ValueError):
            continue
        found.append(version)
    return found


def test_only_what_is_old_goes_and_only_if_asked(lake: Lake) -> None:
    assert remove_old_versions(lake, COHORT_FILES, older_than=timedelta(days=1)).files == ()
    would = remove_old_versions(lake, COHORT_FILES, older_than=NOW, dry_run=True)
    assert len(would.files) == 3
    assert readable(lake) == [1, 2, 3, 4, 5]
    before = lake.read(COHORT_FILES)
    assert remove_old_versions(lake, COHORT_FILES, older_than=NOW) == would
    assert readable(lake) == [4, 5]
    pd.testing.assert_frame_equal(lake.read(COHORT_FILES), before)
    version = lake.table(COHORT_FILES).version()
    assert remove_old_versions(lake, COHORT_FILES, older_than=NOW).files == ()
    assert lake.table(COHORT_FILES).version() == version, "nothing to do leaves no entry in the log"


def test_versions_that_are_needed_stay(lake: Lake) -> None:
    remove_old_versions(lake, COHORT_FILES, older_than=NOW, keep=[2, 77])
    assert readable(lake) == [2, 4, 5]
    assert lake.read(COHORT_FILES, "one", version=2)["bytes"].tolist() == [1]


def test_states_and_commits_go_on_as_before(lake: Lake) -> None:
    remove_old_versions(lake, COHORT_FILES, older_than=NOW)
    fresh = Lake(lake.root)
    assert fresh.state(COHORT_FILES, "one") == lake.state(COHORT_FILES, "one")
    assert not fresh.commit(COHORT_FILES, rows(3), cohort="one").written, "content and origin are as they were"
    assert fresh.commit(COHORT_FILES, rows(5), cohort="one").state.changes["changed"] == 1


def test_what_an_interrupted_write_left_goes_by_its_age(lake: Lake) -> None:
    left = Path(lake.root, "tables", "cohorts", "cohort_files", "cohort=one", "part-left.parquet")
    left.write_bytes(b"half a file")
    old = remove_old_versions(lake, COHORT_FILES, older_than=timedelta(days=1), dry_run=True)
    assert old.files == (), "somebody may be writing it just now"
    os.utime(left, (1, 1))
    found = remove_old_versions(lake, COHORT_FILES, older_than=timedelta(days=1))
    assert [Path(file).name for file in found.files] == ["part-left.parquet"]
    assert not left.exists()


def test_a_table_that_was_never_written(tmp_path: Path) -> None:
    assert remove_old_versions(Lake(tmp_path), COHORT_FILES, older_than=NOW).files == ()
