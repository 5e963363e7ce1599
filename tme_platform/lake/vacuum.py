"""Removing the files of old table versions. Which versions somebody still needs is for the caller to say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deltalake.exceptions import DeltaError

from tme_platform.lake.commit_log import commit_properties
from tme_platform.lake.discretion import AUDIT_DAYS, RETENTION
from tme_platform.lake.errors import not_written
from tme_platform.lake.store import Lake
from tme_platform.location import is_url
from tme_platform.tables.schema import TableSchema

_FEWEST_COMMITS = 10
"""Fewer are not worth the commit that removing them takes."""


@dataclass(frozen=True)
class Vacuumed:
    """The files of old versions of one table that were removed (or would be)."""

    table: str
    files: tuple[str, ...]


def remove_old_versions(
    lake: Lake,
    schema: TableSchema,
    *,
    older_than: timedelta,
    keep: Collection[int] = (),
    dry_run: bool = False,
    by: Mapping[str, str] | None = None,
) -> Vacuumed:
    """Remove data files that no version needs any more: out of use for some time, or left by a write that never ended.

    The current version is never touched, nor is the log, see `shorten_log`.

    Parameters
    ----------
    older_than
        How long a file has to be out of use. Shorter than the longest run, and a run may lose what it is writing.
    keep
        Versions that stay readable whatever their age; one that does not exist is passed over.
    by
        For the audit, see `Lake.commit`.

    Raises
    ------
    LakeError
        The store cannot be written to; what was removed until then was not needed either.
    """
    table = lake.table(schema)
    if table is None:
        return Vacuumed(schema.name, ())
    kept = sorted({version for version in keep if 0 <= version <= table.version()})
    hours = int(older_than / timedelta(hours=1))

    def vacuum(dry_run: bool) -> list[str]:
        said = commit_properties({"reason": f"out of use for more than {hours / 24:g} days", **(by or {})})
        return table.vacuum(
            hours, dry_run, enforce_retention_duration=False, full=True, keep_versions=kept, commit_properties=said
        )

    try:
        # Delta lists what went before, too; in a folder, whether a file is still there can be asked.
        files = [file for file in vacuum(dry_run=True) if is_url(lake.root) or Path(lake.uri(schema), file).exists()]
        if files and not dry_run:  # a vacuum is two entries in the log, also where there is nothing to do
            vacuum(dry_run=False)
    except (DeltaError, OSError) as error:
        raise not_written(schema.name, None, lake.root, error) from error
    return Vacuumed(schema.name, tuple(sorted(files)))


def shorten_log(
    lake: Lake,
    schema: TableSchema,
    *,
    keep: Collection[int] = (),
    dry_run: bool = False,
    by: Mapping[str, str] | None = None,
) -> int:
    """Remove commits from a table's log that are older than the audit period and that nothing needs.

    What the last commit of each cohort recorded, and the versions to keep, stay readable whatever their age.

    Parameters
    ----------
    keep
        Versions that stay readable.
    by
        For the audit, see `Lake.commit`.

    Returns
    -------
    Number of commits that were (or would be) removed.

    Raises
    ------
    LakeError
        The store cannot be written to.
    """
    times = {entry.version: entry.time for entry in lake.audit(schema)}
    needed = {state.version for state in lake.states(schema).values()} | (set(keep) & set(times))
    if not needed:
        return 0
    now = datetime.now(UTC)
    oldest = min(needed)
    days = max(AUDIT_DAYS, (now - times[oldest]).days + 1)
    expired = [version for version, time in times.items() if (now - time).days >= days and version < oldest]
    if len(expired) < _FEWEST_COMMITS:
        return 0
    if dry_run:
        return len(expired)
    first_kept = min(times.keys() - set(expired))
    table, then = lake.table(schema), lake.table(schema, first_kept)
    if table is None or then is None:
        return 0
    try:
        said = commit_properties({"reason": f"commits are kept for {days} days", **(by or {})})
        table.alter.set_table_properties({RETENTION: f"interval {days} days"}, commit_properties=said)
        then.create_checkpoint()  # by which it is read without the commits before it
        table.cleanup_metadata()
    except (DeltaError, OSError) as error:
        raise not_written(schema.name, None, lake.root, error) from error
    return len(expired)
