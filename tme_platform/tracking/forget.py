"""Removing a patient from what is kept of models in a lake: rows of their tables, and the name from texts.

A model itself holds no name: a forest is thresholds on features. It was trained with the patient all the same, so its
version says that it cannot be trained again, and the next run trains a new one without.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tme_platform.naming import Named, rows_that_name
from tme_platform.tracking.tracker import FORGOTTEN_TAG, Tracker

_TEXTS = {".json", ".csv", ".md", ".txt", ".html", ".yaml", ".yml", ".svg", ""}
_MARK = "rows of a patient were removed; it cannot be trained again as it was"


@dataclass(frozen=True)
class PurgedModels:
    """What was removed, or would be."""

    files: int
    """Artifacts that named the patient."""
    cells: int
    """Cells of MLflow's database that named the patient."""
    versions: tuple[str, ...]
    """Versions of the signature whose files were among them."""


def purge_models(tracker: Tracker, person: Named, *, when: str, dry_run: bool = False) -> PurgedModels:
    """Remove a patient from artifacts and database of a lake's own MLflow; a server's are left alone.

    What SQLite keeps of changed cells is for the caller to remove.

    Parameters
    ----------
    when
        Date for the mark on versions whose files change.
    """
    database = tracker.own_database()
    if database is None or not database.is_file():
        return PurgedModels(0, 0, ())
    named = [path for path in _files(tracker.artifacts) if _names(path, person)]
    records = [record for record in tracker.versions() if any(record.run_id in path.parts for path in named)]
    if not dry_run:
        for path in named:
            _remove(path, person)
        for record in records:
            tracker.mark(record, {FORGOTTEN_TAG: f"{when}: {_MARK}"})
    cells = _purge_database(database, person, dry_run=dry_run)
    return PurgedModels(len(named), cells, tuple(record.version for record in records))


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _names(path: Path, person: Named) -> bool:
    if path.suffix == ".parquet":
        return bool(rows_that_name(pd.read_parquet(path).reset_index(), person).any())
    return path.suffix in _TEXTS and person.is_in_bytes(path.read_bytes())


def _remove(path: Path, person: Named) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        frame.loc[~rows_that_name(frame.reset_index(), person).to_numpy()].to_parquet(draft)
    elif path.suffix == ".csv":
        frame = pd.read_csv(path, dtype="string", keep_default_na=False)
        frame.loc[~rows_that_name(frame, person)].to_csv(draft, index=False)
    else:
        draft.write_text(person.removed_from(path.read_text(encoding="utf-8")), encoding="utf-8")
    draft.replace(path)


def _purge_database(database: Path, person: Named, *, dry_run: bool) -> int:
    """Take the name out of every cell of text."""
    changed = 0
    with contextlib.closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as connection:
        connection.create_function("names", 1, lambda text: isinstance(text, str) and person.is_in(text))
        connection.create_function("without", 1, person.removed_from)
        connection.execute("BEGIN IMMEDIATE")
        for table, column in _text_columns(connection):
            where = f'"{column}" LIKE ? AND names("{column}")'
            like = (f"%{person.name}%",)
            changed += connection.execute(f'SELECT count(*) FROM "{table}" WHERE {where}', like).fetchone()[0]  # noqa: S608
            if not dry_run:
                connection.execute(f'UPDATE "{table}" SET "{column}" = without("{column}") WHERE {where}', like)  # noqa: S608
        connection.execute("COMMIT")
    return changed


def _text_columns(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Tables and columns, as the database itself lists them."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        for _, column, kind, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
            if "CHAR" in kind.upper() or "TEXT" in kind.upper():
                yield table, column
