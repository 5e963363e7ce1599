"""Housekeeping: removes old table versions and runs by age; what a registered model was trained on is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg

from tme_platform.cohorts import list_cohorts, prune_hash_caches
from tme_platform.lake.vacuum import Vacuumed, remove_old_versions, shorten_log
from tme_platform.orchestration.attempts import latest_runs
from tme_platform.steps.workspace import Workspace
from tme_platform.steps.world import HASHES
from tme_platform.tables import TABLES, TableSchema, rejections
from tme_platform.tracking import Tracker
from tme_platform.tracking.place import local_uri

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True)
class Tidied:
    """What was removed, or would be."""

    tables: tuple[Vacuumed, ...] = ()
    runs: tuple[str, ...] = ()
    hash_caches: tuple[str, ...] = ()
    kept_versions: dict[str, list[int]] = field(default_factory=dict)
    """Versions that registered models name, by table."""
    commits: int = 0
    """Commits that are older than the audit period and that nothing needs."""

    @property
    def files(self) -> int:
        """Number of data files."""
        return sum(len(table.files) for table in self.tables)


def keep_house(
    workspace: Workspace,
    instance: dg.DagsterInstance,
    *,
    older_than_days: float,
    dry_run: bool = False,
    via: str = "tme housekeeping",
) -> Tidied:
    """Remove old table versions and commits, old runs with their events, and hashes of removed cohorts.

    Parameters
    ----------
    older_than_days
        What has been out of use for longer goes. Kept whatever their age: current tables, every table version that a
        registered model names, and the runs that made what is current (Dagster knows the tables by their events).
    dry_run
        Only report what would be removed.
    via
        What started it, for the audit.

    Raises
    ------
    RuntimeError
        MLflow does not answer, so it is unknown what its models need; nothing was removed.
    """
    age = timedelta(days=older_than_days)
    kept = needed_versions(workspace.tracker) if _has_models(workspace) else {}
    lake, by = workspace.lake, {"via": via, "study": workspace.study.name}
    tables = [
        remove_old_versions(lake, schema, older_than=age, keep=kept.get(schema.name, ()), dry_run=dry_run, by=by)
        for schema in all_tables()
    ]
    commits = sum(
        shorten_log(lake, schema, keep=kept.get(schema.name, ()), dry_run=dry_run, by=by) for schema in all_tables()
    )
    return Tidied(
        tables=tuple(table for table in tables if table.files),
        runs=tuple(_remove_runs(instance, datetime.now(UTC) - age, dry_run)),
        hash_caches=tuple(
            prune_hash_caches(lake.state_folder / HASHES, list_cohorts(workspace.landing), dry_run=dry_run)
        ),
        kept_versions=kept,
        commits=commits,
    )


def needed_versions(tracker: Tracker) -> dict[str, list[int]]:
    """Table versions that registered models name, by table; to train a version again they must stay readable."""
    found: dict[str, set[int]] = {}
    for record in tracker.versions():
        for name, version in tracker.table_versions(record).items():
            found.setdefault(name.partition("/")[0], set()).add(version)
    return {name: sorted(versions) for name, versions in sorted(found.items())}


def _has_models(workspace: Workspace) -> bool:
    """Whether there can be models: a server may have some, a lake without MLflow's database has none."""
    local = local_uri(workspace.state)
    return workspace.tracker.uri != local or (workspace.state / "mlflow" / "mlflow.db").exists()


def all_tables() -> Iterator[TableSchema]:
    """Every table of the lake: of each schema, and of what its step rejected."""
    for schema in TABLES.values():
        yield schema
        yield rejections(schema)


def _remove_runs(instance: dg.DagsterInstance, before: datetime, dry_run: bool) -> list[str]:
    filters = dg.RunsFilter(statuses=_ENDED, updated_before=before)
    old = [run.run_id for run in instance.get_runs(filters=filters)]
    if not old:
        return []
    kept = _runs_in_use(instance)
    removed = [run for run in old if run not in kept]
    if not dry_run:
        for run in removed:
            instance.delete_run(run)
    return removed


def _runs_in_use(instance: dg.DagsterInstance) -> set[str]:
    """The runs that last built, or last tried to build, a part of a table."""
    found: set[str] = set()
    for part, run in latest_runs(instance, limit=None):
        found.add(run.run_id)
        if not run.is_success:
            partitions = [part.cohort] if part.cohort is not None else None
            wanted = dg.AssetRecordsFilter(dg.AssetKey(part.asset), asset_partitions=partitions)
            built = instance.fetch_materializations(wanted, limit=1).records
            found |= {record.event_log_entry.run_id for record in built}
    return found
