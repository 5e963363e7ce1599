"""The catalog: a view per table, readers and builders out of each other's way."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tme_platform.lake import Lake, QueryError, ask, build_catalog, catalog_path
from tme_platform.tables import TABLES
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.expression import CELL_SCORES


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path)
    lake.commit(CELL_SCORES, pd.DataFrame({"patient_id": ["p1", "p2"], "T cells (CD8+)": [1.0, 2.0]}), cohort="a")
    lake.commit(CELL_SCORES, pd.DataFrame({"patient_id": ["q1"], "B cells": [3.0]}), cohort="b", provenance="simulated")
    return lake


def test_every_table_has_a_view_with_what_is_in_it(lake: Lake) -> None:
    listing = build_catalog(lake).set_index("table_name")
    assert set(listing.index) == set(TABLES)
    assert listing.loc["cell_scores", "rows"] == 3
    assert listing.loc["cell_scores", "cohorts"] == 2
    found = ask(lake, "select cohort, count(*) as n from cell_scores group by 1 order by 1")
    assert found.to_dict("list") == {"cohort": ["a", "b"], "n": [2, 1]}
    assert ask(lake, "select provenance from cell_scores where cohort = 'b'")["provenance"].tolist() == ["simulated"]
    assert ask(lake, "select * from lake_tables where table_name = 'cell_scores'")["rows"].tolist() == [3]


def test_a_table_never_written_is_an_empty_view_with_its_columns(lake: Lake) -> None:
    build_catalog(lake)
    empty = ask(lake, "select * from patients")
    assert empty.empty
    assert list(empty.columns) == [column.name for column in PATIENTS.all_columns]


def test_views_and_columns_are_described(lake: Lake) -> None:
    build_catalog(lake)
    comment = ask(lake, "select comment from duckdb_views() where view_name = 'cell_scores'")["comment"].iloc[0]
    assert comment == CELL_SCORES.description


def test_a_reader_is_not_disturbed_by_a_new_catalog_and_does_not_disturb_it(lake: Lake) -> None:
    build_catalog(lake)
    with duckdb.connect(str(catalog_path(lake.root)), read_only=True) as reader:
        assert reader.execute("select count(*) from cell_scores").fetchone() == (3,)
        lake.commit(CELL_SCORES, pd.DataFrame({"patient_id": ["p9"], "B cells": [1.0]}), cohort="c")
        build_catalog(lake)
        assert reader.execute("select count(*) from cell_scores").fetchone() == (3,), "the old view over the old files"
    assert ask(lake, "select count(*) as n from cell_scores")["n"].iloc[0] == 4


def test_the_catalog_cannot_be_written_by_a_query(lake: Lake) -> None:
    build_catalog(lake)
    with pytest.raises(QueryError, match="CREATE"):
        ask(lake, "create table mine as select 1")


def test_no_catalog_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="tme demo"):
        ask(Lake(tmp_path), "select 1")


def test_no_draft_is_left_behind(lake: Lake) -> None:
    build_catalog(lake)
    assert [path.name for path in Path(lake.root).iterdir() if path.name.startswith(".tme-")] == []
