"""The registry of a lake as its own SQLite database says, for commands that only look.

The database is read as it is, because importing MLflow takes seconds and its client writes. The columns are those of
MLflow 3.17. Storing models, and registries on servers, belong in `tracker`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from tme_platform.signature import StoredModelError
from tme_platform.tracking.artifacts import Artifacts
from tme_platform.tracking.reach import TrackingError, store_failed
from tme_platform.tracking.records import IMAGE_FEATURES, ModelRecord
from tme_platform.tracking.stored_model import MODEL_FILE
from tme_platform.tracking.tracker import EXPERIMENT_TAG, KEY_TAG, Tracker, open_tracker

_PATIENCE_SECONDS = 5
_VERSIONS = """
    SELECT v.version, v.run_id, m.artifact_location
    FROM model_versions v
    JOIN model_version_tags t ON t.name = v.name AND t.version = v.version AND t.key = ? AND t.value = ?
    JOIN logged_models m ON v.source = 'models:/' || m.model_id
    WHERE v.name = ? ORDER BY v.version DESC
"""

_ALL_VERSIONS = """
    SELECT v.version, v.run_id, k.value, e.value
    FROM model_versions v
    JOIN model_version_tags k ON k.name = v.name AND k.version = v.version AND k.key = ?
    JOIN model_version_tags e ON e.name = v.name AND e.version = v.version AND e.key = ?
    WHERE v.name = ? AND v.current_stage <> 'Deleted_Internal' ORDER BY v.version
"""


class LakeRegistry(Tracker):
    """The registry of a lake, to look at: what `Tracker` reads by MLflow is read from the database here."""

    def versions(self) -> list[ModelRecord]:
        """All versions, oldest first."""
        found = self._rows(_ALL_VERSIONS, KEY_TAG, EXPERIMENT_TAG, self.model_name)
        return [
            ModelRecord(self.model_name, str(version), run, key, experiment) for version, run, key, experiment in found
        ]

    def aliases(self) -> dict[str, str]:
        """Alias -> version."""
        found = self._rows("SELECT alias, version FROM registered_model_aliases WHERE name = ?", self.model_name)
        return {alias: str(version) for alias, version in found}

    def tag(self, record: ModelRecord, name: str) -> str:
        """A tag of a version; "" where it has none of that name."""
        found = self._rows(
            "SELECT value FROM model_version_tags WHERE name = ? AND version = ? AND key = ?",
            *(record.name, int(record.version), name),
        )
        return str(found[0][0] or "") if found else ""

    def run_summary(self, record: ModelRecord) -> dict[str, Any]:
        """Start, parameters, metrics and tags of a version's run."""
        started, _ = self._run(record)
        metrics = "SELECT key, CASE WHEN is_nan THEN NULL ELSE value END FROM latest_metrics WHERE run_uuid = ?"
        return {
            "started": pd.Timestamp(started, unit="ms", tz="UTC"),
            "params": dict(self._rows("SELECT key, value FROM params WHERE run_uuid = ?", record.run_id)),
            "metrics": {
                name: float("nan") if value is None else value for name, value in self._rows(metrics, record.run_id)
            },
            "tags": dict(self._rows("SELECT key, value FROM tags WHERE run_uuid = ?", record.run_id)),
        }

    def kept(self, record: ModelRecord) -> bool:
        """Whether the file of a registered model is there."""
        found = self._rows(
            "SELECT storage_location FROM model_versions WHERE name = ? AND version = ?",
            *(record.name, int(record.version)),
        )
        try:
            return bool(found) and MODEL_FILE in Artifacts(None, self.artifacts).names(str(found[0][0]))
        except OSError:
            return False

    def _run_file(self, record: ModelRecord, path: str, limit: int) -> bytes:
        try:
            return Artifacts(None, self.artifacts).read(self._run(record)[1], path, limit)
        except StoredModelError as error:
            raise StoredModelError(f"version {record.version} of the signature is not used: {error}") from error

    def _run(self, record: ModelRecord) -> tuple[int, str]:
        """When the run of a version started (ms), and where its files lie."""
        found = self._rows("SELECT start_time, artifact_uri FROM runs WHERE run_uuid = ?", record.run_id)
        if not found:
            raise store_failed(self.uri, f"run {record.run_id} of version {record.version} is not there")
        return int(found[0][0]), str(found[0][1])

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._opened() as connection:
            return connection.execute(query, values).fetchall()

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        database = self.own_database()
        assert database is not None  # noqa: S101 (asked by `open_registry`)
        try:
            with contextlib.closing(_connect(database)) as connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise store_failed(self.uri, str(error)) from error


def open_registry(state: Path, uri: str = "") -> Tracker:
    """The model registry of a lake to look at, as `open_tracker`; of a server or another database by MLflow.

    Raises
    ------
    LookupError
        No model was ever stored there.
    """
    tracker = open_tracker(state, uri)
    if tracker.own_database() is None:
        return tracker
    tracker.follow_lake()
    return LakeRegistry(tracker.uri, tracker.artifacts, tracker.model_name)


def from_images(tracker: Tracker, record: ModelRecord) -> bool:
    """Whether a version was trained on features that the platform computes from images."""
    return str(tracker.run_summary(record)["params"].get("feature_set", "")).startswith(IMAGE_FEATURES)


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
        with contextlib.closing(_connect(database)) as connection:
            found = connection.execute(_VERSIONS, (KEY_TAG, content_key, tracker.model_name)).fetchall()
    except sqlite3.DatabaseError:  # new, or broken: the step that needs it says so, and the rest goes on
        return ""
    for version, run, location in found:
        # Of a moved lake the addresses are those of before: what counts is the part that is in the lake's folder.
        inside = str(location).partition("/mlflow/artifacts/")[2]
        if inside and (tracker.artifacts / inside / MODEL_FILE).is_file():
            return f"{version} {run}"
    return ""


def _connect(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_SECONDS)
