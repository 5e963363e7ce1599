"""Sensors that tell people of runs that failed and of checks that do not pass. How a text is sent is in `notify`.

A text names tables, cohorts, checks and the run, and nothing else: what an error or a check said may quote data, and
stays where the lake is.
"""

from __future__ import annotations

import os

import dagster as dg
from dagster import DagsterEventType

from tme_platform.environment import UI_ADDRESSES
from tme_platform.orchestration.attempts import PARTITION_TAG
from tme_platform.orchestration.notify import Receivers, send

_MOST = 10
"""Tables or checks that a text names."""
_EVENTS = {DagsterEventType.STEP_FAILURE, DagsterEventType.ASSET_CHECK_EVALUATION}


def make_alerts(receivers: Receivers | None) -> list[dg.SensorDefinition]:
    """Make the sensors, or none where nobody is to be told."""
    if receivers is None:
        return []
    told = "Sends what failed to the receivers that the environment names (TME_ALERT_...)."

    return [
        _sensor("alert_after_failure", dg.DagsterRunStatus.FAILURE, f"Runs that failed. {told}", receivers),
        _sensor(
            "alert_after_checks",
            dg.DagsterRunStatus.SUCCESS,
            f"Checks that did not pass in a run that went on. {told}",
            receivers,
        ),
    ]


def _sensor(name: str, status: dg.DagsterRunStatus, description: str, receivers: Receivers) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name, run_status=status, default_status=dg.DefaultSensorStatus.RUNNING, description=description
    )
    def alert(context: dg.RunStatusSensorContext) -> dg.SkipReason:
        return _tell(context, receivers)

    return alert


def alert_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[str, str] | None:
    """Subject and text about a run; None if there is nothing to tell."""
    failed: dict[str, None] = {}
    checks: dict[str, None] = {}
    for entry in instance.all_logs(run.run_id, of_type=_EVENTS):
        event = entry.dagster_event
        if event is None:
            continue
        if event.is_step_failure:
            failed[event.step_key or "a step"] = None
        elif not (check := event.asset_check_evaluation_data).passed:
            checks[f"{check.check_name} of {check.asset_key.to_user_string()}"] = None
    if run.status != dg.DagsterRunStatus.FAILURE and not checks:
        return None
    cohort = run.tags.get(PARTITION_TAG)
    of = f"cohort {cohort}" if cohort else "the whole study"
    what = "a run failed" if run.status == dg.DagsterRunStatus.FAILURE else "a check does not pass"
    lines = [f"Run {run.run_id[:8]} of {of}."]
    if failed:
        lines.append(f"Failed: {_listed(failed)}.")
    elif run.status == dg.DagsterRunStatus.FAILURE:
        lines.append("It ended before any table was begun.")
    if checks:
        lines.append(f"Checks that do not pass: {_listed(checks)}.")
    lines.append(f"Details: {_page(run)}" if _page(run) else "Details: the run's page in Dagster, or `tme status`.")
    return f"tme_platform: {what} ({of})", "\n".join(lines)


def _tell(context: dg.RunStatusSensorContext, receivers: Receivers) -> dg.SkipReason:
    alert = alert_of(context.instance, context.dagster_run)
    if alert is None:
        return dg.SkipReason("nothing to tell")
    problems = send(receivers, *alert)
    for problem in problems:
        context.log.error(problem)
    return dg.SkipReason("; ".join(problems) or "told")


def _listed(names: dict[str, None]) -> str:
    shown = list(names)[:_MOST]
    return ", ".join(shown) + (f" and {len(names) - _MOST} more" if len(names) > _MOST else "")


def _page(run: dg.DagsterRun) -> str:
    """The run's page at the first address at which people reach Dagster; empty if none is named."""
    addresses = os.environ.get(UI_ADDRESSES, "").replace(",", " ").split()
    return f"{addresses[0].rstrip('/')}/runs/{run.run_id}" if addresses else ""
