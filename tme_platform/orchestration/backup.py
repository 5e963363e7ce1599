"""A copy of a lake and its state, taken while runs may go on. A backup is a lake: restoring is naming it, or moving it.

The order makes the copy consistent. Delta never changes a data file, so the log of a table, as it was before its files
were copied, names files that are complete. Tables name models and not the reverse, so models are copied after tables.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tme_platform.lake import Lake
from tme_platform.lake.forget import data_files
from tme_platform.location import is_url

_TABLES, _LOG = "tables", "_delta_log"
_CHECKPOINT_HINT = "_last_checkpoint"
_REBUILT = {"locks", "parquet", "logs", "tme.duckdb", _TABLES, "landing"}
"""What any run makes again, and what has been copied, or is the operator's own."""
DATABASES = (".db", ".sqlite", ".sqlite3")
"""Suffixes of SQLite files."""
_SIDE_FILES = ("-wal", "-shm", "-journal")


class BackupError(RuntimeError):
    """Nothing was backed up; the message says why."""


@dataclass
class Backup:
    """What was copied."""

    tables: int = 0
    databases: int = 0
    files: int = 0
    bytes: int = 0


def back_up(lake: Lake, target: Path, say: Callable[[str], None] = lambda text: None) -> Backup:
    """Copy tables, models, run history and the rest of the state folder; landing folders are not copied.

    The copy is written aside and put in place when it is complete. Readable for its owner only.

    Parameters
    ----------
    lake
        A lake in a folder; of one in an object store only the state is copied, its bucket has means of its own.
    target
        A folder that does not exist yet, outside the lake.
    say
        Called with the name of what is being copied.

    Raises
    ------
    BackupError
        There is nothing to copy, or the folder cannot be used.
    """
    target, state = target.resolve(), lake.state_folder.resolve()
    roots = [state] if is_url(lake.root) else [state, Path(lake.root).resolve()]
    if target.exists():
        raise BackupError(f"{target} exists: name a new folder, for instance with the date in its name")
    if any(target.is_relative_to(root) for root in roots):
        raise BackupError(f"{target} is inside the lake: name a folder elsewhere, best on another disk")
    if not any((root / name).is_dir() for root in roots for name in (_TABLES, "mlflow", "dagster")):
        raise BackupError(f"there is no lake in {lake.root}: nothing to back up")
    draft = target.with_name(f"{target.name}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    done = Backup()
    if not is_url(lake.root):
        for table in _tables(Path(lake.root) / _TABLES):
            say(table.name)
            _copy_table(table, draft / table.relative_to(Path(lake.root)), done)
    for path in _state_files(state):
        say(path.relative_to(state).parts[0])
        _copy_state_file(path, draft / path.relative_to(state), done)
    for folder in (path for path in draft.rglob("*") if path.is_dir()):  # nobody else could enter the draft meanwhile
        folder.chmod(0o700)
    draft.rename(target)
    return done


def _tables(folder: Path) -> list[Path]:
    return sorted(log.parent for log in folder.glob(f"*/*/{_LOG}"))


def _copy_table(table: Path, copy: Path, done: Backup) -> None:
    # The hint may name a checkpoint that is written after the list was made; without it, readers look for themselves.
    log = sorted(path for path in (table / _LOG).rglob("*") if path.is_file() and path.name != _CHECKPOINT_HINT)
    for path in [*data_files(table), *log]:
        _copy(path, copy / path.relative_to(table), done)
    done.tables += 1


def _state_files(state: Path) -> Iterator[Path]:
    for part in sorted(state.iterdir() if state.is_dir() else ()):
        if part.name in _REBUILT or part.name.startswith("tme.duckdb"):
            continue
        inside = sorted(part.rglob("*")) if part.is_dir() else [part]
        # Databases first: they name artifacts, which are only ever added.
        found = [path for path in inside if path.is_file() and not path.name.endswith(_SIDE_FILES)]
        yield from sorted(found, key=lambda path: path.suffix not in DATABASES)


def _copy_state_file(path: Path, copy: Path, done: Backup) -> None:
    if path.suffix not in DATABASES:
        _copy(path, copy, done)
        return
    copy.parent.mkdir(parents=True, exist_ok=True)
    # SQLite's own backup takes the last commit as a whole, also while others write.
    with (
        contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as source,
        contextlib.closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    _note(copy, done)
    done.databases += 1


def _copy(path: Path, copy: Path, done: Backup) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copy2(path, copy)
    except FileNotFoundError:  # housekeeping, or a run that ended, removed it meanwhile: nothing current needs it
        return
    _note(copy, done)


def _note(copy: Path, done: Backup) -> None:
    copy.chmod(0o600)
    done.files += 1
    done.bytes += copy.stat().st_size
