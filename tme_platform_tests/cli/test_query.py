"""`tme query` as a user types it, in a lake that was copied, and the audit of a run."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tme_platform.cli.app import app
from tme_platform.lake import ask
from tme_platform.steps.reproduce import reproduce
from tme_platform.tables import TABLES
from tme_platform_tests.support.hostile_names import EVERYTHING
from tme_platform_tests.support.platform import Platform, copied_platform


@pytest.fixture(scope="module")
def platform(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """A small study that has run, in another folder than where it ran. Read only."""
    return copied_platform(small_run, tmp_path_factory.mktemp("query") / EVERYTHING)


def test_a_copied_lake_is_queried_at_once_and_its_catalog_names_no_other_place(
    platform: Platform, small_run: Path
) -> None:
    lake = platform.workspace.lake_root
    found = CliRunner().invoke(app, ["--lake", lake, "query", "--csv", "select count(*) as n from patients"])
    assert found.output.splitlines() == ["n", "94"], found.output
    assert bytes(small_run / "lake") not in (Path(lake) / "tme.duckdb").read_bytes()


def test_every_commit_of_a_run_is_in_the_audit(platform: Platform) -> None:
    lake = platform.workspace.lake
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


def test_a_version_of_a_copied_lake_is_trained_again_with_the_same_result(platform: Platform) -> None:
    workspace = platform.workspace
    (record,) = workspace.tracker.versions()
    assert reproduce(workspace.tracker, workspace.lake, record).identical
