"""The columns of a table that is kept per cohort: what has to become of them when one cohort is replaced.

Names are compared without case, as Delta and DuckDB do. Committing belongs in `store`.

A table has its columns in the order in which cohorts brought them, so that depends on which cohort was built first.
Sums in floating point, and which of two correlated features is "first", depend on it in turn. So each cohort is read in
the order of its own rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable

from tme_platform.tables.blocks import Conformed
from tme_platform.tables.schema import TableSchema


def has_columns(table: DeltaTable | None, names: Collection[str]) -> bool:
    """Whether a table has all these columns, in this spelling."""
    return table is not None and set(names) <= {field.name for field in table.schema().fields}


def own_order(schema: TableSchema, table: DeltaTable | None, frame: pd.DataFrame) -> list[str]:
    """The further columns of a cohort's new rows, in their order, where the table will have them in another; else none.

    Other commits add and remove columns, but leave the order of those that stay.
    """
    if table is None or not schema.per_cohort or schema.wide is None:
        return []
    own = _further(schema, frame.columns)
    places = {field.name.lower(): place for place, field in enumerate(table.schema().fields)}
    found = [places.get(name.lower(), len(places) + place) for place, name in enumerate(own)]
    return [] if found == sorted(found) else own


def in_own_order(
    schema: TableSchema, frame: pd.DataFrame, orders: Mapping[str | None, Sequence[str]], cohort: str | None
) -> pd.DataFrame:
    """Rows with the further columns in the order of their cohort; of several cohorts in order of their names.

    Parameters
    ----------
    frame
        All columns of a cohort or, if `cohort` is None, of all cohorts.
    orders
        `own_order` by cohort.
    """
    further = _further(schema, frame.columns)
    if not schema.per_cohort or not further:
        return frame
    if cohort is not None:
        ordered = _ordered(further, orders.get(cohort, ()))
    else:
        known = frame[further].notna().groupby(frame["cohort"].astype("object"), sort=True).any()
        ordered = [
            name
            for member, has in known.iterrows()
            for name in _ordered([name for name in further if has[name]], orders.get(str(member), ()))
        ]
    fixed = [name for name in frame.columns if name not in set(further)]
    wanted = [*fixed, *dict.fromkeys(ordered)]
    return frame if wanted == list(frame.columns) else frame[wanted]


def _further(schema: TableSchema, names: Collection[str]) -> list[str]:
    defined = {column.name for column in schema.all_columns}
    return [name for name in names if name not in defined]


def _ordered(names: Sequence[str], order: Sequence[str]) -> list[str]:
    """Names in an order; it may have another spelling, which another cohort brought since."""
    place = {name.lower(): position for position, name in enumerate(order)}
    return sorted(names, key=lambda name: place.get(name.lower(), len(place)))


def rows_to_rewrite(schema: TableSchema, table: DeltaTable, arrow: pa.Table, cohort: str | None) -> pa.Table | None:
    """Return the other cohorts' rows as they have to be stored beside a cohort's new rows; None if they can stay.

    They are rewritten, in the same commit, where the columns of the table change other than by new ones:

    - a column that no cohort has values of any more is dropped;
    - a column that the new rows spell in another case takes their spelling, because a table cannot have both;
    - a column of another type, from an earlier definition of the table, is converted; values that cannot be converted
      become missing until their cohort is built again.

    Parameters
    ----------
    schema
        Definition of the table.
    table
        Its current version.
    arrow
        The new rows of the cohort, with their own columns only.
    cohort
        Whose rows are replaced; None for a table that is not kept per cohort, which is always written whole.
    """
    if cohort is None:
        return None
    known = pa.schema(table.schema())
    given = {field.name: field.type for field in arrow.schema}
    spelled = {name.lower(): name for name in given}
    lacking = [name for name in known.names if name not in given]
    renamed = {name: spelled[name.lower()] for name in lacking if name.lower() in spelled}
    unused = _unused(table, cohort, [name for name in lacking if name not in renamed])
    converted = {field.name for field in known if given.get(field.name, field.type) != field.type}
    if not (renamed or unused or converted):
        return None
    rows = _of_others(table, cohort, [name for name in known.names if name not in unused])
    rows = rows.rename_columns([renamed.get(name, name) for name in rows.column_names])
    for position, field in enumerate(rows.schema):
        if given.get(field.name, field.type) != field.type:
            rows = rows.set_column(position, field.name, _converted(rows.column(position), given[field.name]))
    return rows


def _unused(table: DeltaTable, cohort: str, names: list[str]) -> set[str]:
    """The columns of these names that no other cohort has a value of."""
    if not names:
        return set()
    rows = _of_others(table, cohort, names)
    return {name for name in names if rows.column(name).null_count == rows.num_rows}


def _of_others(table: DeltaTable, cohort: str, columns: list[str]) -> pa.Table:
    return table.to_pyarrow_table(columns=columns, filters=[("cohort", "!=", cohort)])


def _converted(values: pa.ChunkedArray, to: pa.DataType) -> pa.ChunkedArray:
    try:
        return values.cast(to)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.chunked_array([pa.nulls(len(values), to)])


def schema_mode(schema: TableSchema, arrow: pa.Table, known: pa.Schema) -> Literal["merge", "overwrite"] | None:
    """How the table's columns change; a commit that leaves them alone disturbs no other writer."""
    if not schema.per_cohort:
        return "overwrite"
    return "merge" if set(arrow.column_names) - set(known.names) else None


def with_known_columns(schema: TableSchema, arrow: pa.Table, known: pa.Schema) -> pa.Table:
    """Fill the columns that other cohorts brought with nothing, so that all parts of a table have the same."""
    return arrow if not schema.per_cohort else _with_columns(arrow, known)


def _with_columns(arrow: pa.Table, known: pa.Schema) -> pa.Table:
    """The columns of `known` in their order, with nothing in those that are lacking, then the others."""
    given = dict.fromkeys(arrow.column_names)  # in order; asked for each of thousands of columns
    lacking = [pa.field(f.name, f.type) for f in known if f.name not in given]
    for column in lacking:
        arrow = arrow.append_column(column, pa.nulls(arrow.num_rows, column.type))
    ours = dict.fromkeys(known.names)
    return arrow.select([*ours, *(name for name in given if name not in ours)])


def batches(rows: Conformed, others: pa.Table | None, stored: pa.Schema) -> Iterator[pa.RecordBatch]:
    """What is written, in the columns that are stored: the rows of other cohorts that have to be, then the new ones."""
    own = (rows.schema.to_arrow(frame) for frame in rows.make())
    for part in own if others is None else itertools.chain((others,), own):
        yield from _with_columns(part, stored).cast(stored).to_batches()
