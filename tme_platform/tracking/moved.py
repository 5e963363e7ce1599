"""A lake that was moved or copied: MLflow's absolute addresses of artifacts follow it.

MLflow writes down where the artifacts of each experiment, run, logged model and model version lie, and has no addresses
relative to its database, nor a call that changes them. This module changes them in the SQLite database that lies in the
lake, in plain SQL on MLflow's tables, whose columns are those of MLflow 3.17. A server's database is not touched.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tme_platform.tracking.reach import TrackingError

_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
_PATIENCE_SECONDS = 60


def follow_lake(database: Path, artifacts: str, experiment: str) -> None:
    """Point the addresses of a lake's models to where the lake lies now, if they point to where it was.

    All addresses change in one transaction. Those outside the lake are left as they are.

    Parameters
    ----------
    database
        MLflow's SQLite file; one that is not there yet, or is empty, needs nothing.
    artifacts
        Where the lake's artifacts lie now (`file:///...`).
    experiment
        Name of the experiment whose address says where they were.

    Raises
    ------
    TrackingError
        The lake was moved, and its database cannot be written.
    """
    if not database.is_file() or (before := _recorded(database, experiment)) in (None, artifacts):
        return
    try:
        # `with connection` commits or rolls back and does not close.
        with contextlib.closing(_connect(database)) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            _replace(connection, str(before), artifacts)
    except sqlite3.OperationalError as error:
        raise TrackingError(
            f"this lake was moved or copied: its models are recorded at {before}, and are at {artifacts} now. That "
            f"cannot be corrected in {database} ({error}): give this user the right to write there, or copy the lake"
        ) from error


def _recorded(database: Path, experiment: str) -> str | None:
    """Where the lake's artifacts lay when the experiment was created or last followed the lake."""
    with contextlib.closing(_connect(database, mode="ro")) as connection:
        try:
            found = connection.execute(
                "SELECT artifact_location FROM experiments WHERE name = ?", (experiment,)
            ).fetchone()
        except sqlite3.Error:  # no tables yet; what is wrong otherwise, MLflow says
            return None
    return None if found is None or found[0] is None else str(found[0])


def _replace(connection: sqlite3.Connection, before: str, now: str) -> None:
    for table, column in _ADDRESSES:
        connection.execute(
            f"UPDATE {table} SET {column} = :now || substr({column}, length(:before) + 1) "  # noqa: S608 (names from above)
            f"WHERE {column} = :before OR substr({column}, 1, length(:before) + 1) = :before || '/'",
            {"before": before, "now": now},
        )


def _connect(database: Path, mode: str = "rw") -> sqlite3.Connection:
    return sqlite3.connect(f"{database.as_uri()}?mode={mode}", uri=True, timeout=_PATIENCE_SECONDS)
