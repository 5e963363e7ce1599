"""Which files a landing folder holds, by content. What stands in them is for the readers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, MutableMapping
from pathlib import Path

import pandas as pd

FileStamp = tuple[int, int, str]
"""Size in bytes, modification time in ns, SHA-256: what a hash is remembered by."""

_TEMPORARY = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp", "~")
_CLUTTER = {"Thumbs.db", "desktop.ini", "__MACOSX"}


def list_files(folder: Path, cache: MutableMapping[str, FileStamp] | None = None) -> pd.DataFrame:
    """List every file of a cohort with its size and SHA-256.

    Hidden and temporary files (half-copied downloads, editors' and systems' own) are left out, and so are symbolic
    links that lead out of the folder.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    cache
        Hashes from before by path. A file of the same size and time is not read again; the mapping is brought up to
        date.

    Returns
    -------
    DataFrame
        ``file`` (path inside the folder, forward slashes, sorted), ``bytes``, ``sha256``.
    """
    stamps: dict[str, FileStamp] = {}
    for path in sorted(_walk(folder)):
        relative = path.relative_to(folder).as_posix()
        stat = path.stat()
        known = cache.get(relative) if cache is not None else None
        fresh = known is not None and known[:2] == (stat.st_size, stat.st_mtime_ns)
        stamps[relative] = known if known is not None and fresh else (stat.st_size, stat.st_mtime_ns, sha256_of(path))
    if cache is not None:
        cache.clear()
        cache.update(stamps)
    rows = [(file, size, sha256) for file, (size, _, sha256) in sorted(stamps.items())]
    return pd.DataFrame(rows, columns=["file", "bytes", "sha256"]).astype(
        {"file": "string", "bytes": "int64", "sha256": "string"}
    )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file; of a folder (a DICOM series), the SHA-256 over the names and hashes of its files."""
    if path.is_dir():
        lines = [f"{file.relative_to(path).as_posix()} {sha256_of(file)}\n" for file in sorted(_walk(path))]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _walk(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if _relevant(name)]
        for name in names:
            path = Path(parent) / name
            if _relevant(name) and path.is_file() and path.resolve().is_relative_to(root):
                yield path


def _relevant(name: str) -> bool:
    return not (name.startswith((".", "~$")) or name.endswith(_TEMPORARY) or name in _CLUTTER)
