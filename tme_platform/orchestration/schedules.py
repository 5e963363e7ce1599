"""Schedules: what happens by the clock. All are on by default, in UTC; each says in its description what it does."""

import dagster as dg

from tme_platform.orchestration.jobs import HOUSEKEEPING, WHOLE_STUDY


def make_schedules() -> list[dg.ScheduleDefinition]:
    """Make the two schedules."""
    return [
        dg.ScheduleDefinition(
            name="weekly_study",
            job_name=WHOLE_STUDY,
            cron_schedule="0 2 * * 0",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Sundays at 2:00 UTC: the whole study is brought up to date. Where sensors kept up, nothing is "
            "left to compute; what they missed while they were off is caught up with.",
        ),
        dg.ScheduleDefinition(
            name="daily_housekeeping",
            job_name=HOUSEKEEPING,
            cron_schedule="30 3 * * *",
            default_status=dg.DefaultScheduleStatus.RUNNING,
            description="Every day at 3:30 UTC: table versions and runs out of use for longer than the study's "
            "`housekeeping.keep_days` (30) are removed; a version that a registered model names never is.",
        ),
    ]
