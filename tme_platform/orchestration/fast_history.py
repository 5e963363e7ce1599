"""Optional: Dagster's run history in SQLite with fewer engines, connections and commits; same schema and files.

Dagster creates an engine for each question to SQLite, which loses compiled statements, and opens up to five
connections, each with a commit, to store one event. With light assets that doubles the time of a run. Here a database
has one engine that keeps its connection, and what is stored together is one transaction per database. Every
connection waits a minute for others that write; Dagster's wait five seconds, which a busy machine exceeds.

This is the only module that uses Dagster's internals, which may change with any release: `TME_FAST_HISTORY=0` does
without it, nothing that it stores depends on it, and a test fails clearly when the internals change.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine

_BUSY_SECONDS = 60
"""So long a connection waits for another process that writes, before it says that the database is locked."""
_DATABASES = 32
"""Each run has a database of its own; those used last stay open."""


class FastHistory(DagsterSqliteStorage):
    """Runs, events and schedules below `base_dir`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        history = Path(base_dir) / "history"
        super().__init__(base_dir, inst_data)
        self._run_storage = _Runs.from_local(str(history))
        self._event_log_storage = _Events(str(history / "runs"))
        self._schedule_storage = _Schedules.from_local(str(Path(base_dir) / "schedules"))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> FastHistory:
        """Create the storage that a Dagster configuration names."""
        return cls.from_local(config_value["base_dir"], inst_data)


class _Engines:
    """One engine per database; connections of those used last stay open."""

    def __init__(self, at_most: int = 1) -> None:
        self._at_most = at_most
        self._kept: OrderedDict[str, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, url: str) -> Engine:
        """The engine of a database, created on first use."""
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


class _OneDatabase:
    """Keeps the connection to the one database of a storage of Dagster's; to be named before its class."""

    _conn_string: str

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self.engines = _Engines()
        super().__init__(conn_string, inst_data)  # type: ignore[call-arg]

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self.engines.get(self._conn_string).begin() as connection:
            yield connection

    def dispose(self) -> None:
        super().dispose()  # type: ignore[misc]
        self.engines.dispose()


class _Runs(_OneDatabase, SqliteRunStorage):
    """Runs and their tags."""


class _Schedules(_OneDatabase, SqliteScheduleStorage):
    """Sensors and schedules, with their ticks."""


class _Events(SqliteEventLogStorage):
    """Events of a run are stored in a database of their own, and again in an index over all runs."""

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
        """One transaction per database for everything that this thread stores meanwhile."""
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
