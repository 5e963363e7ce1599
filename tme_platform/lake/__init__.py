"""Where tables live: Delta tables on disk, the schemas they must satisfy, and the DuckDB catalog over them.

Nothing here knows what a table means or who makes it; that is `orchestration`.

The modules are imported when something of them is used: commands that need only one of them answer at once.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tme_platform.lake.catalog import build_catalog, catalog_is_current, catalog_path
    from tme_platform.lake.commit_log import Entry
    from tme_platform.lake.errors import LakeError
    from tme_platform.lake.queries import QueryError, ask
    from tme_platform.lake.rows import RowChanges, compare_rows, content_hash
    from tme_platform.lake.store import Commit, Lake, PartitionState

__all__ = [
    "Commit",
    "Entry",
    "Lake",
    "LakeError",
    "PartitionState",
    "QueryError",
    "RowChanges",
    "ask",
    "build_catalog",
    "catalog_is_current",
    "catalog_path",
    "compare_rows",
    "content_hash",
]

_MODULES = {
    "Commit": "store",
    "Entry": "commit_log",
    "Lake": "store",
    "LakeError": "errors",
    "PartitionState": "store",
    "QueryError": "queries",
    "RowChanges": "rows",
    "ask": "queries",
    "build_catalog": "catalog",
    "catalog_is_current": "catalog",
    "catalog_path": "catalog",
    "compare_rows": "rows",
    "content_hash": "rows",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
