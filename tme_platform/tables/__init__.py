"""Define what each table holds: columns, types, allowed values, units, keys. One module per stage of the study.

Storage belongs in `lake`, computing the rows in `steps`. This package imports no other part of tme_platform, so any
part may use the definitions.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from types import ModuleType

from tme_platform.tables.blocks import Blocks
from tme_platform.tables.rejected import rejections
from tme_platform.tables.schema import COMMON_COLUMNS, SCHEMA_CHECK, Column, Stage, TableError, TableSchema

__all__ = [
    "COMMON_COLUMNS",
    "SCHEMA_CHECK",
    "TABLES",
    "Blocks",
    "Column",
    "Stage",
    "TableError",
    "TableSchema",
    "gather",
    "rejections",
]


def gather(modules: Iterable[ModuleType]) -> dict[str, TableSchema]:
    """Collect the tables defined in modules by name, ordered by stage.

    Raises
    ------
    ValueError
        Two different tables have the same name.
    """
    schemas: dict[str, TableSchema] = {}
    for module in modules:
        for schema in vars(module).values():
            if isinstance(schema, TableSchema) and schemas.setdefault(schema.name, schema) is not schema:
                raise ValueError(f"table {schema.name} is defined twice, the second time in {module.__name__}")
    return {name: schemas[name] for name in sorted(schemas, key=lambda name: schemas[name].stage.number)}


TABLES: dict[str, TableSchema] = gather(
    importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
)
"""Every table by name, ordered by stage and, within a stage, as its module defines them."""
