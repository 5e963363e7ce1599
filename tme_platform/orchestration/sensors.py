"""Sensors: what landed is noticed, content that changed goes on through the graph, the catalog follows every run.

All are on by default; each says in its description what it does.
"""

import json

import dagster as dg

from tme_platform.cohorts.stamp import folder_stamp
from tme_platform.lake import build_catalog
from tme_platform.lake.tables import COHORT_FILES
from tme_platform.orchestration.assets.cohorts import COHORT_FILES_VERSION
from tme_platform.orchestration.jobs import LOOK_AT_LANDING
from tme_platform.orchestration.partitions import COHORTS
from tme_platform.orchestration.workspace import Workspace

SECONDS_BETWEEN_LOOKS = 30


def make_sensors() -> list[dg.SensorDefinition]:
    """Make the three sensors."""
    return [_landing_sensor(), _content_sensor(), _catalog_sensor()]


def _landing_sensor() -> dg.SensorDefinition:
    @dg.sensor(
        name="landing",
        job_name=LOOK_AT_LANDING,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Registers new cohort folders and looks into those whose files changed, once they have settled: "
        "a folder counts when two looks in a row find the same names, sizes and times.",
    )
    def landing(context: dg.SensorEvaluationContext, workspace: Workspace) -> dg.SensorResult:
        before = json.loads(context.cursor or "{}")
        stamps = {name: folder_stamp(workspace.landing / name) for name in workspace.cohorts()}
        settled = {name: stamp for name, stamp in stamps.items() if before.get(name, {}).get("seen") == stamp}
        moved = [name for name, stamp in settled.items() if before[name].get("taken") != stamp]
        # Names and times only said where to look; what counts is content.
        changed = [name for name in moved if workspace.scope(COHORT_FILES, name).why_run(COHORT_FILES_VERSION)]
        known = set(context.instance.get_dynamic_partitions("cohort"))
        new = [name for name in changed if name not in known]
        cursor = {
            name: {"seen": stamp, "taken": stamp if name in moved else before.get(name, {}).get("taken")}
            for name, stamp in stamps.items()
        }
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(
                    run_key=f"{name}:{settled[name]}",
                    partition_key=name,
                    asset_selection=[dg.AssetKey(COHORT_FILES.name)],
                )
                for name in changed
            ],
            dynamic_partitions_requests=[COHORTS.build_add_request(new)] if new else [],
            cursor=json.dumps(cursor, sort_keys=True),
            skip_reason=None if changed else "no landing folder changed",
        )

    return landing


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
