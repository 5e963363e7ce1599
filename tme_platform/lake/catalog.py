"""The DuckDB catalog: one view per table over its current Parquet files, rebuilt whole and swapped in.

DuckDB lets one writer shut every other process out of a file. So nobody ever writes to the catalog that people read:
it is built beside it and takes its place in one rename, and a reader that has the old one open keeps it.

Of a lake in an object store the catalog keeps a copy of the current Parquet files beside it (`parquet/`): DuckDB would
need an extension to read the store, which is not there to download, and so would everybody who opens the file. Delta's
files never change once written, so only new ones are fetched.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from tme_platform.lake.errors import catalog_not_written
from tme_platform.lake.local_copy import LocalCopy
from tme_platform.lake.location import is_url
from tme_platform.lake.store import Lake
from tme_platform.tables import TABLES
from tme_platform.tables.schema import TableSchema

_DUCKDB_TYPES = {"string": "VARCHAR", "float64": "DOUBLE", "Int64": "BIGINT", "boolean": "BOOLEAN"}


def catalog_path(folder: Path | str) -> Path:
    """Where the catalog lies in a lake's state folder (of a lake in a folder: in the lake)."""
    return Path(folder) / "tme.duckdb"


def build_catalog(lake: Lake) -> pd.DataFrame:
    """Build the catalog over the current version of every table and swap it in.

    Returns
    -------
    The list of tables (also the view `lake_tables`): name, layer, version, rows, cohorts, description.

    Raises
    ------
    LakeError
        There is no room, or no right, to write it.
    """
    target = catalog_path(lake.state_folder)
    try:
        return _build(lake, target)
    except (OSError, duckdb.IOException) as error:
        raise catalog_not_written(target, error) from error


def _build(lake: Lake, target: Path) -> pd.DataFrame:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".tme-", suffix=".duckdb", dir=target.parent)
    os.close(handle)
    draft = Path(name)
    draft.unlink()  # DuckDB wants to make the file itself
    try:
        with duckdb.connect(str(draft)) as connection:
            copy = LocalCopy(lake) if is_url(lake.root) else None
            connection.begin()  # one transaction: hundreds of statements would each wait for the disk
            listing = pd.DataFrame([_add_view(connection, lake, schema, copy) for schema in TABLES.values()])
            connection.register("listing", listing)
            connection.execute("CREATE TABLE lake_tables AS SELECT * FROM listing")
            connection.commit()
        draft.replace(target)
        if copy is not None:
            copy.tidy()
    finally:
        draft.unlink(missing_ok=True)
    return listing


def catalog_is_current(lake: Lake) -> bool:
    """Whether the catalog shows the current version of every table."""
    path = catalog_path(lake.state_folder)
    if not path.is_file():
        return False
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            shown = dict(connection.execute("SELECT table_name, version FROM lake_tables").fetchall())
    except duckdb.Error:
        return False
    return shown == {name: lake.version(schema) for name, schema in TABLES.items()}


def query(folder: Path | str, sql: str) -> pd.DataFrame:
    """Answer one SQL query from the catalog of a lake's state folder (opened read-only).

    Raises
    ------
    FileNotFoundError
        There is no catalog yet.
    duckdb.Error
        The query is not valid, or would write.
    """
    path = catalog_path(folder)
    if not path.is_file():
        raise FileNotFoundError(
            f"no catalog at {path}: run `tme demo` or `tme run` first, or name another lake (--lake)"
        )
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).df()


def _add_view(
    connection: duckdb.DuckDBPyConnection, lake: Lake, schema: TableSchema, copy: LocalCopy | None
) -> dict[str, object]:
    table = lake.table(schema)
    files: list[str] = []
    if table is not None:
        files = table.file_uris() if copy is None else copy.files(schema, table)
    if files:
        listed = ", ".join(_quoted(uri) for uri in files)
        # The cohort is in the folder's name; union_by_name because each cohort may bring its own wide columns.
        source = (
            f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = {schema.per_cohort})"  # noqa: S608
        )
        if schema.per_cohort:
            source = source.replace("SELECT *", "SELECT cohort, * EXCLUDE (cohort)")
    else:
        columns = ", ".join(f"NULL::{_DUCKDB_TYPES[c.dtype]} AS {_identifier(c.name)}" for c in schema.all_columns)
        source = f"SELECT {columns} WHERE false"
    view = _identifier(schema.name)
    connection.execute(f"CREATE VIEW {view} AS {source}")
    connection.execute(f"COMMENT ON VIEW {view} IS {_quoted(schema.description)}")
    present = {row[0] for row in connection.execute(f"DESCRIBE {view}").fetchall()}
    for column in schema.all_columns:
        if column.name not in present:  # the table was written before this column was thought of
            continue
        connection.execute(f"COMMENT ON COLUMN {view}.{_identifier(column.name)} IS {_quoted(column.description)}")
    states = lake.states(schema)
    return {
        "table_name": schema.name,
        "stage": schema.stage.value,
        "version": table.version() if table is not None else None,
        "rows": sum(state.rows for state in states.values()),
        "cohorts": sum(1 for state in states.values() if state.cohort and state.rows),
        "description": schema.description,
    }


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
