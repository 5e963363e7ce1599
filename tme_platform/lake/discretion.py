"""What a table keeps of its rows beside them: no smallest and largest values of text, and a log that can be shortened.

Delta Lake and Parquet write the smallest and largest value of each column beside the data, also into the log, where it
outlives the rows: the names of patients that are long removed. Nothing here needs them: a cohort is a folder.
"""

from __future__ import annotations

import pyarrow as pa
from deltalake import ColumnProperties, DeltaTable, WriterProperties

from tme_platform.lake.commit_log import commit_properties

AUDIT_DAYS = 400
"""How long commits stay on record at least; housekeeping removes older ones that nothing needs."""
RETENTION = "delta.logRetentionDuration"
TABLE_SETTINGS = {
    "delta.dataSkippingNumIndexedCols": "0",
    # Only housekeeping knows what is still needed, so nothing is removed as a side effect of a write.
    "delta.enableExpiredLogCleanup": "false",
    RETENTION: f"interval {AUDIT_DAYS} days",
}
_PUBLIC = {"gene"}
"""Text that names no patient and that queries select by: DuckDB passes over the parts of a file without the value."""


def settle(table: DeltaTable) -> None:
    """Give a table that an earlier version created the settings of new ones."""
    known = table.metadata().configuration
    wanted = {name: value for name, value in TABLE_SETTINGS.items() if name not in known}
    if wanted:
        said = commit_properties({"reason": "no statistics of text"})
        table.alter.set_table_properties({**wanted, RETENTION: TABLE_SETTINGS[RETENTION]}, commit_properties=said)


def without_statistics(schema: pa.Schema) -> WriterProperties:
    """How Parquet files are written: without the smallest and largest values of text."""
    text = [
        field.name
        for field in schema
        if (pa.types.is_string(field.type) or pa.types.is_large_string(field.type)) and field.name not in _PUBLIC
    ]
    return WriterProperties(column_properties={name: ColumnProperties(statistics_enabled="NONE") for name in text})
