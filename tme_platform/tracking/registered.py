"""A cheap look whether a model is still in the registry, for commands that only look.

The lake's own SQLite database is read as it is, because importing MLflow takes seconds and its client writes. The
columns are those of MLflow 3.17.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tme_platform.tracking.reach import TrackingError
from tme_platform.tracking.stored_model import MODEL_FILE
from tme_platform.tracking.tracker import KEY_TAG, Tracker

_VERSIONS = """
    SELECT v.version, v.run_id, m.artifact_location
    FROM model_versions v
    JOIN model_version_tags t ON t.name = v.name AND t.version = v.version AND t.key = ? AND t.value = ?
    JOIN logged_models m ON v.source = 'models:/' || m.model_id
    WHERE v.name = ? ORDER BY v.version DESC
"""


def model_place(tracker: Tracker, content_key: str, *, ask_server: bool) -> str | None:
    """The version and run of a model, as `ModelRecord.place`; "" where it, or its file, is lost.

    Parameters
    ----------
    ask_server
        Whether a registry that is not the lake's own is asked as well.

    Returns
    -------
    None where nothing was asked, or a server does not answer. A database that cannot be read counts as lost.
    """
    if (database := tracker.own_database()) is not None:
        return _in_lake(database, tracker, content_key)
    if not ask_server:
        return None
    try:
        found = tracker.find(content_key)
    except TrackingError:  # what needs no model is built all the same
        return None
    return "" if found is None else found.place


def _in_lake(database: Path, tracker: Tracker, content_key: str) -> str:
    if not database.is_file():
        return ""
    try:
        with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            found = connection.execute(_VERSIONS, (KEY_TAG, content_key, tracker.model_name)).fetchall()
    except sqlite3.DatabaseError:  # new, or broken: the step that needs it says so, and the rest goes on
        return ""
    for version, run, location in found:
        # Of a moved lake the addresses are those of before: what counts is the part that is in the lake's folder.
        inside = str(location).partition("/mlflow/artifacts/")[2]
        if inside and (tracker.artifacts / inside / MODEL_FILE).is_file():
            return f"{version} {run}"
    return ""
