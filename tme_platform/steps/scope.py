"""The scope of a step: everything that a step may read, each read recorded in its trace.

A step reaches tables, settings, cohort files and landing files only through its scope, so the trace is complete. What
is read how is in `world`, the records are in `trace`.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import pandas as pd
from pydantic import BaseModel

from tme_platform.cohorts import Cohort, PathNames, Role, source_files
from tme_platform.expression import gene_set_path
from tme_platform.lake import PartitionState
from tme_platform.radiomics import TRANSIENT_RULES, Backend
from tme_platform.steps.trace import (
    CohortsRead,
    CollectionRead,
    DeclarationRead,
    ExpressionScaleRead,
    FilesRead,
    Found,
    LandingRead,
    ModelRead,
    PresenceRead,
    ProvenanceRead,
    Read,
    RoleRead,
    SettingRead,
    SpellingRead,
    TableRead,
    Trace,
    from_records,
)
from tme_platform.steps.world import World, frame_hash
from tme_platform.study import Study
from tme_platform.tables import COMMON_COLUMNS, TableSchema, rejections
from tme_platform.tracking import ModelRecord, Tracker

Refresh = Literal["stale", "failed", "missing", "all"]
RUN_ID = "dagster.run_id"
"""Tag that names Dagster's run."""


@dataclass
class Scope:
    """What the step of a table sees, of one cohort or of the whole study.

    Attributes
    ----------
    cohort
        The cohort of this partition; None for tables of the whole study.
    backend
        Where outlines are computed; None takes a pool of `workers` processes.
    report
        Called with a short text on the progress of long work.
    withhold
        Called with the text of a library's error, which may quote a cell: for a terminal, stored nowhere.
    run_tags
        Which Dagster run this is, for the model run to point back to.
    via
        What started this, for the audit: a command, a sensor, a schedule, or Dagster's page.
    trace
        What was read so far.
    """

    schema: TableSchema
    world: World
    tracker: Tracker
    cohort: str | None = None
    workers: int = 1
    backend: Backend | None = None
    refresh: Refresh = "stale"
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("tme_platform"))
    report: Callable[[str], None] = lambda _: None
    withhold: Callable[[str], None] = lambda _: None
    run_tags: Mapping[str, str] = field(default_factory=dict)
    via: str = "Python"
    trace: Trace = field(default_factory=dict)

    @property
    def own_cohort(self) -> str:
        """The cohort of this partition.

        Raises
        ------
        RuntimeError
            The table is not kept per cohort.
        """
        if self.cohort is None:
            raise RuntimeError(f"{self.schema.name} is not kept per cohort")
        return self.cohort

    @property
    def cohorts(self) -> Sequence[str]:
        """The cohorts of the study that have landed."""
        self._note(CohortsRead())
        return self.world.cohorts

    @property
    def study(self) -> Study:
        """The study; each block of settings that is taken from it is recorded."""
        return cast("Study", _RecordedStudy(self))

    @property
    def folder(self) -> Path:
        """Landing folder of this partition's cohort."""
        return self.world.landing / self.own_cohort

    @functools.cached_property
    def path_names(self) -> PathNames:
        """The names under which the landing files of this partition's cohort are stored."""
        return self.world.path_names(self.own_cohort)

    def hidden(self, text: str) -> str:
        """Text with stored names in place of those of landing files, for what is stored or logged."""
        return text if self.cohort is None else self.path_names.hidden(text)

    @property
    def state_folder(self) -> Path:
        """Folder of this machine for what does not belong in tables, such as the report's page."""
        return self.world.lake.state_folder

    def read(
        self,
        schema: TableSchema,
        cohort: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        rows: Mapping[str, Sequence[str]] | None = None,
        among: TableSchema | None = None,
    ) -> pd.DataFrame:
        """Read a table: of this partition's cohort, of another by name, or of all where there is no cohort.

        Only what is read is recorded: the step is stale when these rows and columns change, not when others do.

        Parameters
        ----------
        columns
            Only these columns.
        rows
            Only rows with one of these values, by column.
        among
            Only rows of patients in this table of the whole study.
        """
        part = cohort or (self.cohort if schema.per_cohort else None)
        every = columns is None or (schema.wide is None and set(columns) >= set(schema.own_columns))
        chosen = () if every or columns is None else tuple(columns)
        wanted = tuple((column, tuple(values)) for column, values in (rows or {}).items())
        record = TableRead(schema.name, part, chosen, wanted, among.name if among else "")
        whole = self.world.table_hash(record)
        frame = self.world.read(record, columns)
        if record not in self.trace:
            self.trace[record] = Found(whole) if record.whole else Found(frame_hash(frame), whole)
        return frame

    def read_matrix(
        self, schema: TableSchema, cohort: str | None = None, *, rows: str, columns: str, value: str, order: str
    ) -> pd.DataFrame:
        """Read a long table of one cohort as a matrix; all of it is recorded. See `Lake.read_matrix`."""
        part = cohort or self.own_cohort
        self._note(TableRead(schema.name, part))
        return self.world.lake.read_matrix(schema, part, rows=rows, columns=columns, value=value, order=order)

    def has_rows(self, schema: TableSchema, cohort: str | None = None) -> bool:
        """Whether a table has any rows for the cohort, without reading it."""
        part = cohort or (self.cohort if schema.per_cohort else None)
        self._note(PresenceRead(schema.name, part))
        return self.world.has_rows(schema, part)

    def recorded(self, schema: TableSchema) -> PartitionState | None:
        """State of a table of the whole study that was read, for its version; None before its first version.

        Raises
        ------
        RuntimeError
            The table was not read.
        """
        if not any(isinstance(read, TableRead) and read.table == schema.name for read in self.trace):
            raise RuntimeError(f"{self.schema.name} asks for the version of {schema.name}, which it did not read")
        return self.world.lake.state(schema)

    def recorded_parts(self, schema: TableSchema) -> dict[str | None, PartitionState]:
        """States of a table by cohort, as `recorded`; only cohorts of the study."""
        self.recorded(schema)
        states = self.world.lake.states(schema)
        return {part: state for part, state in states.items() if part is None or part in self.world.cohorts}

    def uri(self, schema: TableSchema) -> str:
        """Where a table is stored."""
        return self.world.lake.uri(schema)

    def declaration(self, *fields: str, cohort: str | None = None) -> Cohort:
        """What a cohort file declares; `fields` are those that this step uses."""
        name = cohort or self.own_cohort
        for part in fields:
            self._note(DeclarationRead(name, part))
        return self.world.declared(name)

    def with_role(self, *roles: Role) -> list[str]:
        """The cohorts that have any of these roles."""
        for role in roles:
            self._note(RoleRead(role.value))
        return [name for name in self.world.cohorts if set(roles) & set(self.world.declared(name).roles)]

    def landing_files(self) -> pd.DataFrame:
        """List every file that landed for this cohort, with size and SHA-256."""
        self._note(LandingRead(self.own_cohort))
        return self.world.landed[self.own_cohort]

    def files(self, kind: str) -> list[str]:
        """The landing files that a kind of reading (`clinical`, `imaging`, ...) depends on."""
        self._note(FilesRead(self.own_cohort, kind))
        return source_files(self.world.declared(self.own_cohort), kind)

    def collection(self, name_or_path: str) -> Path:
        """The file of a gene-set collection."""
        self._note(CollectionRead(name_or_path))
        return gene_set_path(name_or_path)

    def spelling(self, kind: Literal["populations", "features"]) -> dict[str, str]:
        """How names in this cohort's files are stored, where that differs: names that meet have one spelling."""
        self._note(SpellingRead(kind, self.own_cohort))
        return self.world.spelling(kind, self.own_cohort)

    def previous(self, *, always: bool = False) -> pd.DataFrame:
        """The table's own rows of the last version, for steps that keep rows; none in a full rebuild.

        Parameters
        ----------
        always
            Also in a full rebuild: for what must never be decided again, such as the side of a patient.
        """
        lake = self.world.lake
        if (self.refresh == "all" and not always) or lake.state(self.schema, self.cohort) is None:
            rows = lake.read(self.schema, "" if self.schema.per_cohort else None).head(0)
        else:
            rows = lake.read(self.schema, self.cohort)
        return rows.drop(columns=list(COMMON_COLUMNS), errors="ignore")

    def failed_before(self) -> pd.DataFrame:
        """Rows that failed the last time and would fail again, because nothing about them changed.

        Transient failures are not among them. There are none where failed rows, or all, are to be tried again.
        """
        before = self.world.lake.read(rejections(self.schema), self.cohort)
        if "row_key" not in before or self.refresh in ("failed", "all"):
            return before.head(0).reindex(columns=[*before.columns.union(["row_key"])])
        return before[before["row_key"].notna() & ~before["rule"].isin(TRANSIENT_RULES)]

    @property
    def provenance(self) -> str:
        """`simulated` as soon as any cohort that goes in is simulated."""
        self._note(ProvenanceRead(self.cohort))
        return self.world.provenance(self.cohort)

    @property
    def expression_scale(self) -> str | None:
        """`relative` if any expression below the table is relative to its cohort; None without expression."""
        if not self.schema.based_on_expression:
            return None
        self._note(ExpressionScaleRead(self.cohort))
        return self.world.expression_scale(self.cohort)

    def reason_to_run(self, version: str) -> str:
        """Why the table is not current; empty where it is.

        Raises
        ------
        CohortError, OSError
            The cohort file cannot be read, and never could.
        """
        state = self.world.states(self.schema).get(self.cohort)
        if state is None:
            return "first run"
        if self.refresh == "missing":
            return ""
        if self.refresh == "all":
            return "full rebuild requested"
        if state.code_version != version:
            return f"step version {state.code_version} -> {version}"
        try:
            last = from_records(state.reads)
        except ValueError:
            return "last built by an earlier version of tme_platform"
        if any(isinstance(read, ModelRead) and self.world.lost(read) for read in last):
            return "its version is no longer in the registry"
        changed = sorted({str(read) for read, found in last.items() if not self.world.unchanged(read, found)})
        return f"changed: {', '.join(changed)}" if changed else self._reason_to_retry()

    def depend_on(self, model: ModelRecord) -> None:
        """Record that the table is about this version in the registry: it is stale when that is lost or replaced."""
        self.trace[ModelRead(model.content_key)] = Found(model.place)

    def place_before(self, model: ModelRecord) -> str:
        """Where the registry had this model when the table was last built (`ModelRecord.place`); "" if unknown."""
        state = self.world.lake.state(self.schema, self.cohort)
        try:
            last = from_records(state.reads) if state is not None else {}
        except ValueError:
            return ""
        found = last.get(ModelRead(model.content_key))
        return "" if found is None else found.content

    def _reason_to_retry(self) -> str:
        rejected = self.world.states(rejections(self.schema)).get(self.cohort)
        counts = rejected.details if rejected is not None else {}
        if self.refresh == "failed" and counts.get("failed"):
            return f"retry of {counts['failed']} failed row(s) requested"
        return f"{counts['may_pass']} transient failure(s), retried" if counts.get("may_pass") else ""

    @property
    def by(self) -> dict[str, str]:
        """Who commits what this step makes, and how it came to it, for the audit; see `Lake.commit`."""
        run = self.run_tags.get(RUN_ID)
        return {"via": self.via, "study": self.world.study.name, **({"run": run} if run else {})}

    def _note(self, read: Read) -> None:
        if read not in self.trace:
            self.trace[read] = self.world.find(read)

    def note_setting(self, block: str) -> None:
        """Record that a block of settings was taken."""
        self._note(SettingRead(block))


class _RecordedStudy:
    """Stands in for the study and records which blocks of settings are taken from it."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._scope.world.study, name)
        if isinstance(value, BaseModel):
            self._scope.note_setting(name)
        return value


def failure_counts(rejected: pd.DataFrame) -> dict[str, int]:
    """How many rejections are rows that failed, and how many of those are transient."""
    failed = rejected.loc[rejected["row_key"].notna(), "rule"]
    return {"failed": len(failed), "may_pass": int(failed.isin(TRANSIENT_RULES).sum())}
