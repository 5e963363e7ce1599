"""List and hash the files of a landing folder. Reading them belongs in the readers."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd


class FileStamp(NamedTuple):
    """A file's size, times, inode and hash; rewriting a file changes at least one of the first four."""

    bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    sha256: str = ""


_TEMPORARY = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp", "~")
_CLUTTER = {"Thumbs.db", "desktop.ini", "__MACOSX"}
# File systems record times coarsely (two seconds on some): a recently written file can be rewritten without its times
# changing, so its hash is not cached yet. The status time counts, because a copy may keep an old content time.
_SETTLED_NS = 2_500_000_000


def list_files(
    folder: Path, cache: MutableMapping[str, FileStamp] | None = None, stored: Callable[[str], str] = str
) -> pd.DataFrame:
    """List every file of a cohort with its size and SHA-256.

    Hidden and temporary files (partial downloads, files of editors and operating systems) are left out, and so are
    symbolic links that lead out of the folder.

    Parameters
    ----------
    folder
        The cohort's landing folder.
    cache
        Known hashes by stored path, updated in place. A file with the same size, times and inode is not read again. A
        file that changed within the last seconds is not cached.
    stored
        Gives the name under which a path is stored (`PathNames.stored`), in the cache and in the list.

    Returns
    -------
    DataFrame
        ``file`` (stored name of the path inside the folder, sorted), ``bytes``, ``sha256``.
    """
    rows: list[tuple[str, int, str]] = []
    stamps: dict[str, FileStamp] = {}
    for path in sorted(_walk(folder)):
        relative = stored(path.relative_to(folder).as_posix())
        found = _stamp(path)
        known = cache.get(relative) if cache is not None else None
        if known is not None and known[:4] == found[:4]:
            found = known
        else:
            settled = time.time_ns() - found.ctime_ns > _SETTLED_NS
            found = found._replace(sha256=sha256_of(path))
            if not settled or _stamp(path)[:4] != found[:4]:
                rows.append((relative, found.bytes, found.sha256))
                continue
        stamps[relative] = found
        rows.append((relative, found.bytes, found.sha256))
    if cache is not None:
        cache.clear()
        cache.update(stamps)
    return pd.DataFrame(sorted(rows), columns=["file", "bytes", "sha256"]).astype(
        {"file": "string", "bytes": "int64", "sha256": "string"}
    )


def list_paths(folder: Path) -> list[str]:
    """The files of a cohort, as `list_files`, by name only."""
    return sorted(path.relative_to(folder).as_posix() for path in _walk(folder))


def sha256_of(path: Path, known: Mapping[Path, str] | None = None) -> str:
    """SHA-256 of a file; for a folder (a DICOM series), SHA-256 over the names and hashes of its files.

    Files whose hash is in `known` are not read.
    """
    if path.is_dir():
        lines = [f"{file.relative_to(path).as_posix()} {sha256_of(file, known)}\n" for file in sorted(_walk(path))]
        return hashlib.sha256("".join(lines).encode()).hexdigest()
    if known is not None and path in known:
        return known[path]
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _stamp(path: Path) -> FileStamp:
    found = path.stat()
    return FileStamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


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
