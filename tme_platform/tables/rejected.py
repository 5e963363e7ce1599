"""What was left out because of bad input: over all steps, and by step with the keys of rows that failed."""

from __future__ import annotations

from dataclasses import replace

from tme_platform.tables.columns import text
from tme_platform.tables.schema import Column, Stage, TableSchema

REJECTED_INPUTS = TableSchema(
    "rejected_inputs",
    Stage.CATALOG,
    "What was left out or set missing because of bad input: where it stands, which rule, and what to do.",
    (
        text("patient_id", "The patient, where the rule is about one."),
        text("file", "File inside the landing folder."),
        text("rule", "Name of the rule.", required=True),
        text("action", "What was done with it.", required=True),
        text("message", "What is wrong and what to do.", required=True),
        text("step", "Table whose making found it.", required=True),
    ),
    key=("step", "file", "patient_id", "rule", "message"),
    unit="message",
)

_ROW_KEY = Column("row_key", "string", "Key of the row that failed, where the table's rows have keys.")


def rejections(schema: TableSchema) -> TableSchema:
    """Schema of the internal table that keeps what the step of `schema` left out, with the keys of rows that failed."""
    return replace(
        REJECTED_INPUTS,
        name=f"_{schema.name}_rejected",
        stage=schema.stage,
        columns=(*REJECTED_INPUTS.columns, _ROW_KEY),
        key=(*REJECTED_INPUTS.key, _ROW_KEY.name),
    )
