"""The store: one Delta table per schema, replaced by cohort in one commit that also says why and from what.

What a table was made from is written into the very commit that changes it, so the two cannot disagree after a crash.
"""

from __future__ import annotations

import contextlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from tme_platform.lake.columns import (
    batches,
    has_columns,
    in_own_order,
    own_order,
    rows_to_rewrite,
    schema_mode,
    with_known_columns,
)
from tme_platform.lake.commit_log import STATE_KEY, Entry, audit_entry, commit_properties, commits_after
from tme_platform.lake.discretion import TABLE_SETTINGS, settle, without_statistics
from tme_platform.lake.errors import not_read, not_written
from tme_platform.lake.locks import locked
from tme_platform.lake.matrix import matrix_of
from tme_platform.lake.rows import compare_rows, summarise, unchanged_rows
from tme_platform.location import delta_uri, is_url, state_folder, storage_options
from tme_platform.tables.blocks import Blocks, Conformed
from tme_platform.tables.schema import TableSchema

_ATTEMPTS = 20


@dataclass(frozen=True)
class PartitionState:
    """What the last commit of a table (of one cohort) recorded about itself."""

    cohort: str | None
    version: int
    content: str
    rows: int
    columns: int
    code_version: str
    reads: Sequence[Mapping[str, Any]]
    """Records of what was read, and the hash of what was found there."""
    changes: Mapping[str, int]
    reason: str
    details: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Outcome of the checks on its content, by name."""
    order: Sequence[str] = ()
    """The cohort's further columns, where the table has them in another order; see `columns`."""


@dataclass(frozen=True)
class _Known:
    """What was read of a table's commits up to a version; `identity` tells a table from its successor."""

    identity: str
    version: int
    states: dict[str | None, PartitionState]
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Commit:
    """What became of rows: the table's state, and whether anything had to be written."""

    state: PartitionState
    written: bool


class Lake:
    """The tables under one root (a folder, or an object store's URL with its options).

    Parameters
    ----------
    root
        Folder of the lake, or URL of a prefix in an object store. Tables lie in `tables/<layer>/<table>`.
    state
        Folder of this machine for catalog and locks, see `location`; by default the lake's own folder.

    Raises
    ------
    LocationError
        The name of one of the folders cannot be used.
    """

    def __init__(self, root: Path | str, state: Path | str = "") -> None:
        self.root = root
        self.state_folder = state_folder(root, state)
        self.storage_options = storage_options(root)
        self._known: dict[str, _Known] = {}
        self._open: dict[str, tuple[DeltaTable, tuple[int, int]]] = {}

    def uri(self, schema: TableSchema) -> str:
        """Where a table lies."""
        return delta_uri(self.root, "tables", schema.stage, schema.name)

    def table(self, schema: TableSchema, version: int | None = None) -> DeltaTable | None:
        """The Delta table, or None where it was never written."""
        try:
            return DeltaTable(self.uri(schema), version=version, storage_options=self.storage_options)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise not_read(schema.name, self.root, error) from error

    def _latest(self, schema: TableSchema) -> DeltaTable | None:
        """The current version, for reading: an opened table is kept, because opening takes ten times as long as a look.

        Writers open their own, because Delta finds conflicts from the version that they looked at.
        """
        opened, identity = self._open.get(schema.name), self._identity(schema)
        table: DeltaTable | None
        if opened is not None and opened[1] == identity:
            table = opened[0]
            try:
                table.update_incremental()
            except (DeltaError, OSError) as error:
                raise not_read(schema.name, self.root, error) from error
        else:
            table = self.table(schema)
        if table is not None:
            self._open[schema.name] = (table, self._identity(schema))
        return table

    def _identity(self, schema: TableSchema) -> tuple[int, int]:
        """Tells the table's folder from one that was removed and created again."""
        if is_url(self.root):
            return (0, 0)
        try:
            found = Path(self.uri(schema)).stat()
        except FileNotFoundError:
            return (-1, -1)
        return (found.st_ino, found.st_ctime_ns)

    def version(self, schema: TableSchema) -> int | None:
        """The current version of a table, or None where it was never written."""
        table = self._latest(schema)
        return None if table is None else int(table.version())

    @contextlib.contextmanager
    def lock(self, schema: TableSchema, cohort: str | None, on_wait: Callable[[], None]) -> Iterator[None]:
        """Keep other processes from building the same part of a table; readers never wait.

        Raises
        ------
        LakeError
            The lock file cannot be made: the disk is full, or not ours to write to.
        """
        name = schema.name if cohort is None else f"{schema.name}.{cohort}"
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(locked(self.state_folder / "locks", name, on_wait))
            except OSError as error:
                raise not_written(schema.name, cohort, self.root, error) from error
            yield

    def state(self, schema: TableSchema, cohort: str | None = None) -> PartitionState | None:
        """What the last commit recorded for this cohort (None: for the whole table), or None before the first."""
        return self.states(schema).get(cohort)

    def states(self, schema: TableSchema) -> dict[str | None, PartitionState]:
        """The last recorded state of each cohort."""
        return self._known_of(schema, self._latest(schema)).states

    def audit(self, schema: TableSchema) -> tuple[Entry, ...]:
        """Who changed a table when, why and how: an entry for each of its commits, newest first."""
        return self._known_of(schema, self._latest(schema)).entries

    def _known_of(self, schema: TableSchema, table: DeltaTable | None) -> _Known:
        """What all commits of a table say; only those are read that are newer than what is known."""
        if table is None:
            return _Known("", -1, {}, ())
        version, identity = int(table.version()), str(table.metadata().id)
        known = self._known.get(schema.name)
        if known is None or identity != known.identity:
            known = _Known(identity, -1, {}, ())
        if version > known.version:
            states: dict[str | None, PartitionState] = {}
            entries = []
            folder = None if is_url(self.root) else Path(self.uri(schema))
            for commit in commits_after(table, folder, known.version):
                if STATE_KEY in commit:
                    state = PartitionState(**json.loads(commit[STATE_KEY]) | {"version": commit["version"]})
                    states.setdefault(state.cohort, state)
                if (entry := audit_entry(schema.name, commit)) is not None:
                    entries.append(entry)
            known = _Known(identity, version, known.states | states, (*entries, *known.entries))
            self._known[schema.name] = known
        return known

    def read(
        self,
        schema: TableSchema,
        cohort: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        rows: Mapping[str, Sequence[str]] | None = None,
        version: int | None = None,
    ) -> pd.DataFrame:
        """Read a table, or one cohort of it, as pandas with the schema's types.

        Columns that are missing in all rows read (those of other cohorts) are left out. A table never written reads as
        empty. `rows` names columns and the values that are wanted of them; other rows are not read. The order of rows
        and columns does not depend on the order in which cohorts were built.
        """
        table = self._latest(schema) if version is None else self.table(schema, version)
        return self._read(schema, table, cohort, columns, rows)

    def read_matrix(
        self, schema: TableSchema, cohort: str, *, rows: str, columns: str, value: str, order: str
    ) -> pd.DataFrame:
        """Read one cohort of a long table as a matrix; the parameters are those of `matrix.matrix_of`."""
        table = self._latest(schema)
        if table is None:
            return pd.DataFrame(dtype="float64")
        return matrix_of(table, cohort, rows=rows, columns=columns, value=value, order=order)

    def _read(
        self,
        schema: TableSchema,
        table: DeltaTable | None,
        cohort: str | None,
        columns: Sequence[str] | None = None,
        rows: Mapping[str, Sequence[str]] | None = None,
    ) -> pd.DataFrame:
        arrow: pa.Table
        also: list[str] = []
        nothing = any(len(values) == 0 for values in (rows or {}).values())  # which pyarrow cannot compare with
        chosen, sorted_by = list(columns or ()), list(schema.key)
        if schema.per_cohort and cohort is None and "cohort" not in sorted_by:
            sorted_by.append("cohort")  # which may have patients of the same name
        if table is None or nothing:
            arrow = schema.empty()
        else:
            part = [("cohort", "=", cohort)] if cohort is not None else []
            wanted = [*part, *((name, "in", list(values)) for name, values in (rows or {}).items())]
            lacking = [name for name in sorted_by if name not in chosen] if chosen else []
            also = [name for name in lacking if has_columns(table, [name])]
            arrow = table.to_pyarrow_table(columns=[*chosen, *also] or None, filters=wanted or None)
        frame = self._as_frame(schema, arrow)
        frame = frame.sort_values([name for name in sorted_by if name in frame], kind="stable", ignore_index=True)
        if chosen or schema.wide is None or table is None:
            return frame.drop(columns=also) if also else frame
        states = self._known_of(schema, table).states
        return in_own_order(schema, frame, {part: state.order for part, state in states.items()}, cohort)

    def _frames(self, schema: TableSchema, table: DeltaTable, cohort: str | None) -> Iterator[pd.DataFrame]:
        """The rows of a table (and cohort) in some order; block by block unless its columns are the cohort's."""
        if schema.wide is not None:
            yield self._read(schema, table, cohort)
            return
        wanted = None if cohort is None else pc.field("cohort") == cohort
        for batch in table.to_pyarrow_dataset().to_batches(filter=wanted):
            yield self._as_frame(schema, pa.Table.from_batches([batch]))

    @staticmethod
    def _as_frame(schema: TableSchema, arrow: pa.Table) -> pd.DataFrame:
        fixed = [column for column in schema.all_columns if column.name in arrow.column_names]
        names = [column.name for column in fixed]
        wide = [n for n in arrow.column_names if n not in names and arrow.column(n).null_count < arrow.num_rows]
        frame: pd.DataFrame = arrow.select([*names, *wide]).to_pandas()
        for column in fixed:  # not all at once: astype with a dict would take the wide columns apart
            frame[column.name] = frame[column.name].astype(column.dtype)
        return frame

    def commit(
        self,
        schema: TableSchema,
        rows: pd.DataFrame | Blocks,
        *,
        cohort: str | None = None,
        provenance: str = "real",
        expression_scale: str | None = None,
        code_version: str = "",
        reads: Sequence[Mapping[str, Any]] = (),
        reason: str = "",
        details: Mapping[str, Any] | None = None,
        checks: Mapping[str, Mapping[str, Any]] | None = None,
        by: Mapping[str, str] | None = None,
    ) -> Commit:
        """Validate rows and make them the table's (or the cohort's) content, in one commit.

        Where the same content was made from the same things already, nothing is written. Where somebody else committed
        meanwhile, what is there is looked at again before the next try.

        Parameters
        ----------
        rows
            A frame, or blocks for a table of more rows than fit into memory.
        by
            For the audit: `via` (what started it), `run` (Dagster's), `study`, and `who`, by default the operator.

        Raises
        ------
        TableError
            The rows break the schema; nothing was written.
        LakeError
            The commit could not be written; the last version stands.
        """
        if schema.per_cohort != (cohort is not None):
            raise ValueError(f"table {schema.name} is {'' if schema.per_cohort else 'not '}kept per cohort")
        made_of = Conformed.of(schema, rows, cohort=cohort, provenance=provenance, expression_scale=expression_scale)
        found, traced = summarise(made_of.valid(), schema.counted_by), list(reads)
        for attempt in range(_ATTEMPTS):
            table = self.table(schema)
            last = self._known_of(schema, table).states.get(cohort)
            order = own_order(schema, table, found.head)
            made = (found.content, code_version, traced, order)
            as_last = last and (last.content, last.code_version, list(last.reads), list(last.order)) == made
            if last and as_last and has_columns(table, found.head.columns):
                return Commit(last, written=False)
            if last is not None and last.content == found.content:  # made from other things
                changes = unchanged_rows(found)
            else:
                earlier = self._frames(schema, table, cohort) if last and table else None
                changes = compare_rows(earlier, found, schema.counted_by)
            state = PartitionState(
                cohort=cohort,
                version=-1,
                content=found.content,
                rows=found.rows,
                columns=found.head.shape[1],
                code_version=code_version,
                reads=traced,
                changes=changes.as_dict(),
                reason=reason,
                details=dict(details or {}),
                checks=dict(checks or {}),
                order=order,
            )
            try:
                self._write(table, made_of, found.head, state, by or {})
                break
            except CommitFailedError as error:
                # Somebody committed to this part, or brought new columns to another, which counts as a conflict, too.
                if attempt == _ATTEMPTS - 1:
                    raise not_written(schema.name, cohort, self.root, error) from error
                time.sleep(random.uniform(0, 0.05 * (attempt + 1)))  # noqa: S311 (only keeps writers out of step)
            except (DeltaError, OSError) as error:
                raise not_written(schema.name, cohort, self.root, error) from error
        return Commit(self.states(schema)[cohort], written=True)

    def _write(
        self,
        table: DeltaTable | None,
        rows: Conformed,
        head: pd.DataFrame,
        state: PartitionState,
        by: Mapping[str, str],
    ) -> None:
        """Commit on top of the version that was looked at; Delta refuses if that part was changed since."""
        schema = rows.schema
        partition_by = ["cohort"] if schema.per_cohort else None
        if table is None:
            write_deltalake(
                self.uri(schema),
                schema.empty(),
                mode="ignore",
                partition_by=partition_by,
                configuration=TABLE_SETTINGS,
                description=schema.description,
                name=schema.name,
                storage_options=self.storage_options,
            )
            table = DeltaTable(self.uri(schema), storage_options=self.storage_options)
        settle(table)
        recorded = {key: value for key, value in asdict(state).items() if key != "version"}
        arrow = schema.to_arrow(head)
        others = rows_to_rewrite(schema, table, arrow, state.cohort)
        known = pa.schema(table.schema()) if others is None else others.schema
        stored = with_known_columns(schema, arrow, known).schema
        # Names are checked when a cohort is declared (COHORT_NAME), so none can hold a quote.
        predicate = f"cohort = '{state.cohort}'" if schema.per_cohort and others is None else None
        write_deltalake(
            table,
            pa.RecordBatchReader.from_batches(stored, batches(rows, others, stored)),
            mode="overwrite",
            predicate=predicate,
            partition_by=partition_by,
            schema_mode="overwrite" if others is not None else schema_mode(schema, arrow, known),
            commit_properties=commit_properties(by, recorded),
            writer_properties=without_statistics(stored),
        )
