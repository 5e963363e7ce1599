"""The run history that lakes come with: Dagster's own files, read and written by either."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from tme_platform.orchestration import run_history
from tme_platform.orchestration.runner import open_instance

PARTITIONS = dg.DynamicPartitionsDefinition(name="cohort")


@dg.asset(partitions_def=PARTITIONS, check_specs=[dg.AssetCheckSpec("sound", asset="counted")])
def counted() -> Iterator[Any]:
    yield dg.MaterializeResult(metadata={"rows": 3}, check_results=[dg.AssetCheckResult(passed=True)])


def run(instance: dg.DagsterInstance, partition: str) -> str:
    instance.add_dynamic_partitions("cohort", [partition])
    result = dg.materialize([counted], partition_key=partition, instance=instance)
    assert result.success
    return result.run_id


def told(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [entry.to_json() for entry in instance.all_logs(run_id)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return tmp_path / "dagster"


def test_dagsters_own_storage_reads_what_is_written_and_the_other_way_round(tmp_path: Path, home: Path) -> None:
    with open_instance(tmp_path) as ours:
        assert isinstance(ours.event_log_storage, run_history._Events)
        first = run(ours, "one")
        first_told = told(ours, first)
    assert len(first_told) > 5
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}")
    with dg.DagsterInstance.local_temp(str(home)) as plain:
        assert type(plain.event_log_storage) is SqliteEventLogStorage
        assert told(plain, first) == first_told
        assert plain.get_materialized_partitions(dg.AssetKey("counted")) == {"one"}
        second = run(plain, "two")
        second_told = told(plain, second)
    (home / "dagster.yaml").unlink()
    with open_instance(tmp_path) as ours:
        assert told(ours, second) == second_told
        assert ours.get_materialized_partitions(dg.AssetKey("counted")) == {"one", "two"}
        assert {run.run_id for run in ours.get_runs()} == {first, second}


def _open_and_add(state: Path, name: str, ready: Any) -> None:
    ready.wait()
    with open_instance(state) as instance:
        instance.add_dynamic_partitions("cohort", [name])


@pytest.mark.usefixtures("home")
def test_runs_that_begin_at_once_in_a_new_lake_all_begin(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    names = {f"cohort_{number}" for number in range(3)}
    ready = context.Barrier(len(names))
    started = [context.Process(target=_open_and_add, args=(tmp_path, name, ready)) for name in sorted(names)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * len(names)
    with open_instance(tmp_path) as instance:
        assert set(instance.get_dynamic_partitions("cohort")) == names


@pytest.mark.usefixtures("home")
def test_an_engine_serves_a_database_for_good(tmp_path: Path) -> None:
    run_history._engine.cache_clear()
    with open_instance(tmp_path) as ours:
        run(ours, "one")
        asked = run_history._engine.cache_info()
        databases = len(list((tmp_path / "dagster" / "history").rglob("*.db")))
    assert asked.misses <= databases
    assert asked.hits > 5 * asked.misses


def test_without_a_folder_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    with pytest.raises(ValueError, match="set DAGSTER_HOME"):
        run_history.RunHistory.from_config_value(None, {})
