"""What Delta keeps beside the rows: no identifiers in log, checkpoints and footers; and how long it keeps commits."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tme_platform.lake import Lake
from tme_platform.lake.discretion import AUDIT_DAYS, TABLE_SETTINGS
from tme_platform.lake.vacuum import remove_old_versions, shorten_log
from tme_platform.tables import Stage, TableSchema
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.schema import Column

PLANTED = "PLANTED-7731"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def scores(*patients: str) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": list(patients), "B cells": [float(n) for n in range(len(patients))]})


def texts_of_log(folder: Path) -> str:
    commits = [path.read_text() for path in folder.glob("_delta_log/*.json")]
    return "".join(commits + [str(pq.read_table(path).to_pylist()) for path in folder.glob("_delta_log/*.parquet")])


def test_the_log_and_its_checkpoints_hold_no_identifier(lake: Lake) -> None:
    lake.commit(CELL_SCORES, scores(PLANTED, "q"), cohort="a")
    table = lake.table(CELL_SCORES)
    assert table is not None
    table.create_checkpoint()
    folder = Path(lake.uri(CELL_SCORES))
    assert list(folder.glob("_delta_log/*.parquet"))
    assert PLANTED not in texts_of_log(folder)


def test_footers_hold_limits_of_genes_and_numbers_only(lake: Lake) -> None:
    columns = (
        Column("gene", "string", "Symbol."),
        Column("sample_id", "string", "Sample."),
        Column("value", "float64", "-"),
    )
    schema = TableSchema("long", Stage.EXPRESSION, "A long table.", columns, key=("gene", "sample_id"))
    rows = pd.DataFrame({"gene": ["CD8A", "GZMB"], "sample_id": [PLANTED, PLANTED], "value": [1.0, 2.0]})
    lake.commit(schema, rows, cohort="a")
    (file,) = Path(lake.uri(schema)).glob("cohort=a/*.parquet")
    group = pq.read_metadata(file).row_group(0)
    chunks = [group.column(number) for number in range(group.num_columns)]
    known = {c.path_in_schema for c in chunks if c.is_stats_set and c.statistics.has_min_max}
    assert known == {"gene", "value"}


def test_a_lake_of_an_earlier_version_takes_the_settings_with_its_next_write(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "delta.dataSkippingNumIndexedCols"
    with monkeypatch.context() as earlier:
        earlier.delitem(TABLE_SETTINGS, name)
        lake.commit(CELL_SCORES, scores("p"), cohort="b")
    lake.commit(CELL_SCORES, scores(PLANTED), cohort="a")
    table = lake.table(CELL_SCORES)
    assert table is not None
    assert table.metadata().configuration[name] == "0"
    assert PLANTED not in texts_of_log(Path(lake.uri(CELL_SCORES)))
    before = table.version()
    lake.commit(CELL_SCORES, scores(PLANTED, "q"), cohort="a")
    assert lake.version(CELL_SCORES) == before + 1, "the settings are written once"


def aged(lake: Lake, versions: range, days: float) -> None:
    """Commits as if they had been made days ago."""
    then = time.time() - days * 86_400
    for version in versions:
        path = Path(lake.uri(CELL_SCORES), "_delta_log", f"{version:020}.json")
        text = path.read_text()
        start = text.index('"timestamp":') + len('"timestamp":')
        path.write_text(text[:start] + str(int(then * 1000)) + text[text.index(",", start) :])
        os.utime(path, (then, then))


@pytest.fixture
def old(lake: Lake) -> Lake:
    """20 commits of cohort b three years ago; two years ago one of a, then 20 more of b; and one of b today."""
    for number in range(20):
        lake.commit(CELL_SCORES, scores(*"pqr"[: 1 + number % 3]), cohort="b", reason=f"first {number}")
    lake.commit(CELL_SCORES, scores("x", "y"), cohort="a", reason="once")
    for number in range(20):
        lake.commit(CELL_SCORES, scores(*"pqr"[: 1 + number % 3]), cohort="b", reason=f"then {number}")
    lake.commit(CELL_SCORES, scores("p", "z"), cohort="b", reason="today")
    last = lake.version(CELL_SCORES)
    assert last is not None
    aged(lake, range(20), 3 * 365)
    aged(lake, range(20, last), 2 * 365)
    return Lake(lake.root)


def test_commits_that_nothing_needs_are_removed_and_states_stay(old: Lake) -> None:
    states = {cohort: (state.version, state.content) for cohort, state in old.states(CELL_SCORES).items()}
    needed = states["a"][0]
    assert shorten_log(old, CELL_SCORES, dry_run=True) == shorten_log(Lake(old.root), CELL_SCORES) > 10
    names = {path.name for path in Path(old.uri(CELL_SCORES), "_delta_log").glob("*.json")}
    assert f"{needed:020}.json" in names
    fresh = Lake(old.root)
    assert {cohort: (state.version, state.content) for cohort, state in fresh.states(CELL_SCORES).items()} == states
    assert fresh.read(CELL_SCORES, "a")["patient_id"].tolist() == ["x", "y"]
    assert fresh.read(CELL_SCORES, version=needed)["cohort"].nunique() == 2, "it can be read as it was"
    assert shorten_log(fresh, CELL_SCORES) == 0


def test_versions_of_models_stay_readable(old: Lake) -> None:
    assert shorten_log(old, CELL_SCORES, keep=[3]) == 0
    assert len(Lake(old.root).read(CELL_SCORES, version=3))
    remove_old_versions(old, CELL_SCORES, older_than=timedelta(days=30), keep=[3])
    assert len(Lake(old.root).read(CELL_SCORES, version=3))


def test_commits_within_the_audit_period_stay(lake: Lake) -> None:
    for number in range(30):
        lake.commit(CELL_SCORES, scores(*"pqr"[: 1 + number % 3]), cohort="b", reason=str(number))
    aged(lake, range(25), AUDIT_DAYS - 10)
    fresh = Lake(lake.root)
    assert shorten_log(fresh, CELL_SCORES) == 0
    assert len(fresh.audit(CELL_SCORES)) == 30
