"""Which runs still have a process, and the end of those that have none.

Dagster records that a run has started, and that it ended if its process could say so. A process that is killed says
nothing, and its run would be under way for ever. So a process holds a lock while it carries out a run. The system gives
the lock up with the process, however that ends. Which parts runs build belongs in `attempts`.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from tme_platform.disk import of_system
from tme_platform.lake.locks import is_held, locked, remove_lock
from tme_platform.steps.registry import STEPS
from tme_platform.steps.workspace import Workspace

UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
GONE = "its process is gone: it was killed, ran out of memory, or the machine stopped. The next run goes on from there."
"""What is recorded of a run that is ended here."""
_BEGINNING = {dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING}
_START_SECONDS = 180.0
"""A run has so long from its request until its process holds the lock; importing takes a busy machine long."""
_PLACE_TAG = "tme/carried_out_at"
"""Tag of a run: machine and folder of its lock. It is set before the run counts as started."""


def workspace_resource(workspace: Workspace) -> dg.ResourceDefinition:
    """The workspace as a resource; a run that has it holds its lock until it has ended."""

    @dg.resource(config_schema={}, description="Where the study runs; a run that uses it is known to have a process.")
    def resource(context: dg.InitResourceContext) -> Iterator[Workspace]:
        if context.run is None or context.instance is None:  # a sensor or a schedule
            yield workspace
            return
        with carried_out(context.instance, workspace.state, context.run.run_id):
            yield workspace

    return resource


_claimed: set[str] = set()
"""Runs whose locks this process holds since before Dagster knew of them."""


@contextmanager
def claimed(state: Path, run_id: str) -> Iterator[None]:
    """Hold the lock of a run that this process is about to request and to carry out.

    Without it, a process that is killed between the two leaves a run that has no lock yet, and counts as beginning for
    minutes. If the lock cannot be made, `carried_out` says why.
    """
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            held.enter_context(_held(_locks(state), run_id))
            _claimed.add(run_id)
            held.callback(_claimed.discard, run_id)
        yield


@contextmanager
def carried_out(instance: dg.DagsterInstance, state: Path, run_id: str) -> Iterator[None]:
    """Hold the lock of a run as long as the block, in which this process carries it out.

    Raises
    ------
    dagster.Failure
        The folder of the locks cannot be written; the text says what to do.
    """
    folder = _locks(state)
    with contextlib.ExitStack() as held:
        if run_id not in _claimed:
            try:
                held.enter_context(_held(folder, run_id))
            except OSError as error:
                raise dg.Failure(of_system(error), allow_retries=False) from error
        instance.add_run_tags(run_id, {_PLACE_TAG: f"{socket.gethostname()}:{folder}"})
        yield


@contextmanager
def _held(folder: Path, run_id: str) -> Iterator[None]:
    """Hold the lock of a run, and remove it with the end of the block: a lock that stays says that the run is gone."""
    with locked(folder, run_id):
        try:
            yield
        finally:
            remove_lock(folder, run_id)


def has_process(run: dg.DagsterRun, state: Path) -> bool | None:
    """Whether a run that has started still has its process; None if this machine cannot know."""
    held = is_held(_locks(state), run.run_id)
    if held is not None:
        return held
    host, _, folder = run.tags.get(_PLACE_TAG, "").partition(":")
    if not host:  # another program's run, or one of an earlier version, which held no lock
        return False if _is_ours(run) else None
    return None if host != socket.gethostname() else bool(is_held(Path(folder), run.run_id))


def runs_under_way(
    instance: dg.DagsterInstance, state: Path, *, start_seconds: float = _START_SECONDS
) -> tuple[list[dg.DagsterRun], list[dg.DagsterRun]]:
    """The runs that are under way, and those that Dagster takes for such, but whose process is gone."""
    going: list[dg.DagsterRun] = []
    gone: list[dg.DagsterRun] = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY)):
        run = record.dagster_run
        (gone if _is_gone(run, _age(record), state, start_seconds) else going).append(run)
    return going, gone


def end_gone_runs(instance: dg.DagsterInstance, state: Path, *, start_seconds: float = _START_SECONDS) -> list[str]:
    """Record the end of runs whose process is gone.

    Parameters
    ----------
    start_seconds
        Runs that were requested so long ago and have no process yet will not get one.

    Returns
    -------
    The identifiers of the runs.
    """
    if not runs_under_way(instance, state, start_seconds=start_seconds)[1]:
        return []
    with locked(_locks(state), "ending"):  # of several processes that look, one reports
        gone = runs_under_way(instance, state, start_seconds=start_seconds)[1]
        # One that ended since it was looked up has given up its lock in order.
        gone = [run for run in gone if (now := instance.get_run_by_id(run.run_id)) and now.status in UNDER_WAY]
        for run in gone:
            report: Callable[[dg.DagsterRun, str], object] = instance.report_run_failed
            if run.status is dg.DagsterRunStatus.CANCELING:
                report = instance.report_run_canceled
            report(run, GONE)
            remove_lock(_locks(state), run.run_id)
        return [run.run_id for run in gone]


def _is_gone(run: dg.DagsterRun, age: float, state: Path, start_seconds: float) -> bool:
    if run.status is dg.DagsterRunStatus.QUEUED:  # the next daemon starts it
        return False
    if run.status in _BEGINNING and is_held(_locks(state), run.run_id) is None:
        # Of a clock that was set back, the age is negative.
        return _is_ours(run) and abs(age) > start_seconds
    return has_process(run, state) is False


def _is_ours(run: dg.DagsterRun) -> bool:
    """Whether a run builds tables of ours; others may share the instance."""
    names = {key.to_user_string() for key in run.asset_selection or ()}
    return bool(names & STEPS.keys())


def _age(record: dg.RunRecord) -> float:
    changed = record.update_timestamp
    changed = changed if changed.tzinfo else changed.replace(tzinfo=UTC)
    return (datetime.now(UTC) - changed).total_seconds()


def _locks(state: Path) -> Path:
    return state.resolve() / "locks" / "runs"
