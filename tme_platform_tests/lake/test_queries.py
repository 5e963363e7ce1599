"""A query sees the lake, nothing else of the machine, and writes nothing; nor do catalogs from elsewhere."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tme_platform.lake import Lake, QueryError, ask, build_catalog, catalog_path
from tme_platform.lake.catalog import catalog_is_of
from tme_platform.tables.expression import CELL_SCORES

READ = "nobody-reads-this"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    (tmp_path / "secret.txt").write_text(f"{READ}\n{READ}\n")
    lake = Lake(tmp_path / "lake")
    lake.commit(CELL_SCORES, pd.DataFrame({"patient_id": ["p1", "p2"], "T cells": [1.0, 2.0]}), cohort="a")
    build_catalog(lake)
    return lake


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


READS_FILES = [
    "select * from read_text('{secret}')",
    "select * from read_blob('{secret}')",
    "select * from read_csv('{secret}', header = false)",
    "from '{secret}'",
    "select * from read_text('{tables}/../../secret.txt')",
    "select * from read_text('{tables}/link.txt')",
    "select * from read_text('/proc/self/environ')",
    "select * from glob('{outside}/*')",
    "select * from read_parquet('http://127.0.0.1:9/x.parquet')",
    "select * from query('from read_text(''{secret}'')')",
    "with found as (select content from read_text('{secret}')) select * from found",
    "explain analyze select * from read_text('{secret}')",
    "select getenv('HOME')",
    "select * from sniff_csv('{secret}')",
    "select * from duckdb_secrets()",
    "from query_table('{secret}')",
    "from enable_logging(storage = 'file', storage_path = '{tables}/log')",
    "from enable_profiling(save_location = '{tables}/profile.json')",
]


@pytest.mark.parametrize("sql", READS_FILES)
def test_no_file_of_the_machine_is_read(lake: Lake, tmp_path: Path, sql: str) -> None:
    tables = Path(lake.root) / "tables"
    (tables / "link.txt").symlink_to(tmp_path / "secret.txt")
    asked = sql.format(secret=tmp_path / "secret.txt", tables=tables, outside=tmp_path)
    with pytest.raises(duckdb.Error) as found:
        ask(lake, asked)
    assert READ not in str(found.value)


WRITES = [
    "copy (select 1) to '{outside}/out.csv'",
    "copy cell_scores to '{tables}/out.parquet'",
    "explain analyze copy (select 1) to '{tables}/out.csv'",
    "/* */ explain analyze copy (select 1) to '{tables}/out.csv'",
    "export database '{tables}/exported'",
    "attach '{outside}/new.duckdb'",
    "create table mine as select 1",
    "create view cell_scores as select 1",
    "create macro f() as 1",
    "insert into lake_tables select * from lake_tables",
    "delete from lake_tables",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "reset enable_external_access",
    "pragma enable_profiling",
    "call pragma_version()",
    "prepare one as select 1",
    "execute one",
    "select 1; copy (select 1) to '{outside}/out.csv'",
    "select 1; select 2",
    "checkpoint",
    "begin",
    "use memory",
]


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_is_written_and_nothing_is_set(lake: Lake, tmp_path: Path, sql: str) -> None:
    before = listing(tmp_path)
    with pytest.raises(QueryError):
        ask(lake, sql.format(outside=tmp_path, tables=Path(lake.root) / "tables"))
    assert listing(tmp_path) == before


def test_what_only_reads_is_answered(lake: Lake) -> None:
    for sql in (
        "select count(*) from cell_scores",
        "with found as (from cell_scores) select * from found",
        "from cell_scores",
        "values (1)",
        "describe cell_scores",
        "summarize cell_scores",
        "show tables",
        "explain select * from cell_scores",
        "explain analyze select * from cell_scores",
        "pivot cell_scores on cohort in ('a', 'b') using count(*)",
        "select 1;",
    ):
        assert len(ask(lake, sql)), sql


def test_threads_ask_at_once_also_beside_a_connection_of_their_own(lake: Lake) -> None:
    sql = "select count(*) as n from cell_scores"
    with duckdb.connect(str(catalog_path(lake.state_folder)), read_only=True), ThreadPoolExecutor(4) as threads:
        assert {int(found["n"].iloc[0]) for found in threads.map(lambda _: ask(lake, sql), range(12))} == {2}
    assert catalog_is_of(lake)


def test_what_a_query_needs_on_disk_is_not_in_the_lake_and_half_of_the_memory_is_left(lake: Lake) -> None:
    asked = "select current_setting('temp_directory') as folder, current_setting('memory_limit') as memory"
    found = ask(lake, asked).iloc[0]
    assert not Path(found["folder"]).is_relative_to(lake.root)
    assert not Path(found["folder"]).exists()
    with duckdb.connect() as usual:
        assert found["memory"] != usual.execute("select current_setting('memory_limit')").fetchone()[0]


def test_views_of_a_catalog_from_elsewhere_are_not_believed(lake: Lake, tmp_path: Path) -> None:
    build_catalog(lake)
    with duckdb.connect(str(catalog_path(lake.state_folder))) as planted:
        planted.execute(f"create or replace view patients as select * from read_text('{tmp_path / 'secret.txt'}')")
        planted.execute("create macro planted() as 1")
        planted.execute("create or replace view cell_scores as select 'planted' as patient_id")
    given = tmp_path / "given"
    shutil.copytree(lake.root, given)
    shutil.rmtree(lake.root)
    given.rename(lake.root)  # at the very place that its catalog names
    fresh = Lake(lake.root)
    assert not catalog_is_of(fresh)
    assert ask(fresh, "select patient_id from cell_scores order by 1")["patient_id"].tolist() == ["p1", "p2"]
    with pytest.raises(duckdb.Error, match="planted"):
        ask(fresh, "select planted()")


def test_a_view_on_another_file_reads_nothing(lake: Lake, tmp_path: Path) -> None:
    with duckdb.connect(str(catalog_path(lake.state_folder))) as planted:
        planted.execute(f"create or replace view patients as select * from read_text('{tmp_path / 'secret.txt'}')")
    with pytest.raises(duckdb.Error, match="disabled by configuration"):
        ask(lake, "select * from patients")


def test_a_lake_behind_a_link_is_read(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(lake.root)
    assert ask(Lake(tmp_path / "link"), "select count(*) as n from cell_scores")["n"].item() == 2
    assert os.path.lexists(tmp_path / "link")
