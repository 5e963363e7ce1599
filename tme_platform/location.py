"""Where a lake lies: its root (a folder or an object store), and the folder for what cannot lie in an object store.

The catalog is a DuckDB file, Dagster's and MLflow's own databases are SQLite files unless a server is configured,
and locks and logs are files too: all these need a folder of this machine, for a lake in a folder that same folder.

Every address that a library takes for a folder or file is made here. What lies there belongs in the other modules.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote

from tme_platform.environment import DEFAULT_LAKE

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Delta Lake takes %41 for A, \ for /, and has no address for []^| and control characters. DuckDB and SQLite read a
# question mark as the beginning of options.
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f?\[\]\\^|]|%[0-9A-Fa-f]{2}")
_GLOB = re.compile(r"([*?\[])")


class LocationError(ValueError):
    """A folder whose name the storage libraries cannot address; nothing was written."""


def is_url(root: Path | str) -> bool:
    """Whether the root is an object store (`s3://bucket/prefix`, `gs://...`, `az://...`) and not a folder."""
    return _URL.match(str(root)) is not None


def full_root(root: Path | str) -> str:
    """The root as every process must name it: an absolute folder, or the URL."""
    return str(root).rstrip("/") if is_url(root) else str(Path(root).resolve())


def state_folder(root: Path | str, state: Path | str = "") -> Path:
    """The folder of this machine that belongs to a lake.

    Parameters
    ----------
    root
        Root of the lake.
    state
        The folder, where it was set; otherwise the lake itself, or `data_lake/<bucket and prefix>` for an object store.

    Raises
    ------
    LocationError
        The name of the folder, or of the lake's, cannot be used.
    """
    lake = None if is_url(root) else _usable(Path(root).resolve())
    if str(state):
        return _usable(Path(state).resolve())
    if lake is not None:
        return lake
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", str(root).partition("://")[2]).strip("-.")
    return _usable(Path(DEFAULT_LAKE, name).resolve())


def _usable(folder: Path) -> Path:
    """The folder, if every library that stores something in it can address it."""
    if found := _UNUSABLE.search(str(folder)):
        raise LocationError(
            f"the folder {str(folder)!r} cannot hold a lake or its state, because its path contains {found.group()!r}, "
            "which the storage libraries cannot address: rename it, or name another folder (--lake, --state). "
            r"Not possible are control characters, ? [ ] ^ | \ and % followed by two of 0-9, A-F"
        )
    return folder


def delta_uri(root: Path | str, *parts: str) -> str:
    """Where Delta Lake finds a table below the root: an absolute path, or a URL."""
    return "/".join([full_root(root), *parts])


def delta_paths(uris: Iterable[str], root: Path | str) -> list[str]:
    """Data files as paths: Delta Lake escapes names of folders like in a URL, and the files on disk are not."""
    return list(uris) if is_url(root) else [unquote(uri) for uri in uris]


def duckdb_path(path: Path | str) -> str:
    """A file as DuckDB's table functions take it, which read `*`, `?` and `[` as patterns."""
    return _GLOB.sub(r"[\1]", str(path))


def sqlite_uri(database: Path) -> str:
    """An SQLite file as SQLAlchemy takes it. No escapes: those that it would decode are not in a usable path."""
    return f"sqlite:///{database.resolve()}"


def sqlite_path(uri: str) -> Path | None:
    """The file of an address made by `sqlite_uri`; None for a server or another database."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def file_uri(folder: Path) -> str:
    """A folder as MLflow takes it (`file:///...`, escaped)."""
    return folder.resolve().as_uri()


def storage_options(root: Path | str) -> dict[str, str] | None:
    """Options of an object store beyond the environment, from which address and credentials are taken.

    They are read from the variables that every client of the store knows (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`,
    `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ALLOW_HTTP`; `GOOGLE_...`, `AZURE_...`) and never from settings, which
    Dagster would keep with every run.
    """
    if not str(root).startswith(("s3://", "s3a://")) or "AWS_S3_LOCKING_PROVIDER" in os.environ:
        return None
    # Of two writers of one version the store must refuse one. S3 and its likes do, if asked to write conditionally.
    return {"conditional_put": os.environ.get("AWS_CONDITIONAL_PUT", "etag")}
