"""Where tables live: Delta tables on disk, the schemas they must satisfy, and the DuckDB catalog over them.

Nothing here knows what a table means or who makes it; that is `orchestration`.
"""

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
