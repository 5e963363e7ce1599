"""A lake in an object store, Dagster and MLflow on PostgreSQL, as `deploy/` sets them up; and servers that are gone."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster_postgres import PostgresRunStorage

from tme_platform.lake import LakeError, ask
from tme_platform.orchestration.run import Outcome
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES
from tme_platform.tables.expression import CELL_SCORES
from tme_platform.tracking import Tracker, TrackingError
from tme_platform.tracking.reach import shown
from tme_platform_tests.conftest import REPOSITORY
from tme_platform_tests.support.platform import Platform, Recorded, open_platform
from tme_platform_tests.support.servers import free_port, object_store, postgres

CHOSEN = {"cohorts": ["reference"], "select": "group:s1_cohorts or key:cell_scores"}


def pointed(workspace: Workspace, **places: str) -> Workspace:
    """The same study elsewhere."""
    return replace(workspace, **places)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, Outcome, Recorded]]:
    """A part of the study after its first run on servers."""
    root = tmp_path_factory.mktemp("team")
    with (
        postgres("dagster", "mlflow") as database,
        object_store("lake") as store,
        pytest.MonkeyPatch.context() as patch,
    ):
        dagster = {"DAGSTER_POSTGRES_URL": f"{database}/dagster", "DAGSTER_LOGS": str(root / "logs")}
        for name, value in {**store, **dagster}.items():
            patch.setenv(name, value)
        home = root / "dagster"
        home.mkdir()
        shutil.copy(REPOSITORY / "deploy" / "dagster.yaml", home)
        workspace = pointed(
            open_platform(root, imaged=0).workspace,
            lake_root="s3://lake/study",
            state_root=str(root / "state"),
            tracking_uri=f"{database}/mlflow",
        )
        with dg.DagsterInstance.from_config(str(home)) as instance:
            platform = Platform(workspace, instance)
            yield (platform, *platform.run(**CHOSEN))


def test_a_run_on_servers_and_then_nothing_is_left_to_do(team: tuple[Platform, Outcome, Recorded]) -> None:
    platform, outcome, _ = team
    assert outcome.success, outcome.failures
    assert isinstance(platform.instance.run_storage, PostgresRunStorage)
    assert isinstance(platform.instance.run_coordinator, QueuedRunCoordinator)
    again, recorded = platform.run(**CHOSEN)
    assert again.runs == 0
    assert recorded.made() == []
    assert platform.workspace.tracker.versions() == [], "MLflow's tables are made in PostgreSQL"


def test_tables_are_those_of_a_lake_in_a_folder(team: tuple[Platform, Outcome, Recorded], tmp_path: Path) -> None:
    elsewhere = open_platform(tmp_path, imaged=0)
    outcome, _ = elsewhere.run(**CHOSEN)
    assert outcome.success, outcome.failures
    for name in ("cohort_files", "cohorts", "patients", "cell_scores"):
        here, there = (p.workspace.lake.states(TABLES[name]) for p in (elsewhere, team[0]))
        assert here["reference"].rows
        assert {cohort: state.content for cohort, state in here.items()} == {
            cohort: state.content for cohort, state in there.items()
        }


def test_the_catalog_needs_no_object_store(
    team: tuple[Platform, Outcome, Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = team[0].workspace
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    found = ask(workspace.lake, "select cohort, count(*) as n from cell_scores group by 1 order by 1")
    monkeypatch.undo()
    read = workspace.lake.read(CELL_SCORES).groupby("cohort").size()
    assert dict(zip(found["cohort"], found["n"], strict=True)) == read.to_dict()


def test_a_store_that_is_gone_is_said_so(
    team: tuple[Platform, Outcome, Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_MAX_RETRIES", "0")
    with pytest.raises(LakeError, match=r"cell_scores of the lake s3://lake/study cannot be read.*object store"):
        type(team[0].workspace.lake)("s3://lake/study").read(CELL_SCORES)


def test_a_lost_mlflow_is_said_so_at_once(tmp_path: Path) -> None:
    for uri in ("http://127.0.0.1:{}", "postgresql+psycopg2://tme:secret@127.0.0.1:{}/mlflow"):
        with pytest.raises(TrackingError, match=r"MLflow at .* does not answer .* run again") as caught:
            Tracker.of_lake(tmp_path, uri.format(free_port())).find("key")
        assert "secret" not in str(caught.value)


def test_a_password_is_not_shown() -> None:
    assert shown("postgresql://tme:secret@db:5432/mlflow") == "postgresql://db:5432/mlflow"
    assert shown("http://mlflow:5000") == "http://mlflow:5000"
