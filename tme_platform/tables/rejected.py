"""Tables of rejected input: one over all steps, and an internal one per step with the keys of failed rows."""

from __future__ import annotations

from dataclasses import replace

from tme_platform.tables.columns import text
from tme_platform.tables.schema import Column, Stage, TableSchema

REJECTED_INPUTS = TableSchema(
    "rejected_inputs",
    Stage.CATALOG,
    "Input that was left out or set missing: where it is, which rule it breaks, and what to do.",
    (
        text("patient_id", "The patient, if the rule concerns one."),
        text("file", "File inside the landing folder."),
        text("rule", "Name of the rule.", required=True),
        text("action", "Action taken.", required=True),
        text("message", "What is wrong and what to do.", required=True),
        text("step", "Table whose step found it.", required=True),
    ),
    key=("step", "file", "patient_id", "rule", "message"),
    unit="message",
)

_ROW_KEY = Column("row_key", "string", "Key of the failed row, if rows of the table have keys.")


def rejections(schema: TableSchema) -> TableSchema:
    """Schema of the internal table of what the step of `schema` left out, with the keys of failed rows."""
    return replace(
        REJECTED_INPUTS,
        name=f"_{schema.name}_rejected",
        stage=schema.stage,
        columns=(*REJECTED_INPUTS.columns, _ROW_KEY),
        key=(*REJECTED_INPUTS.key, _ROW_KEY.name),
    )
