"""Jobs: what can be launched by hand from the UI, by the sensor or by a schedule."""

import math
from typing import Any

import dagster as dg

from tme_platform.orchestration.housekeeping import keep_house
from tme_platform.orchestration.partitions import COHORTS
from tme_platform.orchestration.requests import started_by
from tme_platform.steps.workspace import Workspace
from tme_platform.tables import TABLES

STUDY_TABLES = "study_tables"
HOUSEKEEPING = "housekeeping"


def make_jobs() -> list[Any]:
    """Make the jobs: all tables of one cohort, any tables of the study, housekeeping."""
    of_a_cohort = dg.AssetSelection.assets(*[schema.name for schema in TABLES.values() if schema.per_cohort])
    return [
        dg.define_asset_job(
            "cohort_tables", of_a_cohort, partitions_def=COHORTS, description="All tables of one cohort."
        ),
        dg.define_asset_job(
            STUDY_TABLES,
            dg.AssetSelection.all(),
            description="Tables of the study; the sensor `keep_up` and the weekly schedule launch parts of it.",
        ),
        _housekeeping(),
    ]


# Not a `dg.Config`, whose yes-or-no fields also take the name of an environment variable, `{env: NAME}`.
_HOUSEKEEPING_CONFIG = {
    "older_than_days": dg.Field(
        float,
        default_value=0.0,
        description="0 takes the study's `housekeeping.keep_days`; nothing less than that is accepted.",
    ),
    "dry_run": dg.Field(bool, default_value=False, description="Only count what would be removed."),
}


def _bounded(asked: float, keep_days: float) -> float:
    """The age in days; whoever can launch a run must not be able to remove what the study keeps."""
    if asked == 0 or keep_days <= asked < math.inf:
        return asked or keep_days
    raise dg.Failure(
        f"`older_than_days` is {asked:g}, less than the study's `housekeeping.keep_days` ({keep_days:g}) or no number "
        "of days; to remove more, use `tme housekeeping --older-than-days` where the lake is",
        allow_retries=False,
    )


def _housekeeping() -> dg.JobDefinition:
    @dg.op(
        name="keep_house",
        config_schema=_HOUSEKEEPING_CONFIG,
        description="Remove old table versions, old runs, and hashes of removed cohorts.",
    )
    def tidy(context: dg.OpExecutionContext, workspace: dg.ResourceParam[Workspace]) -> None:
        asked = context.op_config
        days = _bounded(asked["older_than_days"], workspace.study.housekeeping.keep_days)
        via = started_by(context.run_tags)
        done = keep_house(workspace, context.instance, older_than_days=days, dry_run=asked["dry_run"], via=via)
        context.add_output_metadata(
            {
                "files_removed": done.files,
                "runs_removed": len(done.runs),
                "hash_caches_removed": list(done.hash_caches),
                "versions_kept_for_models": done.kept_versions,
            }
        )

    @dg.job(
        name=HOUSEKEEPING,
        description="Remove table versions and runs that are older than the study's `housekeeping.keep_days` and that "
        "neither the current tables nor a registered model need.",
    )
    def housekeeping() -> None:
        tidy()

    return housekeeping
