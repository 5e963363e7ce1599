"""Figures of the report as drawn last: what the same code would draw from the same rows is not drawn again."""

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
from tme_platform.report.write import write_if_changed

_DRAWN_BY = ("matplotlib", "numpy", "pandas", "pillow", "scipy")
_CODE = ("tme_platform.figures", "tme_platform.report")


@dataclass(frozen=True)
class Remembered:
    """A folder with the last picture of each figure, one file per figure."""

    folder: Path

    def get(self, key: str, content: str) -> Embedded | None:
        """The figure, if it was drawn from that content; a file that cannot be read counts as none."""
        try:
            found = json.loads(self._file(key).read_text(encoding="utf-8"))
            if found["content"] != content:
                return None
            image, width, height = found["image"]
            name, data = found["csv"]
            return Embedded((image, width, height), (name, data), tuple(found["notes"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, content: str, embedded: Embedded) -> None:
        """Keep a figure in place of the one before it; where nothing can be written, it is drawn again next time."""
        with contextlib.suppress(OSError):
            write_if_changed(self._file(key), json.dumps({"content": content, **asdict(embedded)}).encode())

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def digest(name: str, cohort: str | None, tables: Mapping[str, pd.DataFrame]) -> str:
    """Hash of what a figure hangs on: the rows it is drawn from, the code and the libraries that draw it."""
    found = hashlib.sha256(json.dumps([_code(), name, cohort]).encode())
    for table, frame in sorted(tables.items()):
        found.update(table.encode())
        rows = pa.Table.from_pandas(frame, preserve_index=False).combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        found.update(sink.getvalue())
    return found.hexdigest()


@functools.cache
def _code() -> str:
    found = hashlib.sha256(json.dumps({name: importlib.metadata.version(name) for name in _DRAWN_BY}).encode())
    for package in _CODE:
        for file in sorted(resources.files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                found.update(file.read_bytes())
    return found.hexdigest()
