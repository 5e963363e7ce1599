"""Removing what a table's history says of a patient, after its current rows no longer name them.

Old versions keep rows, and commits keep texts. Delta Lake has no call that changes a commit, so that is done here on
the log's own JSON, which the protocol allows: statistics are optional, and metadata of commits is free text.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake.exceptions import DeltaError
from pyarrow import parquet

from tme_platform.lake.commit_log import commit_properties
from tme_platform.lake.errors import not_written
from tme_platform.lake.store import Lake
from tme_platform.location import delta_paths
from tme_platform.naming import Named, rows_that_name
from tme_platform.tables.schema import TableSchema


@dataclass(frozen=True)
class Purged:
    """What of one table was removed or rewritten, or would be."""

    table: str
    files: int
    """Data files of old versions."""
    commits: int
    """Commits and checkpoints whose text was changed."""


def current_rows(lake: Lake, schema: TableSchema, person: Named) -> int:
    """Number of current rows of a table that name the patient."""
    table = lake.table(schema)
    if table is None:
        return 0
    return sum(rows_of_file_that_name(Path(file), person) for file in delta_paths(table.file_uris(), lake.root))


def purge_history(
    lake: Lake, schema: TableSchema, person: Named, *, dry_run: bool = False, by: Mapping[str, str] | None = None
) -> Purged:
    """Remove the old versions of a table if one of them names the patient, and the name from its log.

    The lake is in a folder, and nothing else writes to the table meanwhile. What was done before an error stays done,
    and a second call goes on.

    Parameters
    ----------
    by
        For the audit, see `Lake.commit`.

    Raises
    ------
    LakeError
        The lake cannot be written to.
    """
    table = lake.table(schema)
    if table is None:
        return Purged(schema.name, 0, 0)
    folder = Path(lake.uri(schema))
    current = {Path(file) for file in delta_paths(table.file_uris(), lake.root)}
    old = [path for path in data_files(folder) if path not in current]
    files = len(old) if any(rows_of_file_that_name(path, person) for path in old) else 0
    logs = [path for path in sorted((folder / "_delta_log").iterdir()) if _log_names(path, person)]
    if dry_run or not (files or logs):
        return Purged(schema.name, files, len(logs))
    try:
        if files:
            said = commit_properties({"reason": "old versions named a patient who is forgotten", **(by or {})})
            table.vacuum(0, dry_run=False, enforce_retention_duration=False, full=True, commit_properties=said)
            for path in old:  # also those that no version knows
                path.unlink(missing_ok=True)
        for path in (path for path in logs if path.suffix == ".json"):
            _rewrite_commit(path, person)
        if checkpoints := [path for path in logs if path.suffix == ".parquet"]:
            _renew_checkpoint(lake, schema, checkpoints)
    except (DeltaError, OSError) as error:
        raise not_written(schema.name, None, lake.root, error) from error
    return Purged(schema.name, files, len(logs))


def data_files(folder: Path) -> Iterator[Path]:
    """The Parquet files in a table's folder, of whatever version."""
    for path in sorted(folder.rglob("*.parquet")):
        if "_delta_log" not in path.relative_to(folder).parts:
            yield path


def rows_of_file_that_name(path: Path, person: Named) -> int:
    """Number of rows of a Parquet file that name the patient."""
    names = [field.name for field in parquet.read_schema(path) if _is_text(field.type)]
    if not names:
        return 0
    frame = parquet.ParquetFile(path).read(columns=names).to_pandas()
    return int(rows_that_name(frame, person).sum())


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


def _log_names(path: Path, person: Named) -> bool:
    if path.suffix == ".json":
        return person.is_in(path.read_text(encoding="utf-8"))
    return path.suffix == ".parquet" and person.is_in_bytes(_flat(path))


def _flat(path: Path) -> bytes:
    """A checkpoint as text: its pages are compressed."""
    return str(parquet.ParquetFile(path).read().to_pylist()).encode()


def _rewrite_commit(path: Path, person: Named) -> None:
    lines = [_without_name(json.loads(line), person) for line in path.read_text(encoding="utf-8").splitlines() if line]
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    times = path.stat()
    draft.write_text("\n".join(json.dumps(line, separators=(",", ":")) for line in lines) + "\n", encoding="utf-8")
    os.utime(draft, ns=(times.st_atime_ns, times.st_mtime_ns))  # the age of a commit
    draft.replace(path)


def _without_name(action: Any, person: Named) -> Any:
    if isinstance(action, dict):
        return {key: _without_name(value, person) for key, value in action.items() if key != "stats"}
    if isinstance(action, list):
        return [_without_name(value, person) for value in action]
    return person.removed_from(action) if isinstance(action, str) else action


def _renew_checkpoint(lake: Lake, schema: TableSchema, checkpoints: Collection[Path]) -> None:
    """Write a checkpoint from what the log says now, and remove those that name the patient."""
    table = lake.table(schema)
    if table is None:
        return
    table.create_checkpoint()
    newest = f"{table.version():020}"
    for path in checkpoints:
        if not path.name.startswith(newest):
            path.unlink(missing_ok=True)
