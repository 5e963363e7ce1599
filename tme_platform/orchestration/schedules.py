"""Schedules: what happens by the clock. All are on by default, in UTC; each describes itself."""

import dagster as dg

from tme_platform.orchestration.jobs import HOUSEKEEPING, STUDY_TABLES
from tme_platform.orchestration.requests import new_cohorts, run_requests
from tme_platform.orchestration.survey import survey
from tme_platform.steps.workspace import Workspace


def make_schedules() -> list[dg.ScheduleDefinition]:
    """Make the two schedules."""
    return [
        _weekly_study(),
        dg.ScheduleDefinition(
            name="daily_housekeeping",
            job_name=HOUSEKEEPING,
            cron_schedule="30 3 * * *",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Every day at 3:30 UTC: table versions and runs out of use for longer than the study's "
            "`housekeeping.keep_days` (30) are removed; a version that a registered model names never is.",
        ),
    ]


def _weekly_study() -> dg.ScheduleDefinition:
    @dg.schedule(
        name="weekly_study",
        job_name=STUDY_TABLES,
        cron_schedule="0 2 * * 0",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Sundays at 2:00 UTC: every table is compared with what it was built from, and what is not current "
        "is rebuilt, also what keeps failing. Where the sensor `keep_up` is on, nothing is left to do; the sensor "
        "also requests the runs that follow.",
    )
    def weekly_study(
        context: dg.ScheduleEvaluationContext, workspace: dg.ResourceParam[Workspace]
    ) -> list[dg.RunRequest] | dg.SkipReason:
        found = survey(workspace, context.instance)
        if new := new_cohorts(context.instance, found.cohorts):
            context.instance.add_dynamic_partitions("cohort", new)
        wave = found.plan().next_wave
        return run_requests(wave) if wave else dg.SkipReason("every table is current")

    return weekly_study
