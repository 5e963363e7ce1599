"""The store: what is committed, counted, refused, and what survives a crash or four writers at once."""

import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path

import pandas as pd
import pytest

from tme_platform.lake import Lake
from tme_platform.tables import Stage, TableError, TableSchema
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.schema import Column
from tme_platform.tables.signature import SIGNATURE_IMPORTANCE


def scores(**values: float) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": list(values), "T cells (CD8+)": list(values.values())})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_commit_replaces_one_cohort_and_leaves_the_others(lake: Lake) -> None:
    lake.commit(CELL_SCORES, scores(p1=1.0, p2=2.0), cohort="a")
    lake.commit(CELL_SCORES, pd.DataFrame({"patient_id": ["q"], "B cells": [3.0]}), cohort="b")
    lake.commit(CELL_SCORES, scores(p1=1.5), cohort="a")

    a, b = lake.read(CELL_SCORES, "a"), lake.read(CELL_SCORES, "b")
    assert a["patient_id"].tolist() == ["p1"]
    assert a["T cells (CD8+)"].tolist() == [1.5]
    assert "B cells" not in a, "a column that only another cohort has does not show"
    assert b["B cells"].tolist() == [3.0]
    assert lake.read(CELL_SCORES)["cohort"].tolist() == ["a", "b"], "rows come sorted by the table's key"


def test_changes_are_counted_by_patient(lake: Lake) -> None:
    lake.commit(CELL_SCORES, scores(p1=1.0, p2=2.0, p3=3.0), cohort="a")
    commit = lake.commit(CELL_SCORES, scores(p4=9.0, p2=2.0, p1=1.1), cohort="a")
    assert commit.state.changes == {"new": 1, "changed": 1, "unchanged": 1, "removed": 1}


def test_equal_content_has_an_equal_hash_whatever_the_order_of_rows(lake: Lake) -> None:
    first = lake.commit(CELL_SCORES, scores(p1=1.0, p2=2.0), cohort="a")
    second = lake.commit(CELL_SCORES, scores(p2=2.0, p1=1.0), cohort="a")
    assert first.state.content == second.state.content
    assert not second.written
    assert second.state.version == first.state.version, "the same content from the same things is no new version"


def test_a_lake_that_was_removed_and_made_anew_is_seen_as_it_is(lake: Lake, tmp_path: Path) -> None:
    for value in (1.0, 2.0, 3.0):
        lake.commit(CELL_SCORES, scores(p1=value), cohort="a")
    assert lake.read(CELL_SCORES, "a").shape[0] == 1
    shutil.rmtree(tmp_path / "tables")
    assert lake.states(CELL_SCORES) == {}
    assert lake.read(CELL_SCORES, "a").empty
    made = Lake(tmp_path).commit(CELL_SCORES, scores(p1=4.0, p2=5.0), cohort="b").state
    assert lake.states(CELL_SCORES) == {"b": made}
    assert lake.read(CELL_SCORES)["patient_id"].tolist() == ["p1", "p2"]


def test_a_commit_that_only_read_other_things_is_recorded(lake: Lake) -> None:
    lake.commit(CELL_SCORES, scores(p1=1.0), cohort="a", reads=[{"read": "expression", "found": "1"}])
    commit = lake.commit(CELL_SCORES, scores(p1=1.0), cohort="a", reads=[{"read": "expression", "found": "2"}])
    assert commit.written
    assert commit.state.changes["unchanged"] == 1
    assert Lake(lake.root).state(CELL_SCORES, "a") == commit.state, "what was recorded is read back by another process"


def test_old_versions_can_be_read(lake: Lake) -> None:
    before = lake.commit(CELL_SCORES, scores(p1=1.0), cohort="a").state.version
    lake.commit(CELL_SCORES, scores(p1=2.0), cohort="a")
    assert lake.read(CELL_SCORES, "a", version=before)["T cells (CD8+)"].tolist() == [1.0]


def test_a_table_of_nothing_keeps_its_types(lake: Lake) -> None:
    lake.commit(SIGNATURE_IMPORTANCE, pd.DataFrame(columns=[c.name for c in SIGNATURE_IMPORTANCE.columns]))
    read = lake.read(SIGNATURE_IMPORTANCE)
    assert read.empty
    assert read["rank"].dtype == "Int64"
    assert read["top20"].dtype == "boolean"


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (scores(p1=1.0).rename(columns={"patient_id": "patient"}), "patient_id"),
        (pd.concat([scores(p1=1.0), scores(p1=2.0)]), "repeat the key patient_id: p1"),
        (scores(p1=float("inf")), "infinite values: T cells"),
        (pd.DataFrame({"patient_id": ["p1"], "B cells": ["many"]}), "B cells"),
        (pd.DataFrame({"patient_id": [None], "B cells": [1.0]}), "patient_id"),
    ],
    ids=["missing column", "key twice", "infinite", "text for a number", "no patient"],
)
def test_a_bad_frame_is_refused_and_the_previous_version_is_kept(lake: Lake, frame: pd.DataFrame, said: str) -> None:
    good = lake.commit(CELL_SCORES, scores(p1=1.0), cohort="a")
    with pytest.raises(TableError) as caught:
        lake.commit(CELL_SCORES, frame, cohort="a")
    assert said in str(caught.value)
    assert lake.state(CELL_SCORES, "a") == good.state
    assert lake.read(CELL_SCORES, "a")["patient_id"].tolist() == ["p1"]


def test_values_outside_their_range_and_unexpected_columns_are_refused(lake: Lake) -> None:
    shares = TableSchema(
        "shares", Stage.COHORTS, "Test.", (Column("share", "float64", "A share.", at_least=0, at_most=1),), ("share",)
    )
    with pytest.raises(TableError, match=r"1\.5"):
        lake.commit(shares, pd.DataFrame({"share": [0.5, 1.5]}), cohort="a")
    with pytest.raises(TableError, match="unexpected column"):
        lake.commit(shares, pd.DataFrame({"share": [0.5], "other": [1]}), cohort="a")


def _write_often(root: Path, cohort: str, times: int) -> None:
    lake = Lake(root)
    for number in range(times):
        lake.commit(CELL_SCORES, scores(**{f"{cohort}{n}": float(number) for n in range(20)}), cohort=cohort)


def test_four_processes_writing_four_cohorts_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_often, args=(tmp_path, cohort, 8)) for cohort in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    lake = Lake(tmp_path)
    for cohort in "abcd":
        assert lake.read(CELL_SCORES, cohort)["T cells (CD8+)"].tolist() == [7.0] * 20
        assert lake.state(CELL_SCORES, cohort).changes == {"new": 0, "changed": 20, "unchanged": 0, "removed": 0}
    table = lake.table(CELL_SCORES)
    commits = [commit for commit in table.history() if "tme" in commit]
    assert len(commits) == 4 * 8, "each commit of each writer is in the history"


def _write_until_killed(root: Path, started: Path) -> None:
    lake = Lake(root)
    number = 0
    while True:
        number += 1
        # all rows of a version hold the same number, so a mixture of two versions would show
        lake.commit(CELL_SCORES, scores(**{f"p{n}": float(number) for n in range(2000)}), cohort="a")
        started.touch()


def test_a_process_killed_while_writing_leaves_a_whole_version(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for attempt in range(3):
        started = tmp_path / f"started{attempt}"
        writer = context.Process(target=_write_until_killed, args=(tmp_path / "lake", started))
        writer.start()
        while not started.exists():
            assert writer.is_alive()
            time.sleep(0.01)
        time.sleep(0.05 + 0.037 * attempt)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        lake = Lake(tmp_path / "lake")
        found = lake.read(CELL_SCORES, "a")["T cells (CD8+)"]
        assert len(found) == 2000
        assert (found == found.iloc[0]).all(), "rows of one version only"
        assert lake.state(CELL_SCORES, "a").rows == 2000
        lake.commit(CELL_SCORES, scores(p1=-1.0), cohort="a")
        assert lake.read(CELL_SCORES, "a")["patient_id"].tolist() == ["p1"], "the next run goes on"
