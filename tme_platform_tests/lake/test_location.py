"""Folders of any name: every library finds what another has stored there, or the name is refused beforehand."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from tme_platform.lake import Lake, ask, build_catalog, catalog_is_current
from tme_platform.lake.vacuum import remove_old_versions
from tme_platform.location import (
    LocationError,
    delta_uri,
    file_uri,
    full_root,
    is_url,
    sqlite_path,
    sqlite_uri,
    state_folder,
)
from tme_platform.steps.workspace import Workspace
from tme_platform.tables.expression import CELL_SCORES
from tme_platform_tests.support.hostile_names import EVERYTHING, HOSTILE_NAMES, UNUSABLE_NAMES
from tme_platform_tests.support.trouble import no_right_to_write


def scores(value: float) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": ["p1", "p2"], "B cells": [value, 2.0]})


@pytest.fixture
def _one_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalog over one table, which takes a tenth of the time."""
    monkeypatch.setattr("tme_platform.lake.catalog.TABLES", {CELL_SCORES.name: CELL_SCORES})


@pytest.mark.usefixtures("_one_table")
@pytest.mark.parametrize("name", [*HOSTILE_NAMES, EVERYTHING])
def test_tables_and_catalog_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    lake = Lake(tmp_path / name / "lake")
    for number in range(2):
        lake.commit(CELL_SCORES, scores(number), cohort="a", reason=f"run {number}")
    lake.commit(CELL_SCORES, scores(5).rename(columns={"B cells": "T cells"}), cohort="b")
    again = Lake(tmp_path / name / "lake")
    assert {part: state.version for part, state in again.states(CELL_SCORES).items()} == {"a": 2, "b": 3}
    assert [entry.reason for entry in again.audit(CELL_SCORES)] == [None, "run 1", "run 0"]
    assert again.read(CELL_SCORES, "a")["B cells"].tolist() == [1.0, 2.0]
    build_catalog(again)
    assert catalog_is_current(again)
    shown = ask(again, 'select cohort, "B cells", "T cells" from cell_scores order by cohort, patient_id')
    assert shown.fillna(-1).to_dict("list") == {
        "cohort": ["a", "a", "b", "b"],
        "B cells": [1.0, 2.0, -1.0, -1.0],
        "T cells": [-1.0, -1.0, 5.0, 2.0],
    }
    assert [folder.name for folder in tmp_path.iterdir()] == [name], "nothing is written anywhere else"


@pytest.mark.parametrize("name", ["a #1", EVERYTHING])
def test_old_versions_go_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    lake = Lake(tmp_path / name)
    for number in range(3):
        lake.commit(CELL_SCORES, scores(number), cohort="a")
    assert len(remove_old_versions(lake, CELL_SCORES, older_than=timedelta(0)).files) == 2
    assert lake.read(CELL_SCORES)["B cells"].tolist() == [2.0, 2.0]
    assert lake.audit(CELL_SCORES)[0].action == "removed old versions"


@pytest.mark.parametrize("name", UNUSABLE_NAMES)
def test_a_name_that_cannot_be_addressed_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(LocationError, match=r"cannot hold a lake or its state, because its path contains .*rename it"):
        Lake(tmp_path / name / "lake")
    with pytest.raises(LocationError, match="--state"):
        Lake("s3://bucket/prefix", tmp_path / name)
    with pytest.raises(LocationError):
        _ = Workspace(lake_root=str(tmp_path / name)).state
    assert list(tmp_path.iterdir()) == []


def test_a_link_with_a_good_name_to_a_folder_that_cannot_be_addressed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a[x]").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a[x]")
    with pytest.raises(LocationError, match=r"'\['"):
        Lake(tmp_path / "link")


def test_folders_that_look_like_addresses_and_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert is_url("s3://bucket/a [x] %25 #1?")
    assert full_root("s3://bucket/a%25/") == "s3://bucket/a%25"
    assert delta_uri("s3://bucket/p/", "tables", "t") == "s3://bucket/p/tables/t"
    assert state_folder("s3://bucket/a[x]") == tmp_path / "data_lake" / "bucket-a-x"
    assert not is_url("/data/x://y")
    assert delta_uri("lake", "t") == f"{tmp_path}/lake/t"
    database = tmp_path / "a #1%" / "mlflow.db"
    assert sqlite_path(sqlite_uri(database)) == database
    assert sqlite_path("postgresql://server/mlflow") is None
    assert file_uri(tmp_path / "a #1%").endswith("/a%20%231%25")


@pytest.mark.usefixtures("_one_table")
def test_a_moved_lake_answers_at_once_and_a_copy_shows_itself(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "old")
    lake.commit(CELL_SCORES, scores(1), cohort="a")
    build_catalog(lake)
    (tmp_path / "old").rename(tmp_path / "new #2")
    moved = Lake(tmp_path / "new #2")
    assert not catalog_is_current(moved)
    assert ask(moved, 'select "B cells" as b from cell_scores')["b"].tolist() == [1.0, 2.0]
    assert catalog_is_current(moved)
    Lake(tmp_path / "old").commit(CELL_SCORES, scores(9), cohort="a")  # somebody makes another lake at the old place
    assert ask(moved, 'select "B cells" as b from cell_scores')["b"].tolist() == [1.0, 2.0]


@pytest.mark.usefixtures("_one_table")
def test_a_lake_that_is_new_to_this_machine_gets_its_catalog(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", tmp_path / "state")
    with pytest.raises(FileNotFoundError, match="no catalog at"):
        ask(lake, "select 1")
    lake.commit(CELL_SCORES, scores(1), cohort="a")
    assert ask(lake, "select count(*) as n from cell_scores")["n"].item() == 2
    assert (tmp_path / "state" / "tme.duckdb").exists()


@pytest.mark.usefixtures("_one_table")
def test_a_moved_lake_that_is_read_only_answers_all_the_same(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "old")
    lake.commit(CELL_SCORES, scores(1), cohort="a")
    build_catalog(lake)
    (tmp_path / "old").rename(tmp_path / "new")
    with no_right_to_write(tmp_path / "new"):
        assert ask(Lake(tmp_path / "new"), "select count(*) as n from cell_scores")["n"].item() == 2
        assert ask(Lake(tmp_path / "new"), "select count(*) as n from audit")["n"].item() == 1
