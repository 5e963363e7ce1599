"""The state of the world that steps depend on, and the hash of any part of it: tables, settings, declarations, files.

What a step may read of it, and how that is recorded, is in `scope`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel

from tme_platform.cohorts import (
    COHORT_FILE,
    Cohort,
    CohortError,
    PathNames,
    hash_cache,
    list_files,
    one_spelling,
    path_key,
    read_cohort,
    refuse_unfinished,
    same_name,
    source_files,
)
from tme_platform.expression import RELATIVE_UNITS, gene_set_path
from tme_platform.lake import Lake, PartitionState, content_hash
from tme_platform.steps import trace
from tme_platform.steps.names import known_names, names_in_files
from tme_platform.steps.trace import ABSENT, Found, Read, TableRead
from tme_platform.study import Study
from tme_platform.tables import TABLES, TableSchema, rejections
from tme_platform.tables.cohorts import COHORT_FILES, COHORTS

HASHES = "hashes"
"""Folder in the state folder with the remembered hashes of landing files."""
_REMEMBERED = 4096


@dataclass
class World:
    """Lake, landing folders and study, as they are now.

    Attributes
    ----------
    cohorts
        The cohorts of the study that have landed.
    remember_hashes
        Whether hashes of landing files are written down for the next look.
    snapshot
        Whether everything is looked up once and then taken as it was: many tables read the same.
    """

    lake: Lake
    landing: Path
    study: Study
    cohorts: Sequence[str]
    remember_hashes: bool = True
    snapshot: bool = False
    registry: Callable[[str], str | None] = lambda _: None
    """The version and run of a model by its content key, "" if it is lost; None where the registry is not asked."""
    landed: dict[str, pd.DataFrame] = field(default_factory=dict)
    """Landing files by cohort, as the last look at the folder found them."""
    _states: dict[str, dict[str | None, PartitionState]] = field(default_factory=dict)
    _spellings: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    _found: dict[Read, Found] = field(default_factory=dict)
    _declared: dict[str, Cohort] = field(default_factory=dict)
    _listed: dict[str, dict[str, str]] = field(default_factory=dict)

    def find(self, read: Read) -> Found:
        """Look something up and hash it."""
        if not self.snapshot:
            return self._find(read)
        if read not in self._found:
            self._found[read] = self._find(read)
        return self._found[read]

    def _find(self, read: Read) -> Found:
        if isinstance(read, TableRead):
            return self._find_table(read)
        return Found(_FINDERS[type(read)](self, read))

    def unchanged(self, read: Read, last: Found) -> bool:
        """Whether a look would find the same as the last time; the content of a table is read only if it changed."""
        if isinstance(read, TableRead) and last.table and self.table_hash(read) == last.table:
            return True
        if isinstance(read, trace.ModelRead) and self.registry(read.key) is None:
            return True
        return self.find(read).content == last.content

    def lost(self, read: trace.ModelRead) -> bool:
        """Whether the registry was asked for a model and has it no more."""
        return self.registry(read.key) == ""

    def read(self, read: TableRead, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read what a record describes; of tables kept per cohort only the study's cohorts."""
        schema = schema_of(read.table)
        wanted = dict(read.rows)
        if schema.per_cohort and read.cohort is None:
            wanted["cohort"] = tuple(self.cohorts)
        frame = self.lake.read(schema, read.cohort, columns=columns or read.columns or None, rows=wanted)
        if read.among:
            members = self.lake.read(TABLES[read.among], columns=["patient_id"])
            frame = frame[frame["patient_id"].isin(set(members["patient_id"]))]
        return frame

    def table_hash(self, read: TableRead) -> str:
        """Hash of the whole tables that a record is about, from their recorded states."""
        found = self._state_hash(schema_of(read.table), read.cohort)
        if read.among:
            return digest([found, self._state_hash(TABLES[read.among], None)])
        return found

    def declared(self, cohort: str) -> Cohort:
        """What a cohort file declares; while it is broken, what its last readable version declared.

        Raises
        ------
        CohortError, OSError
            The cohort file cannot be read, and never could.
        """
        if not self.snapshot:
            return self._declaration(cohort)
        if cohort not in self._declared:
            self._declared[cohort] = self._declaration(cohort)
        return self._declared[cohort]

    def _declaration(self, cohort: str) -> Cohort:
        try:
            return declaration(self.landing / cohort)
        except (CohortError, OSError):
            last = self.lake.read(COHORTS, cohort)
            if last.empty:
                raise
            return Cohort.model_validate_json(last["declaration"].iloc[0])

    def spelling(self, kind: Literal["populations", "features"], cohort: str) -> dict[str, str]:
        """How names in a cohort's files are stored, where that differs: one spelling for all cohorts of the study."""
        if kind not in self._spellings:
            self._spellings[kind] = one_spelling(self.names(kind), known_names(self.study, kind))
        return self._spellings[kind].get(cohort, {})

    def names(self, kind: Literal["populations", "features"]) -> dict[str, list[str]]:
        """The names of populations or features in each cohort's files, as spelled there."""
        return {cohort: names_in_files(kind, self.landing / cohort, self.declared(cohort)) for cohort in self.cohorts}

    def provenance(self, cohort: str | None) -> str:
        """Return `simulated` if the cohort, or any cohort of the study, is simulated; else `real`."""
        names = [cohort] if cohort is not None else self.cohorts
        return "simulated" if any(self.declared(name).simulated for name in names) else "real"

    def expression_scale(self, cohort: str | None) -> str | None:
        """Return `relative`, `absolute` or None for a cohort (its expression, or that of its labels) or the study."""
        scales = {self._own_scale(name) for name in ([cohort] if cohort is not None else self.cohorts)}
        return "relative" if "relative" in scales else "absolute" if "absolute" in scales else None

    def _own_scale(self, cohort: str) -> str | None:
        declared = self.declared(cohort)
        if declared.expression is not None:
            return "relative" if declared.expression.unit in RELATIVE_UNITS else "absolute"
        source = declared.phenotypes.cohort if declared.phenotypes is not None else None
        return self._own_scale(source) if source is not None and source in self.cohorts and source != cohort else None

    def _find_table(self, read: TableRead) -> Found:
        whole = self.table_hash(read)
        if read.whole or whole == ABSENT:
            return Found(whole)
        return Found(self._content(read, whole), whole)

    def _content(self, read: TableRead, whole: str) -> str:
        """Hash of the rows and columns that were read; remembered, because looks are frequent and tables are not."""
        key = (str(self.lake.root), tuple(self.cohorts), read, whole)
        if key not in _CONTENTS:
            if len(_CONTENTS) >= _REMEMBERED:
                _CONTENTS.pop(next(iter(_CONTENTS)))
            _CONTENTS[key] = frame_hash(self.read(read))
        return _CONTENTS[key]

    def _state_hash(self, schema: TableSchema, cohort: str | None) -> str:
        states = self.states(schema)
        if schema.per_cohort and cohort is None:
            return digest({name: states[name].content for name in self.cohorts if name in states})
        state = states.get(cohort if schema.per_cohort else None)
        return state.content[:16] if state else ABSENT

    def _find_presence(self, read: trace.PresenceRead) -> str:
        return str(self.has_rows(schema_of(read.table), read.cohort))

    def states(self, schema: TableSchema) -> dict[str | None, PartitionState]:
        """The last recorded state of each part of a table."""
        if not self.snapshot:
            return self.lake.states(schema)
        if schema.name not in self._states:
            self._states[schema.name] = self.lake.states(schema)
        return self._states[schema.name]

    def has_rows(self, schema: TableSchema, cohort: str | None) -> bool:
        """Whether a table has rows, for a cohort where it is kept per cohort."""
        state = self.states(schema).get(cohort if schema.per_cohort else None)
        return state is not None and state.rows > 0

    def _find_setting(self, read: trace.SettingRead) -> str:
        return digest(_plain(getattr(self.study, read.block, ABSENT)))

    def _find_declaration(self, read: trace.DeclarationRead) -> str:
        if read.cohort not in self.cohorts:
            return ABSENT
        return digest(_plain(getattr(self.declared(read.cohort), read.field, ABSENT)))

    def _find_role(self, read: trace.RoleRead) -> str:
        return digest([name for name in self.cohorts if read.role in self.declared(name).roles])

    def _find_cohorts(self, _: trace.CohortsRead) -> str:
        return digest(list(self.cohorts))

    def _find_provenance(self, read: trace.ProvenanceRead) -> str:
        return self.provenance(read.cohort)

    def _find_expression_scale(self, read: trace.ExpressionScaleRead) -> str:
        return str(self.expression_scale(read.cohort))

    def _find_files(self, read: trace.FilesRead) -> str:
        if read.cohort not in self.cohorts:
            return ABSENT
        landed = self._landed_files(read.cohort)
        alike = {same_name(file): content for file, content in landed.items()}
        files = source_files(self.declared(read.cohort), read.kind)
        return digest({file: landed.get(file, alike.get(same_name(file), ABSENT)) for file in files})

    def _landed_files(self, cohort: str) -> dict[str, str]:
        """The hash of each landing file, as `cohort_files` lists it; read once in a snapshot, and for all cohorts."""
        if not self.snapshot:
            listed = self.lake.read(COHORT_FILES, cohort)
            return dict(zip(listed["file"], listed["sha256"], strict=True))
        if not self._listed:
            self._listed = {name: {} for name in self.cohorts}
            every = self.lake.read(COHORT_FILES, columns=["cohort", "file", "sha256"])
            for name, files in every[every["cohort"].isin(self._listed.keys())].groupby("cohort"):
                self._listed[str(name)] = dict(zip(files["file"], files["sha256"], strict=True))
        return self._listed[cohort]

    @functools.cached_property
    def path_key(self) -> bytes:
        """The key of stored file names."""
        return path_key(self.landing, self.lake.state_folder, write=self.remember_hashes)

    def path_names(self, cohort: str) -> PathNames:
        """The names under which the landing files of a cohort are stored."""
        return PathNames(self.landing / cohort, self.declared(cohort), self.path_key)

    def _find_landing(self, read: trace.LandingRead) -> str:
        if read.cohort not in self.cohorts:
            return ABSENT
        stored = self.path_names(read.cohort).stored
        with hash_cache(self.lake.state_folder / HASHES, read.cohort, write=self.remember_hashes) as known:
            landed = list_files(self.landing / read.cohort, known, stored)
        self.landed[read.cohort] = landed
        return digest(dict(zip(landed["file"], landed["sha256"], strict=True)))

    def _find_spelling(self, read: trace.SpellingRead) -> str:
        if read.cohort not in self.cohorts:
            return ABSENT
        return digest(self.spelling("features" if read.kind == "features" else "populations", read.cohort))

    def _find_model(self, read: trace.ModelRead) -> str:
        return self.registry(read.key) or ABSENT

    def _find_collection(self, read: trace.CollectionRead) -> str:
        return hashlib.sha256(gene_set_path(read.name).read_bytes()).hexdigest()[:16]


_CONTENTS: dict[tuple[object, ...], str] = {}
_FINDERS: Mapping[type[Any], Callable[[World, Any], str]] = {
    trace.PresenceRead: World._find_presence,
    trace.SettingRead: World._find_setting,
    trace.DeclarationRead: World._find_declaration,
    trace.RoleRead: World._find_role,
    trace.CohortsRead: World._find_cohorts,
    trace.ProvenanceRead: World._find_provenance,
    trace.ExpressionScaleRead: World._find_expression_scale,
    trace.LandingRead: World._find_landing,
    trace.FilesRead: World._find_files,
    trace.CollectionRead: World._find_collection,
    trace.SpellingRead: World._find_spelling,
    trace.ModelRead: World._find_model,
}


def schema_of(table: str) -> TableSchema:
    """Definition of a table by name, also of the internal ones that keep rejections."""
    if table in TABLES:
        return TABLES[table]
    return rejections(TABLES[table.removeprefix("_").removesuffix("_rejected")])


def frame_hash(frame: pd.DataFrame) -> str:
    """Short content hash of what was read of a table."""
    return content_hash(frame)[:16]


def declaration(folder: Path) -> Cohort:
    """Read the cohort file of a landing folder; read once as long as it does not change.

    Raises
    ------
    CohortError
        The file cannot be read; the message says where and what to do.
    """
    refuse_unfinished(folder)
    found = (folder / COHORT_FILE).stat()
    return _declaration(folder, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=1024)
def _declaration(folder: Path, _mtime_ns: int, _bytes: int) -> Cohort:
    return read_cohort(folder)


def digest(value: Any) -> str:
    """Short hash of plain values, the same on every machine."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value
