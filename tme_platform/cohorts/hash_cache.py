"""Keep hashes of landing files between runs, one cache file per cohort. Validating a hash belongs in `files`."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tme_platform.cohorts.files import FileStamp

_FORMAT = 1


@contextlib.contextmanager
def hash_cache(folder: Path, cohort: str, *, write: bool = True) -> Iterator[dict[str, FileStamp]]:
    """Load the cached hashes of a cohort's files, and store them again on exit.

    The cache only saves time: if it is lost or cannot be read or written, files are hashed again.

    Parameters
    ----------
    folder
        Folder of the caches, created on first use.
    cohort
        Name of the cohort.
    write
        False for read-only use.
    """
    path = folder / f"{cohort}.json"
    stamps = _read(path)
    before = dict(stamps)
    yield stamps
    if write and stamps != before:
        with contextlib.suppress(OSError):  # a full disk or read-only folder only costs time
            _write(path, stamps)


def prune_hash_caches(folder: Path, cohorts: list[str], *, dry_run: bool = False) -> list[str]:
    """Remove the caches of cohorts that no longer exist, and return their names."""
    gone = sorted(path for path in folder.glob("*.json") if path.stem not in cohorts)
    for path in gone:
        if not dry_run:
            path.unlink(missing_ok=True)
    return [path.stem for path in gone]


def _read(path: Path) -> dict[str, FileStamp]:
    try:
        stored = json.loads(path.read_bytes())
        if stored["format"] != _FORMAT:
            return {}
        return {str(file): _checked(FileStamp(*values)) for file, values in stored["files"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _checked(stamp: FileStamp) -> FileStamp:
    if not (all(isinstance(number, int) for number in stamp[:4]) and len(bytes.fromhex(stamp.sha256)) == 32):
        raise ValueError("not a stamp")
    return stamp


def _write(path: Path, stamps: dict[str, FileStamp]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.stem}-", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump({"format": _FORMAT, "files": stamps}, stream)
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
