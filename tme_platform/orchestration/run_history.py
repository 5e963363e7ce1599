"""Dagster's run history in SQLite: its own classes, schema and files, with fewer engines, connections and commits.

Dagster makes an engine for every question that it asks of SQLite, and loses the compiled statements with it; it opens
up to five connections to store one event, each with a commit of its own, and stores the events of a batch one by one.
Where assets are light, that is a third of a run's time. Here a database has one engine that keeps its connection, and
what is stored together is one transaction per database: all of it, or none. PostgreSQL's classes keep their engine, so
a team's `dagster.yaml` needs none of this.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine

from tme_platform.lake.locks import turn

_BUSY_SECONDS = 60
_DATABASES = 32
"""Every run has a database of its own: a server that looks at many runs keeps the last ones open."""


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


class _Engines:
    """An engine per database; of those used last, connections stay open."""

    def __init__(self, at_most: int = 1) -> None:
        self._at_most = at_most
        self._kept: OrderedDict[str, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, url: str) -> Engine:
        """The engine of a database's address, made on first use."""
        with self._lock:
            if url not in self._kept:
                self._kept[url] = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
            self._kept.move_to_end(url)
            if len(self._kept) > self._at_most:
                self._kept.popitem(last=False)[1].dispose()
            return self._kept[url]

    def dispose(self) -> None:
        """Close what is open."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].dispose()


class _Runs(SqliteRunStorage):
    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self.engines = _Engines()
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self.engines.get(self._conn_string).begin() as connection:
            yield connection

    def dispose(self) -> None:
        super().dispose()
        self.engines.dispose()


class _Events(SqliteEventLogStorage):
    """A run's events lie in a database of their own, and once more in the index, by which they are found."""

    def __init__(self, base_dir: str) -> None:
        self.engines = _Engines(_DATABASES)
        self._storing: _Storing | None = None
        self._tables: set[str] = set()
        super().__init__(base_dir)

    def store_event(self, event: EventLogEntry) -> None:
        with self._together():
            super().store_event(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        with self._together():
            super().store_event_batch(events)

    def dispose(self) -> None:
        super().dispose()
        self.engines.dispose()

    def has_table(self, table_name: str) -> bool:
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)  # no table is ever dropped
        return table_name in self._tables

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if (storing := self._mine()) is not None:
            yield storing.connection(shard, self._begin)
            return
        with self._db_lock, self._begin(shard) as connection:
            yield connection

    @contextmanager
    def _begin(self, shard: str) -> Iterator[Connection]:
        engine = self.engines.get(self.conn_string_for_shard(shard))
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        with engine.begin() as connection:
            yield connection

    @contextmanager
    def _together(self) -> Iterator[None]:
        """One transaction per database for all that this thread stores meanwhile."""
        if self._mine() is not None:
            yield
            return
        with self._db_lock, ExitStack() as stack:
            self._storing = _Storing(threading.get_ident(), stack, {})
            try:
                yield
            finally:
                self._storing = None

    def _mine(self) -> _Storing | None:
        storing = self._storing
        return storing if storing is not None and storing.thread == threading.get_ident() else None


@dataclass(frozen=True)
class _Storing:
    """The connections of a thread that stores events; they are committed and closed where the stack ends."""

    thread: int
    stack: ExitStack
    connections: dict[str, Connection]

    def connection(self, shard: str, begin: Callable[[str], AbstractContextManager[Connection]]) -> Connection:
        if shard not in self.connections:
            self.connections[shard] = self.stack.enter_context(begin(shard))
        return self.connections[shard]
