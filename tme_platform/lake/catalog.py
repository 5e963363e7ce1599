"""The DuckDB catalog: one view per table over its current Parquet files, rebuilt whole and swapped in.

DuckDB lets one writer shut every other process out of a file. So nobody ever writes to the catalog that people read:
it is built beside it and takes its place in one rename, and a reader that has the old one open keeps it.

Views name files by absolute paths. The catalog says of which lake, so that one that was copied or moved with its
lake is known and built again. Queries are answered in `queries`.

Of a lake in an object store the catalog keeps a copy of the current Parquet files beside it (`parquet/`): DuckDB would
need an extension to read the store, which is not there to download, and so would everybody who opens the file. Delta's
files never change once written, so only new ones are fetched.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from tme_platform.lake.errors import catalog_not_written
from tme_platform.lake.forgotten import forgotten
from tme_platform.lake.local_copy import LocalCopy
from tme_platform.lake.store import Lake
from tme_platform.location import delta_paths, duckdb_path, full_root, is_url
from tme_platform.tables import TABLES
from tme_platform.tables.schema import TableSchema

_AUDIT = {
    "time": ("TIMESTAMP", "Time of the commit (UTC)."),
    "who": ("VARCHAR", "TME_USER, or the login, of the process that committed."),
    "via": ("VARCHAR", "What started it: a command, a sensor, a schedule, or Dagster's page."),
    "action": (
        "VARCHAR",
        "wrote; promoted, refused, is the champion; removed old versions; forgot a patient; or by which other program.",
    ),
    "table_name": ("VARCHAR", "Table."),
    "cohort": ("VARCHAR", "Cohort, in tables that are kept per cohort."),
    "version": ("BIGINT", "Version of the table after the commit."),
    "model_version": ("BIGINT", "Version of the signature that it is about."),
    "rows_new": ("BIGINT", "Number of new units (patients, mostly)."),
    "rows_changed": ("BIGINT", "Number of changed ones."),
    "rows_removed": ("BIGINT", "Number of removed ones."),
    "reason": ("VARCHAR", "Why: what had changed, or what a decision rests on."),
    "study": ("VARCHAR", "Name of the study."),
    "dagster_run": ("VARCHAR", "Run in Dagster."),
}
"""Columns of `audit`, the fields of `Entry`: type and meaning."""
_DUCKDB_TYPES = {"string": "VARCHAR", "float64": "DOUBLE", "Int64": "BIGINT", "boolean": "BOOLEAN"}


def catalog_path(folder: Path | str) -> Path:
    """Where the catalog lies in a lake's state folder (of a lake in a folder: in the lake)."""
    return Path(folder) / "tme.duckdb"


@contextmanager
def opened_catalog(folder: Path | str, config: dict[str, Any] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the catalog of a state folder for reading, in a database of its own with its own configuration.

    All of a process's connections to one file share their configuration, and would lock it for each other.

    Raises
    ------
    duckdb.Error
        There is no catalog, or the file is not one.
    """
    with duckdb.connect(config=config or {}) as connection:
        connection.execute(f"ATTACH {_quoted(str(catalog_path(folder)))} AS tme (READ_ONLY)")
        connection.execute("USE tme")
        yield connection


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
        copy = LocalCopy(lake) if is_url(lake.root) else None
        with duckdb.connect(str(draft)) as connection:
            listing = fill(connection, lake, copy)
        draft.replace(target)
        if copy is not None:
            copy.tidy()
    finally:
        draft.unlink(missing_ok=True)
    return listing


def fill(connection: duckdb.DuckDBPyConnection, lake: Lake, copy: LocalCopy | None) -> pd.DataFrame:
    """Make the views over a lake's tables in an empty database; returns the list of tables."""
    connection.begin()  # one transaction: hundreds of statements would each wait for the disk
    listing = pd.DataFrame([_add_view(connection, lake, schema, copy) for schema in TABLES.values()])
    connection.register("listing", listing)
    connection.execute("CREATE TABLE lake_tables AS SELECT * FROM listing")
    connection.execute(f"COMMENT ON TABLE lake_tables IS {_quoted(_comment(lake))}")
    _add_audit(connection, lake)
    connection.commit()
    return listing


def catalog_is_current(lake: Lake) -> bool:
    """Whether the catalog is one of this lake, where it lies now, and shows the current version of every table."""
    if not catalog_is_of(lake):
        return False
    try:
        with opened_catalog(lake.state_folder) as connection:
            shown = dict(connection.execute("SELECT table_name, version FROM lake_tables").fetchall())
    except duckdb.Error:
        return False
    return shown == {name: lake.version(schema) for name, schema in TABLES.items()}


def _comment(lake: Lake) -> str:
    """What the catalog says of its lake.

    The folder's number on this disk tells the lake from one that came from elsewhere with a catalog of its own.
    """
    folder = lake.state_folder.stat()
    return f"The tables of the lake {full_root(lake.root)} (folder {folder.st_dev}:{folder.st_ino})."


def catalog_is_of(lake: Lake) -> bool:
    """Whether there is a catalog, and of this lake where it lies now."""
    if not catalog_path(lake.state_folder).is_file():
        return False
    said = "SELECT comment FROM duckdb_tables() WHERE table_name = 'lake_tables'"
    try:
        with opened_catalog(lake.state_folder) as connection:
            return connection.execute(said).fetchone() == (_comment(lake),)
    except duckdb.Error:
        return False


def _add_audit(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Who changed which table when, from the commits of all tables; see `commit_log`."""
    entries = [asdict(entry) for schema in TABLES.values() for entry in lake.audit(schema)]
    entries += [asdict(line.entry()) for line in forgotten(lake.state_folder)]
    audit = pd.DataFrame(entries, columns=list(_AUDIT))
    connection.register("audit_entries", audit)
    typed = ", ".join(f"{name}::{dtype} AS {name}" for name, (dtype, _) in _AUDIT.items())
    order = "time, table_name, version"
    connection.execute(f"CREATE TABLE audit AS SELECT {typed} FROM audit_entries ORDER BY {order}")  # noqa: S608
    connection.execute(f"COMMENT ON TABLE audit IS {_quoted('Who changed which table when, how and why.')}")
    for name, (_, text) in _AUDIT.items():
        connection.execute(f"COMMENT ON COLUMN audit.{name} IS {_quoted(text)}")


def _add_view(
    connection: duckdb.DuckDBPyConnection, lake: Lake, schema: TableSchema, copy: LocalCopy | None
) -> dict[str, object]:
    table = lake.table(schema)
    files: list[str] = []
    if table is not None:
        files = delta_paths(table.file_uris(), lake.root) if copy is None else copy.files(schema, table)
    if files:
        source = _of_cohorts(files) if schema.per_cohort else f"SELECT * FROM {_parquet(files)}"  # noqa: S608
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


def _of_cohorts(files: list[str]) -> str:
    """A query over the files of all cohorts, each of which may bring its own wide columns.

    The cohort is in the name of a file's folder. DuckDB could find it there, but would also take a folder above the
    lake such as `site=a` for a column.
    """
    parts: dict[str, list[str]] = {}
    for file in files:
        parts.setdefault(Path(file).parent.name.removeprefix("cohort="), []).append(file)
    selects = (f"SELECT {_quoted(cohort)} AS cohort, * FROM {_parquet(parts[cohort])}" for cohort in sorted(parts))  # noqa: S608
    return " UNION ALL BY NAME ".join(selects)


def _parquet(files: list[str]) -> str:
    listed = ", ".join(_quoted(duckdb_path(file)) for file in files)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
