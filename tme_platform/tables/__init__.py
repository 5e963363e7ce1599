"""What each table holds: columns, types, allowed values, units, keys. One module per stage of the study.

No Delta Lake, DuckDB or Dagster here: storage belongs in `lake`, making the rows in `steps`. Nothing of the house is
imported, so cohorts, figures and report may use the definitions.
"""

from __future__ import annotations

import importlib
import pkgutil

from tme_platform.tables.rejected import rejections
from tme_platform.tables.schema import SCHEMA_CHECK, Column, Stage, TableError, TableSchema

__all__ = ["SCHEMA_CHECK", "TABLES", "Column", "Stage", "TableError", "TableSchema", "rejections"]


def _gathered() -> dict[str, TableSchema]:
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    schemas = {
        schema.name: schema for module in modules for schema in vars(module).values() if isinstance(schema, TableSchema)
    }
    return {name: schemas[name] for name in sorted(schemas, key=lambda name: schemas[name].stage.number)}


TABLES: dict[str, TableSchema] = _gathered()
"""Every table by name, in the order of the stages and, within a stage, of its module."""
