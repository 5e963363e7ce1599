"""Everything Dagster is told, put together fresh at each call; nothing happens at import."""

import os
from collections.abc import Mapping
from typing import Any

import dagster as dg

from tme_platform.orchestration import assets as _assets
from tme_platform.orchestration.jobs import make_jobs
from tme_platform.orchestration.progress import LoggedProgress
from tme_platform.orchestration.schedules import make_schedules
from tme_platform.orchestration.sensors import make_sensors
from tme_platform.orchestration.workspace import Workspace


def default_workspace() -> Workspace:
    """The workspace that the environment names.

    That is `TME_LAKE`, `TME_STATE`, `TME_LANDING`, `TME_STUDY`, `TME_TRACKING_URI`, `TME_WORKERS` and `TME_BACKEND`;
    where they are not set, the bundled study in `data_lake`.
    """
    return Workspace(
        lake_root=os.environ.get("TME_LAKE", "data_lake"),
        state_root=os.environ.get("TME_STATE", ""),
        landing_root=os.environ.get("TME_LANDING", ""),
        study_name=os.environ.get("TME_STUDY", "tcga_brca"),
        tracking_uri=os.environ.get("TME_TRACKING_URI", ""),
        workers=int(os.environ.get("TME_WORKERS", "0")),
        backend=os.environ.get("TME_BACKEND", "processes"),
    )


def build_definitions(*, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Assets, checks, jobs, schedules, sensors and resources.

    Parameters
    ----------
    resources
        Takes the place of the default resources by name: `workspace` (where the study runs), `progress` (who is told).
    """
    return dg.Definitions(
        # Thirty light assets must not cost thirty process starts; heavy work brings a process pool of its own.
        executor=dg.in_process_executor,
        assets=dg.load_assets_from_package_module(_assets),
        jobs=make_jobs(),
        schedules=make_schedules(),
        sensors=make_sensors(),
        resources={"workspace": default_workspace(), "progress": LoggedProgress(), **(resources or {})},
    )
