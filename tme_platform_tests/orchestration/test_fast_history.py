"""The optional fast run history: the files are Dagster's own, and fail clearly when Dagster's internals change."""

import inspect
import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._daemon.types import DaemonHeartbeat
from sqlalchemy import Engine, create_engine, event

from tme_platform.orchestration import fast_history
from tme_platform.orchestration.instance import open_instance, served_home

PARTITIONS = dg.DynamicPartitionsDefinition(name="cohort")


@dg.asset(partitions_def=PARTITIONS, check_specs=[dg.AssetCheckSpec("sound", asset="counted")])
def counted() -> Iterator[Any]:
    yield dg.MaterializeResult(metadata={"rows": 3}, check_results=[dg.AssetCheckResult(passed=True)])


def run(instance: dg.DagsterInstance, partition: str) -> str:
    instance.add_dynamic_partitions("cohort", [partition])
    result = dg.materialize([counted], partition_key=partition, instance=instance)
    assert result.success
    return result.run_id


def logged(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [entry.to_json() for entry in instance.all_logs(run_id)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return tmp_path / "dagster"


def test_dagsters_own_storage_reads_what_is_written_and_vice_versa(tmp_path: Path, home: Path) -> None:
    with open_instance(tmp_path) as ours:
        assert isinstance(ours.event_log_storage, fast_history._Events)
        first = run(ours, "one")
        first_logged = logged(ours, first)
    assert len(first_logged) > 5
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}")
    with dg.DagsterInstance.local_temp(str(home)) as plain:
        assert type(plain.event_log_storage) is SqliteEventLogStorage
        assert logged(plain, first) == first_logged
        assert plain.get_materialized_partitions(dg.AssetKey("counted")) == {"one"}
        second = run(plain, "two")
        second_logged = logged(plain, second)
    (home / "dagster.yaml").unlink()
    with open_instance(tmp_path) as ours:
        assert logged(ours, second) == second_logged
        assert ours.get_materialized_partitions(dg.AssetKey("counted")) == {"one", "two"}
        assert {run.run_id for run in ours.get_runs()} == {first, second}


def _open_and_add(state: Path, name: str, ready: Any) -> None:
    ready.wait()
    with open_instance(state) as instance:
        instance.add_dynamic_partitions("cohort", [name])


@pytest.mark.usefixtures("home")
def test_concurrent_first_runs_in_a_new_lake_all_start(tmp_path: Path) -> None:
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
def test_every_connection_waits_for_others_that_write(tmp_path: Path) -> None:
    with open_instance(tmp_path) as ours:
        run_id = run(ours, "one")
        events, schedules = ours.event_log_storage, ours.schedule_storage
        connections = {
            "runs": ours.run_storage.connect(),
            "events of a run": events.run_connection(run_id),
            "index": events.index_connection(),
            "schedules": schedules.connect(),
        }
        for name, opened in connections.items():
            with opened as connection:
                waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
            assert waits == 60_000, name


def test_programs_of_dagster_open_the_same_databases_in_the_same_way(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `tme ui` starts them: they read `dagster.yaml` in `DAGSTER_HOME`."""
    home.mkdir()
    (home / "dagster.yaml").write_text("retention: {sensor: {purge_after_days: 3}}")
    with open_instance(tmp_path) as ours:
        first = run(ours, "one")
        places = (ours.storage_directory(), ours.compute_log_manager._base_dir)
    served = served_home(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(served))
    with dg.DagsterInstance.get() as theirs:
        assert isinstance(theirs.event_log_storage, fast_history._Events)
        assert [one.run_id for one in theirs.get_runs()] == [first]
        assert (theirs.storage_directory(), theirs.compute_log_manager._base_dir) == places
        assert theirs.get_settings("retention") == {"sensor": {"purge_after_days": 3}}
        assert run(theirs, "two") != first
    monkeypatch.setenv("TME_FAST_HISTORY", "0")
    assert served_home(tmp_path) == home


def _write_much(state: Path, number: int, ready: Any) -> None:
    ready.wait()
    with open_instance(state) as instance:
        for partition in range(3):
            run(instance, f"{number}_{partition}")
            instance.add_daemon_heartbeat(DaemonHeartbeat(float(partition), f"{number}", None))
            with instance.schedule_storage.connect() as ticks:
                ticks.exec_driver_sql("insert into job_ticks (job_origin_id, status) values ('a', 'STARTED')")
            assert instance.get_run_records(limit=5)


@pytest.mark.usefixtures("home")
def test_processes_that_write_at_once_wait_for_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(6)
    started = [context.Process(target=_write_much, args=(tmp_path, number, ready)) for number in range(6)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert [process.exitcode for process in started] == [0] * 6
    with open_instance(tmp_path) as instance:
        assert len(instance.get_runs()) == 18
        with instance.schedule_storage.connect() as ticks:
            assert ticks.exec_driver_sql("select count(*) from job_ticks").scalar() == 18


@pytest.mark.usefixtures("home")
def test_each_database_is_opened_once_and_closed_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def noted(url: str, **options: Any) -> Engine:
        engine = create_engine(url, **options)
        event.listen(engine, "connect", lambda *_: made.append(url))
        event.listen(engine, "close", lambda *_: made.remove(url))
        return engine

    monkeypatch.setattr(fast_history, "create_engine", noted)
    with open_instance(tmp_path) as ours:
        run(ours, "one")
        databases = list((tmp_path / "dagster" / "history").rglob("*.db"))
        assert len(set(made)) == len(databases)
        assert len(made) < 2 * len(databases), "not one for each of some forty questions"
    assert made == []


def test_recently_used_databases_stay_open(tmp_path: Path) -> None:
    engines = fast_history._Engines(at_most=2)
    first, second = (engines.get(f"sqlite:///{tmp_path / name}") for name in ("first", "second"))
    assert engines.get(first.url.render_as_string()) is first
    engines.get(f"sqlite:///{tmp_path / 'third'}")
    assert engines.get(first.url.render_as_string()) is first
    assert engines.get(second.url.render_as_string()) is not second


@pytest.mark.usefixtures("home")
def test_a_batch_is_stored_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_instance(tmp_path) as ours:
        first = run(ours, "one")
        before = logged(ours, first)
        storage = ours.event_log_storage
        entries = [record.event_log_entry for record in storage.get_records_for_run(first).records]
        entries = [entry for entry in entries if "CHECK" not in str(entry.dagster_event_type)]
        stored = SqliteEventLogStorage.store_event
        count = 0

        def full_at_the_last(self: SqliteEventLogStorage, entry: Any) -> None:
            nonlocal count
            count += 1
            if count == len(entries):
                raise OSError("no space left on device")
            stored(self, entry)

        monkeypatch.setattr(SqliteEventLogStorage, "store_event", full_at_the_last)
        with pytest.raises(OSError, match="no space"):
            storage.store_event_batch(entries)
        assert count == len(entries) > 5
        assert logged(ours, first) == before
        monkeypatch.undo()
        run(ours, "two")  # the failed batch released its locks
        assert ours.get_materialized_partitions(dg.AssetKey("counted")) == {"one", "two"}


def test_what_it_takes_from_dagster_is_still_there() -> None:
    """Fails first, with a name, when a release of Dagster changes what `fast_history` builds on."""
    for name in (
        "store_event",
        "store_event_batch",
        "has_table",
        "_connect",
        "_initdb",
        "conn_string_for_shard",
        "dispose",
    ):
        assert callable(getattr(SqliteEventLogStorage, name, None)), f"SqliteEventLogStorage.{name} is gone"
    for name in ("connect", "from_local", "dispose"):
        assert callable(getattr(SqliteRunStorage, name, None)), f"SqliteRunStorage.{name} is gone"
    parameters = inspect.signature(DagsterSqliteStorage.__init__).parameters
    assert list(parameters) == ["self", "base_dir", "inst_data"], "DagsterSqliteStorage is built otherwise"


def test_it_can_be_switched_off(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TME_FAST_HISTORY", "0")
    with open_instance(tmp_path) as plain:
        assert type(plain.event_log_storage) is SqliteEventLogStorage
    assert "fast_history" not in (home / "dagster.yaml").read_text()


def test_a_storage_that_the_operator_names_is_kept(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    given = f"storage: {{sqlite: {{base_dir: {tmp_path / 'elsewhere'}}}}}\n"
    (home / "dagster.yaml").write_text(given)
    with open_instance(tmp_path) as plain:
        assert type(plain.event_log_storage) is SqliteEventLogStorage
    assert (home / "dagster.yaml").read_text() == given


def test_a_lake_of_an_earlier_version_loses_the_class_that_it_named(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    (home / "dagster.yaml").write_text(
        "storage: {custom: {module: tme_platform.orchestration.run_history, class: RunHistory, config: {}}}\n"
    )
    with open_instance(tmp_path):
        assert "run_history" not in (home / "dagster.yaml").read_text()
