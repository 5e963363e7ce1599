"""Runs whose process is gone are ended, and no others: they would keep everything after them from being built."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import dagster as dg
import pytest
from dagster import DagsterRunStatus

from tme_platform.lake.locks import locked
from tme_platform.orchestration import alive
from tme_platform.orchestration.alive import GONE, carried_out, claimed, end_gone_runs, has_process
from tme_platform.orchestration.attempts import (
    failed_attempts,
    parts_being_built,
    parts_built_elsewhere,
    parts_under_way,
)
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.plan import Part

PART = Part("patients", "reference")
STARTED = DagsterRunStatus.STARTED


@pytest.fixture(scope="module")
def job() -> dg.JobDefinition:
    return build_definitions().resolve_implicit_global_asset_job_def()


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def request(
    instance: dg.DagsterInstance, job: dg.JobDefinition, status: DagsterRunStatus, asset: str = "patients"
) -> dg.DagsterRun:
    """A run of one table, as Dagster records it."""
    return instance.create_run_for_job(
        job,
        status=status,
        tags={"dagster/partition": "reference"},
        asset_selection=frozenset({dg.AssetKey(asset)}),
    )


def carry_out(state: Path, run_id: str, ready: Any) -> None:
    """Hold the lock of a run until killed."""
    with mock.MagicMock() as instance, carried_out(instance, state, run_id):
        ready.set()
        signal.pause()


def claim(state: Path, run_id: str, ready: Any) -> None:
    """Hold the lock of a run that is about to be requested, until killed."""
    with claimed(state, run_id):
        ready.set()
        signal.pause()


@contextmanager
def killed_at_the_end(target: Callable[[Path, str, Any], None], state: Path, run_id: str) -> Iterator[None]:
    """A process that holds the lock of a run and is killed with the end of the block."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=target, args=(state, run_id, ready))
    process.start()
    try:
        assert ready.wait(60)
        yield
    finally:
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()


def test_a_run_ends_with_its_process(instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path) -> None:
    run = request(instance, job, STARTED)
    with killed_at_the_end(carry_out, tmp_path, run.run_id):
        assert has_process(run, tmp_path)
        assert end_gone_runs(instance, tmp_path) == []
        assert parts_under_way(instance, tmp_path) == parts_being_built(instance, tmp_path) == {PART}
        assert parts_built_elsewhere(instance, tmp_path) == set(), "`tme run` waits for its lock"
    assert parts_under_way(instance, tmp_path) == parts_being_built(instance, tmp_path) == set()
    assert end_gone_runs(instance, tmp_path) == [run.run_id]
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status is DagsterRunStatus.FAILURE
    assert failed_attempts(instance, [PART]) == {PART: f"run {run.run_id[:8]} ended before the asset did: {GONE}"}
    assert end_gone_runs(instance, tmp_path) == []
    assert not list((tmp_path / "locks" / "runs").glob(f"{run.run_id}*"))


def test_a_run_whose_process_is_killed_before_it_begins_ends_at_once(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = request(instance, job, DagsterRunStatus.STARTING)
    with killed_at_the_end(claim, tmp_path, run.run_id):
        assert end_gone_runs(instance, tmp_path) == []
    assert end_gone_runs(instance, tmp_path) == [run.run_id]


def test_a_claimed_run_keeps_its_lock_until_it_has_ended(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = request(instance, job, STARTED)
    with claimed(tmp_path, run.run_id):
        with carried_out(instance, tmp_path, run.run_id):
            assert has_process(run, tmp_path)
        assert has_process(run, tmp_path)
    assert not list((tmp_path / "locks" / "runs").glob("*.lock"))


def test_a_run_in_the_same_process_is_known_to_be_under_way(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = request(instance, job, STARTED)
    with carried_out(instance, tmp_path, run.run_id):
        assert end_gone_runs(instance, tmp_path) == []
    assert end_gone_runs(instance, tmp_path) == [run.run_id], "it gave up its lock without an end"


def test_a_run_of_another_machine_is_left_alone(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = request(instance, job, STARTED)
    elsewhere = mock.patch.object(alive.socket, "gethostname", return_value="another")
    with elsewhere, carried_out(instance, tmp_path / "there", run.run_id):
        pass
    assert end_gone_runs(instance, tmp_path) == []
    assert parts_built_elsewhere(instance, tmp_path) == parts_being_built(instance, tmp_path) == {PART}


def test_a_run_with_another_state_folder_on_this_machine_is_found(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = request(instance, job, STARTED)
    with carried_out(instance, tmp_path / "there", run.run_id):
        assert end_gone_runs(instance, tmp_path / "here") == []
    assert end_gone_runs(instance, tmp_path / "here") == [run.run_id]


def test_runs_that_are_not_ours_are_left_alone(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    @dg.asset
    def theirs() -> None: ...

    job = dg.Definitions(assets=[theirs]).resolve_implicit_global_asset_job_def()
    for status in (STARTED, DagsterRunStatus.STARTING):
        request(instance, job, status, "theirs")
    assert end_gone_runs(instance, tmp_path, start_seconds=0) == []


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTING])
@pytest.mark.parametrize("hours", [1, -1], ids=["long ago", "before the clock was set back"])
def test_a_run_that_never_got_a_process_ends_after_a_while(
    status: DagsterRunStatus, hours: int, instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = request(instance, job, status)
    assert end_gone_runs(instance, tmp_path) == []
    assert parts_under_way(instance, tmp_path) == {PART}
    later = mock.Mock(wraps=datetime)
    later.now.return_value = datetime.now(UTC) + timedelta(hours=hours)
    with mock.patch.object(alive, "datetime", later):
        assert end_gone_runs(instance, tmp_path) == [run.run_id]


def test_queued_runs_wait_for_a_daemon_and_keep_nobody_else(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = mock.Mock(wraps=request(instance, job, STARTED), status=DagsterRunStatus.QUEUED)
    run.configure_mock(tags={"dagster/partition": "reference"}, asset_selection={dg.AssetKey("patients")})
    record = mock.Mock(dagster_run=run, update_timestamp=datetime(2020, 1, 1, tzinfo=UTC))
    with mock.patch.object(instance, "get_run_records", return_value=[record]):
        assert end_gone_runs(instance, tmp_path, start_seconds=0) == []
        assert parts_under_way(instance, tmp_path) == {PART}, "the sensor must not request it again"
        assert parts_being_built(instance, tmp_path) == parts_built_elsewhere(instance, tmp_path) == set()


def test_a_run_that_was_being_canceled_ends_as_canceled(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = request(instance, job, STARTED)
    instance.report_run_canceling(run)
    assert end_gone_runs(instance, tmp_path) == [run.run_id]
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None
    assert ended.status is DagsterRunStatus.CANCELED


def test_a_run_that_ends_while_others_look_is_not_ended_twice(
    instance: dg.DagsterInstance, job: dg.JobDefinition, tmp_path: Path
) -> None:
    run = request(instance, job, STARTED)
    seen = alive.runs_under_way(instance, tmp_path)
    assert seen[1] == [run]
    instance.report_run_canceled(run)
    with mock.patch.object(alive, "runs_under_way", return_value=seen):
        assert end_gone_runs(instance, tmp_path) == []


def test_two_that_look_at_once_do_not_take_each_other_for_the_run(tmp_path: Path) -> None:
    with locked(tmp_path, "run"):
        assert alive.is_held(tmp_path, "run") is True
    assert alive.is_held(tmp_path, "run") is False
    assert alive.is_held(tmp_path, "other") is None
