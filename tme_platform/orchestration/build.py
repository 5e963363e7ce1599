"""Everything that Dagster loads, built fresh at each call; nothing happens at import."""

from __future__ import annotations

from typing import Any

import dagster as dg

from tme_platform.orchestration.alerts import make_alerts
from tme_platform.orchestration.alive import workspace_resource
from tme_platform.orchestration.catalog import catalog
from tme_platform.orchestration.jobs import make_jobs
from tme_platform.orchestration.notify import Receivers
from tme_platform.orchestration.progress import LoggedProgress, Progress
from tme_platform.orchestration.schedules import make_schedules
from tme_platform.orchestration.sensors import make_sensors
from tme_platform.orchestration.table_asset import table_asset
from tme_platform.steps.registry import STEPS
from tme_platform.steps.workspace import Workspace


def build_definitions(*, workspace: Workspace | None = None, progress: Progress | None = None) -> dg.Definitions:
    """Assets, checks, jobs, schedules, sensors and resources.

    Parameters
    ----------
    workspace
        Where the study runs; by default as the environment says.
    progress
        Who is informed of progress; by default the run's log.
    """
    return dg.Definitions(
        # Many light assets must not cost as many process starts; heavy work uses a process pool of its own.
        executor=dg.in_process_executor,
        assets=[*(table_asset(step) for step in STEPS.values()), catalog],
        jobs=make_jobs(),
        schedules=make_schedules(),
        sensors=[*make_sensors(), *make_alerts(Receivers.from_environment())],
        resources={
            "workspace": workspace_resource(workspace or Workspace.from_environment()),
            "progress": _fixed(progress or LoggedProgress()),
            # Steps store their tables themselves; Dagster's own would take a folder from a run's configuration.
            "io_manager": dg.IOManagerDefinition(lambda _: dg.InMemoryIOManager(), config_schema={}),  # type: ignore[no-untyped-call]
        },
    )


def _fixed(resource: Any) -> dg.ResourceDefinition:
    """A resource of which a run's configuration can say nothing; Dagster would accept, and ignore, anything."""
    return dg.ResourceDefinition(lambda _: resource, config_schema={})
