"""`tme query` as a user types it, in a lake that was copied, and the audit of a run."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from tme_platform.cli.app import app
from tme_platform.lake import ask
from tme_platform.steps.reproduce import reproduce
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform.tables.cohorts import PATIENTS
from tme_platform_tests.support.hostile_names import EVERYTHING


@pytest.fixture(scope="module")
def workspace(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small study that has run, and was copied from where it ran with its catalog. Read only."""
    root = tmp_path_factory.mktemp("query") / EVERYTHING
    shutil.copytree(small_run, root)
    return Workspace(
        lake_root=str(root / "lake"), landing_root=str(root / "landing"), study_name=str(root / "small.yaml")
    )


def test_a_copied_lake_is_queried_at_once_and_its_catalog_names_no_other_place(
    workspace: Workspace, small_run: Path
) -> None:
    lake = workspace.lake_root
    found = CliRunner().invoke(app, ["--lake", lake, "query", "--csv", "select count(*) as n from patients"])
    assert found.output.splitlines() == ["n", str(len(workspace.lake.read(PATIENTS)))], found.output
    assert bytes(small_run / "lake") not in (Path(lake) / "tme.duckdb").read_bytes()


def asked(workspace: Workspace, *words: str) -> Result:
    return CliRunner().invoke(app, ["--lake", workspace.lake_root, "query", *words])


def test_json_and_parquet_hold_all_rows_and_missing_values(workspace: Workspace, tmp_path: Path) -> None:
    sql = "select cohort, patient_id, age_years, os_days, recist from patients order by 1, 2"
    expected = ask(workspace.lake, sql)
    records = json.loads(asked(workspace, "--json", sql).output)
    assert [list(record) for record in records] == [list(expected)] * len(expected)
    found = pd.DataFrame(records)
    assert found["patient_id"].tolist() == expected["patient_id"].tolist()
    assert found["os_days"].tolist() == pytest.approx(expected["os_days"].tolist(), nan_ok=True)
    assert expected["recist"].isna().any()
    assert found["recist"].isna().tolist() == expected["recist"].isna().tolist()
    said = asked(workspace, "--parquet", str(tmp_path / "out.parquet"), sql)
    assert said.exit_code == 0, said.output
    assert f"{len(expected)} rows, 5 columns in" in said.output
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), expected)


def test_one_form_at_a_time(workspace: Workspace) -> None:
    assert asked(workspace, "--csv", "--json", "select 1").exit_code == 2


def test_without_a_question_every_table_has_one_line(workspace: Workspace) -> None:
    lines = asked(workspace).output.splitlines()
    listed = ask(workspace.lake, "select table_name, rows from lake_tables")
    for table in listed.itertuples():
        (line,) = (line for line in lines if line.split()[0] == table.table_name and line.startswith(" "))
        assert line.split()[1] == f"{table.rows:,}"
        assert len(line) <= 120
    assert len(lines) == len(listed) + listed["table_name"].map(lambda name: TABLES[name].stage).nunique() + 1
    assert asked(workspace, "--csv").output.startswith("table_name,stage,version,rows,cohorts,description\n")


def test_every_commit_of_a_run_is_in_the_audit(workspace: Workspace) -> None:
    lake = workspace.lake
    found = ask(lake, "select * from audit")
    assert set(found["via"]) == {"tme run"}
    assert set(found["study"]) == {"small"}
    assert found["who"].notna().all()
    assert found["dagster_run"].notna().all()
    listed = {(row.table_name, row.version) for row in found.itertuples()}
    states = {(name, one.version) for name, schema in TABLES.items() for one in lake.states(schema).values()}
    assert listed == states, "a first run commits each part once"
    decided = ask(lake, "select action, model_version, reason from audit where table_name = 'signature_review'")
    assert decided["action"].isin(["promoted", "refused"]).all()
    assert decided["model_version"].tolist() == [1]
    assert decided["reason"].str.startswith(("promoted: ", "refused: ")).all()


def test_a_version_of_a_copied_lake_is_trained_again_with_the_same_result(workspace: Workspace) -> None:
    (record,) = workspace.tracker.versions()
    assert reproduce(workspace.tracker, workspace.lake, record).identical
