"""The audit: who changed what when, as the commits say."""

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from deltalake import write_deltalake

from tme_platform.environment import operator
from tme_platform.lake import Lake, ask, build_catalog
from tme_platform.lake.vacuum import remove_old_versions
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tables.signature import SIGNATURE_REVIEW

BY = {"via": "sensor keep_up", "study": "small", "run": "run-1"}


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TME_USER", "Ada O'Neil")


def scores(value: float) -> pd.DataFrame:
    return pd.DataFrame({"patient_id": ["p1", "p2"], "B cells": [value, 2.0]})


def review(decision: str) -> pd.DataFrame:
    columns = {"model_version": ["3"], "criterion": "auc_above_chance", "met": True, "explanation": "0.8"}
    return pd.DataFrame(
        {**columns, "value": 0.8, "low": 0.7, "high": 0.9, "champion_before": None, "decision": decision}
    )


def audit(lake: Lake) -> pd.DataFrame:
    build_catalog(lake)
    return ask(lake, "select * from audit order by time, table_name, version")


def test_writes_decisions_and_removals_are_listed_with_who_and_why(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.commit(CELL_SCORES, scores(1), cohort="a", reason="first run", by=BY)
    lake.commit(CELL_SCORES, scores(3), cohort="a", reason="changed: landing folder of a", by=BY)
    details = {"decision": "promoted", "decision_reason": "promoted: all 6 criteria are met", "model_version": 3}
    lake.commit(SIGNATURE_REVIEW, review("promoted"), reason="first run", details=details, by={"via": "tme run"})
    remove_old_versions(lake, CELL_SCORES, older_than=timedelta(0), by={"via": "schedule daily_housekeeping"})
    found = audit(lake)
    shown = [
        "who",
        "via",
        "action",
        "table_name",
        "cohort",
        "version",
        "model_version",
        "reason",
        "study",
        "dagster_run",
    ]
    assert found[shown].astype(object).where(found[shown].notna(), None).to_numpy().tolist() == [
        ["Ada O'Neil", "sensor keep_up", "wrote", "cell_scores", "a", 1, None, "first run", "small", "run-1"],
        [
            *("Ada O'Neil", "sensor keep_up", "wrote", "cell_scores", "a", 2, None),
            *("changed: landing folder of a", "small", "run-1"),
        ],
        [
            *("Ada O'Neil", "tme run", "promoted", "signature_review", None, 1, 3),
            *("promoted: all 6 criteria are met", None, None),
        ],
        [
            *("Ada O'Neil", "schedule daily_housekeeping", "removed old versions", "cell_scores", None, 4, None),
            *("out of use for more than 0 days", None, None),
        ],
    ]
    assert found[["rows_new", "rows_changed", "rows_removed"]].head(2).to_numpy().tolist() == [[2, 0, 0], [0, 1, 0]]
    now = datetime.now(UTC).replace(tzinfo=None)
    assert ((found["time"] <= now) & (found["time"] > now - timedelta(minutes=10))).all()


def test_a_commit_that_changes_nothing_and_one_that_fails_are_not_listed(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.commit(CELL_SCORES, scores(1), cohort="a")
    lake.commit(CELL_SCORES, scores(1), cohort="a", reason="again")
    with pytest.raises(ValueError, match="patient_id"):
        lake.commit(CELL_SCORES, scores(1).assign(patient_id="p1"), cohort="a", reason="not valid")
    assert audit(lake)["version"].tolist() == [1]


def test_commits_of_earlier_versions_and_of_other_programs_are_listed_without_a_name(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.commit(CELL_SCORES, scores(1), cohort="a")
    log = tmp_path / "tables" / "expression" / "cell_scores" / "_delta_log" / f"{1:020}.json"
    log.write_text(log.read_text().replace('"tme_by"', '"something_else"'))
    table = lake.table(CELL_SCORES)
    write_deltalake(table, table.to_pyarrow_table(), mode="overwrite", partition_by=["cohort"])
    found = audit(Lake(tmp_path))
    assert found["who"].isna().all()
    assert found["action"].tolist() == ["wrote", "not by tme_platform: write"]


def test_an_empty_lake_has_an_empty_audit(tmp_path: Path) -> None:
    assert audit(Lake(tmp_path)).empty


@pytest.mark.parametrize("broken", [OSError("no name"), KeyError("uid not found")])
def test_who_works_here(monkeypatch: pytest.MonkeyPatch, broken: Exception) -> None:
    assert operator() == "Ada O'Neil"
    monkeypatch.delenv("TME_USER")
    assert operator() == getpass.getuser()

    def fail() -> str:
        raise broken

    monkeypatch.setattr(getpass, "getuser", fail)
    assert operator().startswith("uid ")
