"""A copy of the current Parquet files of a lake in an object store, on this machine, for DuckDB to read."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pyarrow.fs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.fs import DeltaStorageHandler

from tme_platform.lake.errors import not_read
from tme_platform.lake.store import Lake
from tme_platform.tables.schema import TableSchema

_KEEP_SECONDS = 24 * 3600
"""Files that are no longer current stay this long: somebody may have the last catalog open."""


def copies_of(lake: Lake) -> Path:
    """The folder of the copies of a lake in an object store."""
    return lake.state_folder / "parquet"


class LocalCopy:
    """The copy of one lake, kept in `parquet/` of its state folder."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._folder = copies_of(lake)
        self._current: set[Path] = set()

    def files(self, schema: TableSchema, table: DeltaTable) -> list[str]:
        """Paths of a table's current files here; those that were not here before are fetched.

        Raises
        ------
        LakeError
            The store did not give a file, or there is no room for it.
        """
        root = self._lake.uri(schema)
        names = [uri.removeprefix(root + "/") for uri in table.file_uris()]
        paths = [self._folder / schema.stage / schema.name / name for name in names]
        store = pyarrow.fs.PyFileSystem(DeltaStorageHandler(root, self._lake.storage_options))
        for name, path in zip(names, paths, strict=True):
            if not path.exists():
                try:
                    _fetch(store, name, path)
                except (DeltaError, OSError) as error:
                    raise not_read(schema.name, self._lake.root, error) from error
        self._current |= set(paths)
        return [str(path) for path in paths]

    def tidy(self) -> None:
        """Remove files that have not been current for a day, and what a killed process left behind."""
        for path in self._folder.rglob("*.parquet*"):
            if path in self._current:
                os.utime(path)  # its age is counted from when it was last current
            elif time.time() - path.stat().st_mtime > _KEEP_SECONDS:
                path.unlink(missing_ok=True)


def _fetch(store: pyarrow.fs.PyFileSystem, name: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with store.open_input_stream(name) as source, draft.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
