"""What an asset sees while it runs, and the trace of what it looked at.

An asset declares nothing twice: it reads tables, settings, declarations and files through its `Scope`, which notes
each with the hash of what was there. The trace is stored with the table. Next time the same names are hashed again;
if all are as they were, the asset has nothing to do, and if one is not, that one is the reason it runs. (The idea is
that of a verifying trace in build systems: Mokhov, Mitchell, Peyton Jones 2018, "Build systems à la carte".)
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import pandas as pd
from pydantic import BaseModel

from tme_platform.cohorts import (
    COHORT_FILE,
    Cohort,
    CohortError,
    Role,
    hash_cache,
    list_files,
    read_cohort,
    source_files,
)
from tme_platform.expression import gene_set_path
from tme_platform.lake import Lake, content_hash
from tme_platform.radiomics import MAY_PASS, Backend
from tme_platform.study import Study
from tme_platform.tables import TABLES, TableSchema, rejections
from tme_platform.tables.cohorts import COHORT_FILES, COHORTS
from tme_platform.tracking import Tracker

Refresh = Literal["stale", "failed", "missing", "all"]
ABSENT = "absent"
HASHES = "hashes"
"""Folder in the state folder with the remembered hashes of landing files."""
Block = TypeVar("Block")


@dataclass
class Scope:
    """The world of one asset (and cohort) in one run.

    Attributes
    ----------
    cohort
        The cohort of this partition; None for tables of the whole study.
    cohorts
        All cohorts of the study that have landed.
    reads
        Trace so far: name of what was read -> hash of what was found.
    """

    schema: TableSchema
    lake: Lake
    landing: Path
    study: Study
    cohorts: Sequence[str]
    tracker: Tracker
    workers: int = 1
    backend: Backend | None = None
    """Where outlines are computed; None takes a pool of `workers` processes."""
    cohort: str | None = None
    refresh: Refresh = "stale"
    log: logging.Logger = field(default_factory=lambda: logging.getLogger("tme_platform"))
    report: Callable[[str], None] = lambda _: None
    """Called with a short text on how far long work has come."""
    run_tags: Mapping[str, str] = field(default_factory=dict)
    """Which Dagster run this is, for the model run to point back to."""
    leave_no_trace: bool = False
    """Only look: not even hashes of landing files are remembered."""
    reads: dict[str, str] = field(default_factory=dict)
    _landed: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def own_cohort(self) -> str:
        """The cohort of this partition.

        Raises
        ------
        RuntimeError
            The asset is not kept per cohort.
        """
        if self.cohort is None:
            raise RuntimeError(f"{self.schema.name} is not kept per cohort")
        return self.cohort

    @property
    def folder(self) -> Path:
        """Landing folder of this partition's cohort."""
        return self.landing / self.own_cohort

    def table(
        self,
        schema: TableSchema,
        cohort: str | None = None,
        columns: Sequence[str] | None = None,
        rows: Mapping[str, Sequence[str]] | None = None,
    ) -> pd.DataFrame:
        """Read a table: of this partition's cohort, of another by name, or whole where there is no cohort."""
        part = cohort or (self.cohort if schema.per_cohort else None)
        self._note(f"table:{schema.name}/{part or '*'}")
        frame = self.lake.read(schema, part, columns=columns, rows=rows)
        return frame[frame["cohort"].isin(list(self.cohorts))] if schema.per_cohort and part is None else frame

    def rows(self, schema: TableSchema, column: str, value: str) -> pd.DataFrame:
        """Read the rows of a table of the whole study that have a value; what other rows hold is no reason to run."""
        self._note(f"rows:{schema.name}/{column}={value}")
        return self.lake.read(schema, rows={column: [value]})

    def among(self, schema: TableSchema, cohort: str, members: TableSchema) -> pd.DataFrame:
        """Read a cohort's rows of patients who are in a table of the whole study; others are no reason to run."""
        self._note(f"among:{schema.name}/{cohort}/{members.name}")
        return self._among(schema, cohort, members)

    def has_rows(self, schema: TableSchema, cohort: str | None = None) -> bool:
        """Whether a table has anything for the cohort, without reading it."""
        part = cohort or self.cohort
        self._note(f"table:{schema.name}/{part or '*'}")
        state = self.lake.state(schema, part)
        return state is not None and state.rows > 0

    def use(self, block: Block) -> Block:
        """A block of the study's settings, such as `scope.study.phenotypes`."""
        self._note(f"setting:{type(block).__name__}")
        return block

    def declaration(self, *fields: str, cohort: str | None = None) -> Cohort:
        """What a cohort file declares; `fields` are those that matter to this asset."""
        name = cohort or self.own_cohort
        for part in fields:
            self._note(f"declaration:{name}.{part}")
        return self._declared(name)

    def with_role(self, *roles: Role) -> list[str]:
        """The cohorts that have any of these roles."""
        for role in roles:
            self._note(f"role:{role.value}")
        return [name for name in self.cohorts if set(roles) & set(self._declared(name).roles)]

    def landing_files(self) -> pd.DataFrame:
        """List every file that landed for this cohort, with size and SHA-256; their content is what is traced."""
        self._note(f"landing:{self.own_cohort}")
        return self._landed

    def files(self, kind: str) -> list[str]:
        """The landing files that a kind of reading (`clinical`, `imaging`, ...) depends on, as the manifest has."""
        self._note(f"files:{self.own_cohort}/{kind}")
        return source_files(self._declared(self.own_cohort), kind)

    def collection(self, name_or_path: str) -> Path:
        """The file of a gene-set collection; its content counts, not its name."""
        self._note(f"collection:{name_or_path}")
        return gene_set_path(name_or_path)

    def previous(self) -> pd.DataFrame:
        """The table's own rows of the last version, for assets that keep rows; none where all is to be made anew."""
        if self.refresh == "all" or self.lake.state(self.schema, self.cohort) is None:
            return self.lake.read(self.schema, "")
        return self.lake.read(self.schema, self.cohort)

    def failed_before(self) -> pd.DataFrame:
        """Rows that failed last time and need not be tried again: nothing about them changed, so they would fail again.

        A failure that may pass is not among them; none is where failed rows, or all, are to be tried again.
        """
        before = self.lake.read(rejections(self.schema), self.cohort)
        if "row_key" not in before or self.refresh in ("failed", "all"):
            return before.head(0).reindex(columns=[*before.columns.union(["row_key"])])
        return before[before["row_key"].notna() & ~before["rule"].isin(MAY_PASS)]

    @property
    def provenance(self) -> str:
        """`simulated` as soon as any cohort that goes in is simulated."""
        names = [self.cohort] if self.cohort is not None else self.cohorts
        return "simulated" if any(self._declared(name).simulated for name in names) else "real"

    def why_run(self, code_version: str) -> str | None:
        """The reason for which the table is not up to date, or None where it is."""
        state = self.lake.state(self.schema, self.cohort)
        if state is None:
            return "first run"
        if self.refresh == "missing":
            return None
        if self.refresh == "all":
            return "asked to make everything anew"
        if state.code_version != code_version:
            return f"step version {state.code_version} -> {code_version}"
        changed = [name for name, found in state.reads.items() if self._hash(name) != found]
        return f"changed: {', '.join(sorted(changed))}" if changed else self._why_retry()

    def _why_retry(self) -> str | None:
        rejected = self.lake.state(rejections(self.schema), self.cohort)
        counts = rejected.details if rejected is not None else {}
        if self.refresh == "failed" and counts.get("failed"):
            return f"asked to try {counts['failed']} failed row(s) again"
        return f"{counts['may_pass']} row(s) failed for a reason that may pass" if counts.get("may_pass") else None

    def _note(self, name: str) -> None:
        if name not in self.reads:
            self.reads[name] = self._hash(name)

    def _declared(self, cohort: str) -> Cohort:
        try:
            return declared(self.landing / cohort)
        except (CohortError, OSError):
            # A cohort whose file was just broken takes part in tables of all cohorts as it did before.
            last = self.lake.read(COHORTS, cohort)
            if cohort == self.cohort or last.empty:
                raise
            return Cohort.model_validate_json(last["declaration"].iloc[0])

    def _hash(self, name: str) -> str:
        kind, _, rest = name.partition(":")
        return _HASHES[kind](self, rest)

    def _hash_table(self, rest: str) -> str:
        name, _, part = rest.partition("/")
        schema = _schema(name)
        states = self.lake.states(schema)
        if schema.per_cohort and part == "*":
            return _digest({cohort: states[cohort].content for cohort in self.cohorts if cohort in states})
        state = states.get(part if schema.per_cohort else None)
        return state.content[:16] if state else ABSENT

    def _hash_rows(self, rest: str) -> str:
        name, _, wanted = rest.partition("/")
        column, _, value = wanted.partition("=")
        schema = _schema(name)
        if self.lake.state(schema) is None:
            return ABSENT
        return content_hash(self.lake.read(schema, rows={column: [value]}))[:16]

    def _hash_among(self, rest: str) -> str:
        name, cohort, members = rest.split("/")
        if self.lake.state(_schema(name), cohort) is None:
            return ABSENT
        return content_hash(self._among(_schema(name), cohort, _schema(members)))[:16]

    def _among(self, schema: TableSchema, cohort: str, members: TableSchema) -> pd.DataFrame:
        frame, wanted = self.lake.read(schema, cohort), self.lake.read(members, columns=["patient_id"])
        return frame[frame["patient_id"].isin(set(wanted["patient_id"]))]

    def _hash_setting(self, rest: str) -> str:
        for block in dict(self.study).values():
            if type(block).__name__ == rest:
                return _digest(_plain(block))
        return ABSENT

    def _hash_declaration(self, rest: str) -> str:
        cohort, _, part = rest.partition(".")
        if cohort not in self.cohorts:
            return ABSENT
        return _digest(_plain(getattr(self._declared(cohort), part)))

    def _hash_role(self, rest: str) -> str:
        return _digest([name for name in self.cohorts if rest in self._declared(name).roles])

    def _hash_files(self, rest: str) -> str:
        cohort, _, kind = rest.partition("/")
        if cohort not in self.cohorts:
            return ABSENT
        landed = self.lake.read(COHORT_FILES, cohort).set_index("file")["sha256"]
        return _digest({file: landed.get(file, ABSENT) for file in source_files(self._declared(cohort), kind)})

    def _hash_landing(self, rest: str) -> str:
        if rest not in self.cohorts:
            return ABSENT
        with hash_cache(self.lake.state_folder / HASHES, rest, write=not self.leave_no_trace) as known:
            self._landed = list_files(self.landing / rest, known)
        return _digest(dict(zip(self._landed["file"], self._landed["sha256"], strict=True)))

    def _hash_collection(self, rest: str) -> str:
        return hashlib.sha256(gene_set_path(rest).read_bytes()).hexdigest()[:16]


_HASHES: Mapping[str, Callable[[Scope, str], str]] = {
    "table": Scope._hash_table,
    "rows": Scope._hash_rows,
    "among": Scope._hash_among,
    "setting": Scope._hash_setting,
    "declaration": Scope._hash_declaration,
    "role": Scope._hash_role,
    "landing": Scope._hash_landing,
    "files": Scope._hash_files,
    "collection": Scope._hash_collection,
}


def failure_counts(rejected: pd.DataFrame) -> dict[str, int]:
    """How many rejections are rows that failed, and how many of those for a reason that may pass."""
    failed = rejected.loc[rejected["row_key"].notna(), "rule"]
    return {"failed": len(failed), "may_pass": int(failed.isin(MAY_PASS).sum())}


def declared(folder: Path) -> Cohort:
    """What the cohort file of a landing folder declares; read once as long as it stays as it is.

    Raises
    ------
    CohortError
        The file cannot be read; the message says where and what to do.
    """
    found = (folder / COHORT_FILE).stat()
    return _declaration(folder, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=256)
def _declaration(folder: Path, _mtime_ns: int, _bytes: int) -> Cohort:
    return read_cohort(folder)


def _schema(name: str) -> TableSchema:
    if name.startswith("_") and name.endswith("_rejected"):
        return rejections(TABLES[name.removeprefix("_").removesuffix("_rejected")])
    return TABLES[name]


def _plain(value: Any) -> Any:
    """A value that JSON can write, the same on every machine."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
