"""Planned runs as Dagster's run requests, for the sensor and the schedule; what started a run, for the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from tme_platform.orchestration.plan import PlannedRun

REASON_TAG = "tme/reason"
COMMAND_TAG = "tme/command"
"""Tag of runs that a command carries out: its name."""
_LONGEST_TAG = 200


def run_requests(runs: Iterable[PlannedRun]) -> list[dg.RunRequest]:
    """A request for each planned run, with its reason as a tag."""
    return [
        dg.RunRequest(
            partition_key=run.cohort,
            asset_selection=[dg.AssetKey(asset) for asset in run.assets],
            tags={REASON_TAG: run.reason[:_LONGEST_TAG]},
        )
        for run in runs
    ]


def started_by(tags: Mapping[str, str]) -> str:
    """What started a run, by its tags: a command, a sensor, a schedule, or somebody on Dagster's page."""
    for kind in ("sensor", "schedule"):
        if name := tags.get(f"dagster/{kind}_name"):
            return f"{kind} {name}"
    return tags.get(COMMAND_TAG, "Dagster")


def new_cohorts(instance: dg.DagsterInstance, cohorts: Sequence[str]) -> list[str]:
    """The cohorts that Dagster does not know yet."""
    known = set(instance.get_dynamic_partitions("cohort"))
    return [name for name in cohorts if name not in known]
