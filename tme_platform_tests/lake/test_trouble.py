"""What goes wrong outside: no room, no right to write, somebody else at the same table. The last version stands."""

import multiprocessing
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.lake import Lake, LakeError, ask, build_catalog
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.signature import SIGNATURE_IMPORTANCE
from tme_platform_tests.support.trouble import no_file_larger_than, no_right_to_write


def scores(patients: int, value: float = 1.0) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": [f"p{n}" for n in range(patients)], "B cells": value})


def test_no_room_leaves_the_last_version_and_the_next_try_works(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    before = lake.commit(CELL_SCORES, scores(3), cohort="a")
    large = scores(30_000).assign(**{"B cells": np.random.default_rng(0).random(30_000)})
    with (
        no_file_larger_than(20_000),
        pytest.raises(LakeError, match=r"cell_scores of cohort a could not be written .* make room on the disk"),
    ):
        lake.commit(CELL_SCORES, large, cohort="a")
    assert Lake(tmp_path).state(CELL_SCORES, "a") == before.state
    assert len(lake.read(CELL_SCORES, "a")) == 3
    assert lake.commit(CELL_SCORES, large, cohort="a").state.rows == 30_000


def test_a_lake_that_is_read_only_is_said_so_and_still_read(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    lake.commit(CELL_SCORES, scores(3), cohort="a")
    build_catalog(lake)
    with no_right_to_write(tmp_path / "lake"):
        with pytest.raises(LakeError, match=r"Permission denied.*give this user the right to write"):
            lake.commit(CELL_SCORES, scores(4), cohort="a")
        with pytest.raises(LakeError, match="right to write"), lake.lock(CELL_SCORES, "a", lambda: None):
            pass
        assert len(lake.read(CELL_SCORES, "a")) == 3
        assert ask(Lake(tmp_path / "lake"), "select count(*) as n from cell_scores")["n"].item() == 3
    assert lake.commit(CELL_SCORES, scores(4), cohort="a").state.rows == 4


def _commit_often(root: Path, who: int, ready: object) -> None:
    lake = Lake(root)
    ready.wait()
    for number in range(6):
        lake.commit(CELL_SCORES, scores(2, 10 * who + number), cohort="a", reason=f"{who}/{number}")
        lake.commit(SIGNATURE_IMPORTANCE, _importance(10 * who + number), reason=f"{who}/{number}")


def _importance(value: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature": ["f"],
            "rank": 1,
            "importance": value,
            "permutation_importance": None,
            "selected_share": None,
            "top20": True,
        }
    )


def test_two_writers_of_one_part_lose_nothing_and_write_nothing_twice(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tme_platform.lake"])
    ready = context.Barrier(2)
    writers = [context.Process(target=_commit_often, args=(tmp_path, who, ready)) for who in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    lake = Lake(tmp_path)
    for schema, part in ((CELL_SCORES, "a"), (SIGNATURE_IMPORTANCE, None)):
        said = [commit["tme"] for commit in lake.table(schema).history() if "tme" in commit]
        assert len(said) == len(set(said)) == 12, "each commit once"
        assert lake.state(schema, part).rows == len(lake.read(schema, part)), "the last commit is the whole content"


def _hold(root: Path, held: object, log: Path) -> None:
    with Lake(root).lock(CELL_SCORES, "a", lambda: None):
        held.set()
        time.sleep(0.3)
        log.write_text("first")


def test_writers_of_one_part_wait_and_readers_do_not(tmp_path: Path) -> None:
    lake, log, waited = Lake(tmp_path), tmp_path / "log", []
    lake.commit(CELL_SCORES, scores(2), cohort="a")
    context = multiprocessing.get_context("forkserver")
    held = context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, log))
    other.start()
    held.wait()
    assert len(lake.read(CELL_SCORES, "a")) == 2, "readers do not wait"
    with lake.lock(CELL_SCORES, "b", lambda: waited.append("b")):
        assert not log.exists(), "another cohort's part is free"
    with lake.lock(CELL_SCORES, "a", lambda: waited.append("a")):
        assert log.read_text() == "first"
    other.join()
    assert waited == ["a"]
