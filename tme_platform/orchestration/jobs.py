"""Jobs that can be launched by hand from the UI, by a sensor or by a schedule."""

from typing import Any

import dagster as dg

from tme_platform.orchestration.housekeeping import keep_house
from tme_platform.orchestration.partitions import COHORTS
from tme_platform.orchestration.progress import Progress
from tme_platform.orchestration.workspace import Workspace
from tme_platform.steps.scope import Refresh
from tme_platform.tables import TABLES
from tme_platform.tables.cohorts import COHORT_FILES

LOOK_AT_LANDING = "look_at_landing"
WHOLE_STUDY = "whole_study"
HOUSEKEEPING = "housekeeping"


def make_jobs() -> list[Any]:
    """Make the jobs: look at a landing folder, all tables of one cohort, the whole study, housekeeping."""
    landing = dg.AssetSelection.assets(COHORT_FILES.name)
    of_a_cohort = dg.AssetSelection.assets(*[schema.name for schema in TABLES.values() if schema.per_cohort])
    return [
        dg.define_asset_job(
            LOOK_AT_LANDING, landing, partitions_def=COHORTS, description="Hash what landed for a cohort."
        ),
        dg.define_asset_job(
            "cohort_tables", of_a_cohort, partitions_def=COHORTS, description="All tables of one cohort."
        ),
        _whole_study(),
        _housekeeping(),
    ]


class WholeStudyConfig(dg.Config):
    """What is made, as in `RefreshConfig`."""

    refresh: Refresh = "stale"


class HousekeepingConfig(dg.Config):
    """How old what is removed has to be; 0 takes the study's `housekeeping.keep_days`."""

    older_than_days: float = 0.0
    dry_run: bool = False


def _whole_study() -> dg.JobDefinition:
    @dg.op(name="bring_up_to_date", description="All cohorts' tables and those of the whole study, in order.")
    def bring_up_to_date(
        context: dg.OpExecutionContext,
        config: WholeStudyConfig,
        workspace: Workspace,
        progress: dg.ResourceParam[Progress],
    ) -> None:
        from tme_platform.orchestration.runner import run_study  # the runner builds the definitions this belongs to

        outcome = run_study(workspace, context.instance, progress, refresh=config.refresh)
        context.add_output_metadata({"runs": outcome.runs, "skipped": len(outcome.skipped)})
        if not outcome.success:
            said = [f"{failure.asset} {failure.cohort or ''}: {failure.message}" for failure in outcome.failures]
            raise dg.Failure("; ".join(said), allow_retries=False)

    @dg.job(
        name=WHOLE_STUDY,
        description="Bring every table of the study up to date, as `tme run` does; only what changed is computed.",
    )
    def whole_study() -> None:
        bring_up_to_date()

    return whole_study


def _housekeeping() -> dg.JobDefinition:
    @dg.op(name="keep_house", description="Remove old table versions, old runs, and hashes of cohorts that are gone.")
    def tidy(context: dg.OpExecutionContext, config: HousekeepingConfig, workspace: Workspace) -> None:
        days = config.older_than_days or workspace.study.housekeeping.keep_days
        done = keep_house(workspace, context.instance, older_than_days=days, dry_run=config.dry_run)
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
