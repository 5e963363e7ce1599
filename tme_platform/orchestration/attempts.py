"""What Dagster's run history says of the last attempts to build parts: under way, failed, and with which message."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import dagster as dg
from dagster import DagsterEventType

from tme_platform.orchestration.alive import has_process, runs_under_way
from tme_platform.orchestration.plan import Part

PARTITION_TAG = "dagster/partition"
_WITHOUT_PROCESS = {dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING}
_ENDINGS = {DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_CANCELED}
_LOOKED_AT = 500
"""Finished runs that are looked through, newest first, for the last attempt of a part."""


def parts_of(run: dg.DagsterRun) -> list[Part]:
    """The parts that a run builds."""
    cohort = run.tags.get(PARTITION_TAG)
    return [Part(key.to_user_string(), cohort) for key in run.asset_selection or ()]


def parts_under_way(instance: dg.DagsterInstance, state: Path) -> set[Part]:
    """The parts that runs under way build, or will build as soon as the daemon starts them."""
    return {part for run in runs_under_way(instance, state)[0] for part in parts_of(run)}


def parts_being_built(instance: dg.DagsterInstance, state: Path) -> set[Part]:
    """The parts of runs that have a process, as far as that can be known: a queued run may wait for ever."""
    going = [run for run in runs_under_way(instance, state)[0] if run.status not in _WITHOUT_PROCESS]
    return {part for run in going for part in parts_of(run)}


def parts_built_elsewhere(instance: dg.DagsterInstance, state: Path) -> set[Part]:
    """The parts of runs of other machines, whose locks on tables cannot be seen from here."""
    going = [run for run in runs_under_way(instance, state)[0] if run.status not in _WITHOUT_PROCESS]
    return {part for run in going if has_process(run, state) is None for part in parts_of(run)}


def latest_runs(instance: dg.DagsterInstance, limit: int | None = _LOOKED_AT) -> Iterator[tuple[Part, dg.DagsterRun]]:
    """The newest run of each part, newest first."""
    seen: set[Part] = set()
    for record in instance.get_run_records(limit=limit):
        for part in parts_of(record.dagster_run):
            if part not in seen:
                seen.add(part)
                yield part, record.dagster_run


def failed_attempts(instance: dg.DagsterInstance, parts: Collection[Part]) -> dict[Part, str]:
    """The parts whose last run failed, and what it said.

    A part that was not reached, because something before it failed in the same run, is not among them.
    """
    if not parts:
        return {}
    messages: dict[str, dict[str, str]] = {}
    found = {}
    for part, run in latest_runs(instance):
        if part not in parts or not run.is_failure_or_canceled:
            continue
        if run.run_id not in messages:
            messages[run.run_id] = _step_failures(instance, run.run_id)
        said = messages[run.run_id]
        if part.asset in said:
            found[part] = said[part.asset]
        elif not said:  # ended from outside, or before any step
            found[part] = f"run {run.run_id[:8]} ended before the asset did: {_last_word(instance, run)}"
    return found


def failure_message(event: dg.DagsterEvent) -> str:
    """What a failed step said, without the frames around it.

    Dagster wraps what was raised; what that was raised from is in the log.
    """
    data = event.step_failure_data
    if data.error_source is not None and data.error_source.name == "INTERRUPT":
        return "stopped by a signal"
    error = data.error
    if data.user_failure_data is not None and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    while error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    return error.message.strip() if error is not None else "no message"


def failure_of_run(events: Sequence[dg.DagsterEvent]) -> str:
    """What was raised before any asset began, as by the lock of a run on a disk that cannot be written."""
    for event in events:
        if (error := getattr(event.event_specific_data, "error", None)) is not None:
            return re.sub(r"^[\w.]+: ", "", str(error.message).strip())  # the class stands before what it says
    return "See Dagster's event log."


def _last_word(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Why a run ended without a failure of an asset."""
    events = [entry.dagster_event for entry in instance.all_logs(run.run_id, of_type=_ENDINGS)]
    said = [event.message for event in events if event is not None and event.message]
    return said[-1] if said else run.status.value.lower()


def _step_failures(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    entries = instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE)
    events = [entry.dagster_event for entry in entries]
    return {event.step_key: failure_message(event) for event in events if event is not None and event.step_key}
