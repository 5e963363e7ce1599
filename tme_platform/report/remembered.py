"""Cache of the figures in the report. A figure is redrawn only if its rows or the drawing code have changed."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import pandas as pd
import pyarrow as pa

from tme_platform.report.embed import Embedded
from tme_platform.whole_file import write_if_changed

_DRAWING_LIBRARIES = ("matplotlib", "numpy", "pandas", "pillow", "scipy")
_DRAWING_PACKAGES = ("tme_platform.figures", "tme_platform.report")


@dataclass(frozen=True)
class Remembered:
    """A folder that caches the latest version of each figure, one file per figure."""

    folder: Path

    def get(self, key: str, content: str) -> Embedded | None:
        """Return the cached figure if its content hash matches, or None. An unreadable file counts as no figure."""
        try:
            stored = json.loads(self._file(key).read_text(encoding="utf-8"))
            if stored["content"] != content:
                return None
            image, width, height = stored["image"]
            name, data = stored["csv"]
            return Embedded((image, width, height), (name, data), tuple(stored["notes"]), float(stored["width_mm"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, content: str, embedded: Embedded) -> None:
        """Replace the cached figure. If the folder is not writable, the figure is redrawn next time."""
        with contextlib.suppress(OSError):
            write_if_changed(self._file(key), json.dumps({"content": content, **asdict(embedded)}).encode())

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def digest(name: str, cohort: str | None, tables: Mapping[str, pd.DataFrame]) -> str:
    """Hash everything that a figure depends on: its rows, the drawing code and the versions of the libraries."""
    hashed = hashlib.sha256(json.dumps([_code_hash(), name, cohort]).encode())
    for table, frame in sorted(tables.items()):
        hashed.update(table.encode())
        rows = pa.Table.from_pandas(frame, preserve_index=False).combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        hashed.update(sink.getvalue())
    return hashed.hexdigest()


@functools.cache
def _code_hash() -> str:
    hashed = hashlib.sha256(
        json.dumps({name: importlib.metadata.version(name) for name in _DRAWING_LIBRARIES}).encode()
    )
    for package in _DRAWING_PACKAGES:
        for file in sorted(resources.files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                hashed.update(file.read_bytes())
    return hashed.hexdigest()
