"""Dagster's run history in SQLite: its own classes, schema and files, with one SQLAlchemy engine per database.

Dagster makes an engine for every question that it asks of SQLite, and loses the compiled statements with it; where
assets are light, that is a fifth of a run's processor time. Connections are opened and closed as Dagster does it.
PostgreSQL's classes keep their engine, so a team's `dagster.yaml` needs none of this.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from tme_platform.lake.turns import turn

_BUSY_SECONDS = 60
_ENGINES = 64
"""Every run has a database of its own: a server that looks at many runs keeps the engines of the last ones."""


class RunHistory(DagsterSqliteStorage):
    """Runs, events and schedules below `base_dir`, which is DAGSTER_HOME if nothing else is said."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        history = Path(base_dir) / "history"
        # Of processes that all find no database yet, one makes the tables: Dagster's own classes fail where two do.
        with turn(Path(base_dir), "history"):
            super().__init__(base_dir, inst_data)
            self._run_storage = _Runs.from_local(str(history))
            self._event_log_storage = _Events(str(history / "runs"))

    @classmethod
    def config_type(cls) -> Any:
        """What `dagster.yaml` may say."""
        return {"base_dir": dg.Field(dg.StringSource, is_required=False)}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> RunHistory:
        """From `dagster.yaml`.

        Raises
        ------
        ValueError
            It names no folder, and DAGSTER_HOME is not set.
        """
        folder = config_value.get("base_dir") or os.environ.get("DAGSTER_HOME")
        if not folder:
            raise ValueError("set DAGSTER_HOME, or base_dir below storage in dagster.yaml: where run history is kept")
        return cls.from_local(folder, inst_data)


class _Runs(SqliteRunStorage):
    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with _engine(self._conn_string).begin() as connection:
            yield connection


class _Events(SqliteEventLogStorage):
    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = _engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection


@functools.lru_cache(maxsize=_ENGINES)
def _engine(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool, connect_args={"timeout": _BUSY_SECONDS})
