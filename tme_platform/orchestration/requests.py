"""Planned runs as Dagster's run requests, for the sensor and the schedule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg

from tme_platform.orchestration.plan import PlannedRun

REASON_TAG = "tme/reason"
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


def new_cohorts(instance: dg.DagsterInstance, cohorts: Sequence[str]) -> list[str]:
    """The cohorts that Dagster does not know yet."""
    known = set(instance.get_dynamic_partitions("cohort"))
    return [name for name in cohorts if name not in known]
