"""What Dagster's run history says of the last attempts to build parts: under way, failed, and with which message."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import dagster as dg
from dagster import DagsterEventType

from tme_platform.orchestration.plan import Part

UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
PARTITION_TAG = "dagster/partition"
_LOOKED_AT = 500
"""Finished runs that are looked through, newest first, for the last attempt of a part."""


def parts_of(run: dg.DagsterRun) -> list[Part]:
    """The parts that a run builds."""
    cohort = run.tags.get(PARTITION_TAG)
    return [Part(key.to_user_string(), cohort) for key in run.asset_selection or ()]


def parts_under_way(instance: dg.DagsterInstance) -> set[Part]:
    """The parts that runs under way build."""
    records = instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY))
    return {part for record in records for part in parts_of(record.dagster_run)}


def runs_under_way(instance: dg.DagsterInstance) -> list[str]:
    """The runs under way, by id."""
    return [record.dagster_run.run_id for record in instance.get_run_records(dg.RunsFilter(statuses=UNDER_WAY))]


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
            found[part] = f"run {run.run_id[:8]} ended before the asset did ({run.status.value.lower()})"
    return found


def failure_message(event: dg.DagsterEvent) -> str:
    """What a failed step said, without the frames around it.

    Dagster wraps what was raised; what that was raised from is in the log.
    """
    data = event.step_failure_data
    error = data.error
    if data.user_failure_data is not None and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    while error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    return error.message.strip() if error is not None else "no message"


def _step_failures(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    entries = instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE)
    events = [entry.dagster_event for entry in entries]
    return {event.step_key: failure_message(event) for event in events if event is not None and event.step_key}
