"""Sensors: what landed is noticed, changed content goes on through the graph, what was lost on the way is caught up.

All are on by default; each says in its description what it does.
"""

import json
from dataclasses import astuple, dataclass
from typing import Any

import dagster as dg

from tme_platform.cohorts.stamp import folder_stamp
from tme_platform.lake import build_catalog
from tme_platform.orchestration.jobs import LOOK_AT_LANDING
from tme_platform.orchestration.partitions import COHORTS
from tme_platform.orchestration.status import standings
from tme_platform.orchestration.workspace import Workspace
from tme_platform.steps.cohorts import COHORT_FILES_VERSION
from tme_platform.tables.cohorts import COHORT_FILES

SECONDS_BETWEEN_LOOKS = 30


SECONDS_BETWEEN_CATCHING_UP = 300
_LONGEST_WAIT = 288
"""Looks that are let pass before something that keeps failing is tried again: of catching up, a day."""
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def make_sensors() -> list[dg.SensorDefinition]:
    """Make the four sensors."""
    return [_landing_sensor(), _content_sensor(), _catch_up_sensor(), _catalog_sensor()]


@dataclass(frozen=True)
class _Asked:
    """How often something was asked for, and how many looks to let pass before it is asked for again."""

    times: int = 0
    wait: int = 0

    def again(self) -> "_Asked":
        """After one more request: at once, then after ever longer waits."""
        return _Asked(self.times + 1, min(2**self.times - 1, _LONGEST_WAIT))

    def waited(self) -> "_Asked":
        """After one more look that asked for nothing."""
        return _Asked(self.times, self.wait - 1)


def _landing_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name="landing",
        job_name=LOOK_AT_LANDING,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers new cohort folders and looks into those whose files changed, once they have settled: "
        "a folder counts when two looks in a row find the same names, sizes and times. If the run that takes it fails, "
        "the next look asks again, then after ever longer waits.",
    )
    def landing(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SensorResult:
        before = json.loads(context.cursor or "{}")
        stamps = {name: folder_stamp(workspace.landing / name) for name in workspace.cohorts()}
        under_way = _cohorts_under_way(context.instance)
        cursor: dict[str, dict[str, Any]] = {}
        requests = []
        for name, stamp in stamps.items():
            last = before.get(name, {})
            cursor[name] = {"seen": stamp, "taken": last.get("taken")}
            if last.get("seen") != stamp or last.get("taken") == stamp:
                continue
            # Names and times only said where to look; what counts is content, and that it has arrived in the table.
            if workspace.scope(COHORT_FILES, name).why_run(COHORT_FILES_VERSION) is None:
                cursor[name]["taken"] = stamp
                continue
            asked = _Asked(*last.get("asked", ()))
            if asked.wait > 0 or name in under_way:
                cursor[name]["asked"] = astuple(asked.waited() if asked.wait > 0 else asked)
                continue
            cursor[name]["asked"] = astuple(asked.again())
            requests.append(
                dg.RunRequest(
                    run_key=f"{name}:{stamp}:{asked.times}",
                    partition_key=name,
                    asset_selection=[dg.AssetKey(COHORT_FILES.name)],
                )
            )
        known = set(context.instance.get_dynamic_partitions("cohort"))
        new = [str(request.partition_key) for request in requests if request.partition_key not in known]
        return dg.SensorResult(
            run_requests=requests,
            dynamic_partitions_requests=[COHORTS.build_add_request(new)] if new else [],
            cursor=json.dumps(cursor, sort_keys=True),
            skip_reason=None if requests else "no landing folder changed",
        )

    return landing


def _cohorts_under_way(instance: dg.DagsterInstance) -> set[str]:
    """The cohorts whose landing folder is being looked into."""
    runs = instance.get_runs(filters=dg.RunsFilter(job_name=LOOK_AT_LANDING, statuses=_UNDER_WAY))
    return {run.tags.get("dagster/partition", "") for run in runs}


def _catch_up_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name="catch_up",
        asset_selection=dg.AssetSelection.all(),
        minimum_interval_seconds=SECONDS_BETWEEN_CATCHING_UP,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="When nothing runs, compares every table with what it was made from, and runs what is not current: "
        "what a failed run left, and what changed while a run was reading it. What keeps failing is tried again after "
        "ever longer waits, at least once a day.",
    )
    def catch_up(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SensorResult:
        if context.instance.get_run_ids(filters=dg.RunsFilter(statuses=_UNDER_WAY), limit=1):
            return dg.SensorResult(skip_reason="runs are under way", cursor=context.cursor)
        before = json.loads(context.cursor or "{}")
        known = set(context.instance.get_dynamic_partitions("cohort"))
        cursor = {}
        wanted: dict[str | None, list[dg.AssetKey]] = {}
        for one in standings(workspace, context.instance):
            # What landed is the landing sensor's, which knows whether it has settled.
            ready = one.state != "current" and not one.behind and one.reason and one.asset != COHORT_FILES.name
            if not ready or (one.cohort is not None and one.cohort not in known):
                continue
            part = f"{one.asset}/{one.cohort or ''}"
            asked = _Asked(*before.get(part, ()))
            if asked.wait > 0:
                cursor[part] = astuple(asked.waited())
                continue
            cursor[part] = astuple(asked.again())
            wanted.setdefault(one.cohort, []).append(dg.AssetKey(one.asset))
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(partition_key=cohort, asset_selection=assets, tags={"tme/why": "catching up"})
                for cohort, assets in wanted.items()
            ],
            cursor=json.dumps(cursor, sort_keys=True),
            skip_reason=None if wanted else "every table is current, or waits to be tried again",
        )

    return catch_up


def _content_sensor() -> dg.SensorDefinition:
    return dg.AutomationConditionSensorDefinition(
        name="content",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs what is made from content that changed; the policy stands in orchestration/automation.py.",
    )


def _catalog_sensor() -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name="catalog_after_runs",
        run_status=dg.DagsterRunStatus.SUCCESS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Points the DuckDB catalog at the tables' current files after every run.",
    )
    def catalog_after_runs(context: dg.RunStatusSensorContext, workspace: Workspace) -> None:
        build_catalog(workspace.lake)
        context.log.info("catalog rebuilt")

    return catalog_after_runs
