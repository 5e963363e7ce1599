"""Where a lake lies: its root (a folder or an object store), and the folder for what cannot lie in an object store.

The catalog is a DuckDB file, Dagster's and MLflow's own databases are SQLite files unless a server is configured,
and locks and logs are files too: all these need a folder of this machine, for a lake in a folder that same folder.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tme_platform.environment import DEFAULT_LAKE


def is_url(root: Path | str) -> bool:
    """Whether the root is an object store (`s3://bucket/prefix`, `gs://...`, `az://...`) and not a folder."""
    return "://" in str(root)


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
    """
    if str(state):
        return Path(state).resolve()
    if not is_url(root):
        return Path(root).resolve()
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", str(root).partition("://")[2]).strip("-.")
    return Path(DEFAULT_LAKE, name).resolve()


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
