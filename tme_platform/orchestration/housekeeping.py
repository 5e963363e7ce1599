"""Housekeeping: what nobody needs any more is removed, by age; what a registered model was trained on never is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import DagsterEventType

from tme_platform.cohorts import list_cohorts, prune_hash_caches
from tme_platform.lake.vacuum import Vacuumed, remove_old_versions
from tme_platform.orchestration.workspace import Workspace
from tme_platform.steps.scope import HASHES
from tme_platform.tables import TABLES, TableSchema, rejections
from tme_platform.tracking import Tracker

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


@dataclass(frozen=True)
class Tidied:
    """What was removed, or would be."""

    tables: tuple[Vacuumed, ...] = ()
    runs: tuple[str, ...] = ()
    hash_caches: tuple[str, ...] = ()
    kept_versions: dict[str, list[int]] = field(default_factory=dict)
    """Versions that registered models name, by table."""

    @property
    def files(self) -> int:
        """Number of data files."""
        return sum(len(table.files) for table in self.tables)


def keep_house(
    workspace: Workspace, instance: dg.DagsterInstance, *, older_than_days: float, dry_run: bool = False
) -> Tidied:
    """Remove old table versions, old runs with their events, and hashes of cohorts that are gone.

    Parameters
    ----------
    older_than_days
        What has been out of use for longer goes. Kept whatever their age: current tables, every table version that a
        registered model names, and the runs that made what is current (Dagster knows the tables by their events).
    dry_run
        Only say what would be removed.

    Raises
    ------
    RuntimeError
        MLflow does not answer, so that nobody knows what its models need; nothing was removed.
    """
    age = timedelta(days=older_than_days)
    kept = needed_versions(workspace.tracker) if _has_models(workspace) else {}
    lake = workspace.lake
    tables = [
        remove_old_versions(lake, schema, older_than=age, keep=kept.get(schema.name, ()), dry_run=dry_run)
        for schema in _all_tables()
    ]
    return Tidied(
        tables=tuple(table for table in tables if table.files),
        runs=tuple(_remove_runs(instance, datetime.now(UTC) - age, dry_run)),
        hash_caches=tuple(
            prune_hash_caches(lake.state_folder / HASHES, list_cohorts(workspace.landing), dry_run=dry_run)
        ),
        kept_versions=kept,
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
    local = Tracker.local_uri(workspace.state)
    return workspace.tracker.uri != local or (workspace.state / "mlflow" / "mlflow.db").exists()


def _all_tables() -> Iterator[TableSchema]:
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
    """The runs that last made, or last tried to make, a part of a table."""
    found: set[str] = set()
    kinds = (DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    for record in instance.get_asset_records():
        entry = record.asset_entry
        if entry.last_planned_materialization_run_id is not None:
            found.add(entry.last_planned_materialization_run_id)
        if entry.last_materialization_record is not None:
            found.add(entry.last_materialization_record.run_id)
        for kind in kinds:
            latest = instance.get_latest_storage_id_by_partition(entry.asset_key, kind)
            found |= _runs_of_events(instance, kind, entry.asset_key, list(latest.values()))
    return found


def _runs_of_events(
    instance: dg.DagsterInstance, kind: DagsterEventType, asset: dg.AssetKey, storage_ids: list[int]
) -> set[str]:
    if not storage_ids:
        return set()
    wanted = dg.EventRecordsFilter(event_type=kind, asset_key=asset, storage_ids=storage_ids)
    return {record.run_id for record in instance.event_log_storage.get_event_records(wanted)}
