"""What Dagster's event log knows about failures: of one run, and of an asset's last attempt."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg
from dagster import DagsterEventType


def failure_message(event: dg.DagsterEvent) -> str:
    """What a failed step said, without the frames around it.

    Dagster wraps what was raised; what that was raised from is for those who read the log.
    """
    data = event.step_failure_data
    error = data.error
    if data.user_failure_data is not None and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    while error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    return error.message.strip() if error is not None else "no message"


def failed_attempts(instance: dg.DagsterInstance, spec: dg.AssetSpec) -> Mapping[str | None, str]:
    """The parts of an asset whose last run failed, and what it said.

    Returns
    -------
    Message by cohort (None: the asset is of the whole study). A part that was not reached, because something before it
    failed in the same run, is not among them.
    """
    found = {}
    for cohort, run_id in _unfinished(instance, spec).items():
        run = instance.get_run_by_id(run_id)
        if run is None or not run.is_failure_or_canceled:
            continue
        records = instance.get_records_for_run(run_id, of_type=DagsterEventType.STEP_FAILURE).records
        events = [record.event_log_entry.dagster_event for record in records]
        said = [failure_message(event) for event in events if event and event.step_key == spec.key.to_user_string()]
        if said:
            found[cohort] = said[-1]
        elif not events:  # ended from outside, or before any step
            found[cohort] = f"run {run_id[:8]} ended before the asset did ({run.status.value.lower()})"
    return found


def failed_check(instance: dg.DagsterInstance, spec: dg.AssetSpec, checks: list[str]) -> str | None:
    """Name the first of an asset's checks that failed when it was last made; None where none did."""
    keys = [dg.AssetCheckKey(spec.key, name) for name in checks]
    latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
    for key in keys:
        evaluation = latest[key].evaluation if key in latest else None
        if evaluation is not None and not evaluation.passed:
            return key.name
    return None


def _unfinished(instance: dg.DagsterInstance, spec: dg.AssetSpec) -> Mapping[str | None, str]:
    """The run of each part's last attempt, where the part was not made after all."""
    if spec.partitions_def is not None:
        log = instance.event_log_storage
        found = log.get_latest_asset_partition_materialization_attempts_without_materializations(spec.key)
        return {cohort: run_id for cohort, (run_id, _) in found.items()}
    for record in instance.get_asset_records([spec.key]):
        entry = record.asset_entry
        planned, run_id = entry.last_planned_materialization_storage_id, entry.last_planned_materialization_run_id
        if planned is not None and run_id is not None and planned > (entry.last_materialization_storage_id or -1):
            return {None: run_id}
    return {}
