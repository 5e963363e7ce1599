"""The one way to ask the lake in SQL: a query sees the lake's files, nothing else of the machine, and writes nothing.

DuckDB itself can read and write any file and load extensions. So every query runs on a connection that reaches the
tables' folder only, has no extensions, and cannot be reconfigured; and it must be a single SELECT. Views of a catalog
that came with a lake from elsewhere reach no further either.
"""

from __future__ import annotations

import re
import tempfile

import duckdb
import pandas as pd

from tme_platform.lake.catalog import build_catalog, catalog_is_of, catalog_path, fill, opened_catalog
from tme_platform.lake.errors import LakeError
from tme_platform.lake.local_copy import copies_of
from tme_platform.lake.store import Lake
from tme_platform.location import duckdb_path, full_root, is_url
from tme_platform.tables import TABLES

_NO_EXTENSIONS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
_MEMORY = "50%"
"""Of the machine's memory; what needs more is put on disk meanwhile."""
_EXPLAIN = re.compile(r"\s*explain\s+(?:analyze\s+)?", re.IGNORECASE)


class QueryError(ValueError):
    """What was asked is not a single query that only reads."""


def ask(lake: Lake, sql: str) -> pd.DataFrame:
    """Answer one SQL query about a lake, also of one that was moved, copied, or is new to this machine.

    Its catalog is built if there is none, or if the one there is another lake's. Where it cannot be written, one in
    memory answers this query.

    Parameters
    ----------
    sql
        One SELECT (also WITH, FROM, VALUES, DESCRIBE, SUMMARIZE, SHOW, and EXPLAIN of one).

    Raises
    ------
    FileNotFoundError
        Nothing has been stored in this lake yet.
    QueryError
        It is not one query that only reads.
    duckdb.Error
        The query is not valid, or names a file outside the lake.
    """
    path = catalog_path(lake.state_folder)
    if not catalog_is_of(lake):
        if not any(lake.version(schema) is not None for schema in TABLES.values()):
            raise FileNotFoundError(
                f"no catalog at {path}: run `tme demo` or `tme run` first, or name another lake (--lake)"
            )
        try:
            build_catalog(lake)
        except LakeError:
            if is_url(lake.root):  # the copies of its files could not be stored either
                raise
            with duckdb.connect(config=_NO_EXTENSIONS) as connection:
                fill(connection, lake, None)
                return _answer(connection, lake, sql)
    with opened_catalog(lake.state_folder, _NO_EXTENSIONS) as connection:
        return _answer(connection, lake, sql)


def _answer(connection: duckdb.DuckDBPyConnection, lake: Lake, sql: str) -> pd.DataFrame:
    folder = str(copies_of(lake)) if is_url(lake.root) else f"{full_root(lake.root)}/tables"
    with tempfile.TemporaryDirectory(prefix="tme-query-") as spilled:  # not in the lake, which may be read-only
        return _confined(connection, folder, spilled, sql)


def _confined(connection: duckdb.DuckDBPyConnection, folder: str, spilled: str, sql: str) -> pd.DataFrame:
    connection.execute(f"SET memory_limit = '{_MEMORY}'")
    connection.execute("SET temp_directory = ?", [spilled])
    # Views write `*` as `[*]`, and that is what DuckDB compares.
    connection.execute("SET allowed_directories = ?", [[folder, duckdb_path(folder)]])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    _check(connection, sql)
    return connection.execute(sql).df()


def _check(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise QueryError(f"{len(statements)} statements: ask one query at a time")
    kind = statements[0].type
    if kind == duckdb.StatementType.EXPLAIN:  # EXPLAIN ANALYZE carries out what it explains
        within = _EXPLAIN.sub("", sql, count=1)
        kinds = [one.type for one in connection.extract_statements(within)]
        kind = kinds[0] if len(kinds) == 1 else kind
    if kind != duckdb.StatementType.SELECT:
        raise QueryError(
            f"{kind.name} is not possible: tables are read with one SELECT (also WITH, DESCRIBE, SUMMARIZE, SHOW "
            "TABLES; a PIVOT names its values with IN). To write results into a file, use `tme query --parquet "
            "FILE`, or --csv and `>`, or any DuckDB client on the catalog"
        )
