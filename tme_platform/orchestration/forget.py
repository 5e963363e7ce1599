"""Forgetting a patient: what the lake, its models, run history and logs still say of somebody who left the study.

The patient first leaves the landing folders (which are the operator's) and, by an ordinary run, the current tables.
Then this removes what the past keeps: old versions of tables, commits, artifacts of models, runs, pages, caches and
logs. At the end everything is searched once more, and what still names the patient is listed.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from tme_platform.cohorts import CohortError, list_cohorts, read_cohort
from tme_platform.cohorts.files import list_paths
from tme_platform.cohorts.patient_names import patients_by_table
from tme_platform.lake import Lake, build_catalog
from tme_platform.lake.forget import Purged, current_rows, purge_history, rows_of_file_that_name
from tme_platform.lake.forgotten import record_forgotten
from tme_platform.location import is_url
from tme_platform.naming import Named
from tme_platform.orchestration.attempts import parts_under_way
from tme_platform.orchestration.backup import DATABASES
from tme_platform.orchestration.housekeeping import all_tables
from tme_platform.steps.workspace import Workspace
from tme_platform.steps.world import HASHES
from tme_platform.tables.cohorts import PATIENTS
from tme_platform.tables.signature import COHORT_SPLIT
from tme_platform.tracking.forget import PurgedModels, purge_models
from tme_platform.tracking.reach import shown

_TEXT_FILES = {".log", ".out", ".err", ".txt", ".json", ".jsonl"}


class ForgetError(RuntimeError):
    """A patient cannot be forgotten yet; the message says why and what to do."""


@dataclass
class Forgetting:
    """What was removed or rewritten, or would be."""

    assignments: int = 0
    """Rows of `cohort_split`, which remembers on which side patients were who have left."""
    tables: list[Purged] = field(default_factory=list)
    models: PurgedModels = field(default_factory=lambda: PurgedModels(0, 0, ()))
    runs: int = 0
    files: int = 0
    """Pages, lists of hashes and logs."""
    left: list[Path] = field(default_factory=list)
    """Files that still name the patient."""

    def counts(self) -> dict[str, int]:
        """Number of each kind of thing."""
        return {
            "assignments to a side": self.assignments,
            "old data files": sum(table.files for table in self.tables),
            "commits": sum(table.commits for table in self.tables),
            "artifacts of models": self.models.files,
            "cells of MLflow": self.models.cells,
            "runs": self.runs,
            "pages and logs": self.files,
        }

    @property
    def found(self) -> bool:
        """Whether anything named the patient."""
        return any(self.counts().values()) or bool(self.left)


def named(workspace: Workspace, patient: str) -> Named:
    """The patient, as distinct from other patients of the study whose names contain this one."""
    table = workspace.lake.read(PATIENTS, columns=["patient_id"])
    others = set(table["patient_id"]) if len(table) else set()
    for _, names in _landed(workspace):
        others |= names
    return Named(patient, others - {patient})


def places_in_landing(workspace: Workspace, person: Named) -> list[str]:
    """Tables and files of landing folders that still name the patient."""
    found = [place for place, names in _landed(workspace) if person.name in names]
    for cohort in list_cohorts(workspace.landing):
        folder = workspace.landing / cohort
        found += [f"{cohort}/{path}" for path in list_paths(folder) if person.is_in(path)]
    return found


def _landed(workspace: Workspace) -> Iterator[tuple[str, set[str]]]:
    for cohort in list_cohorts(workspace.landing):
        folder = workspace.landing / cohort
        try:
            declared = read_cohort(folder)
        except (CohortError, OSError) as error:
            raise ForgetError(f"cohort {cohort} cannot be read, so nobody knows whom it names: {error}") from error
        for table, names in patients_by_table(folder, declared).items():
            yield f"{cohort}: {table}", set(names)


def tables_that_name(lake: Lake, person: Named) -> dict[str, int]:
    """Current tables with rows that name the patient, and how many."""
    found = {schema.name: current_rows(lake, schema, person) for schema in all_tables()}
    return {name: rows for name, rows in found.items() if rows}


def forget(
    workspace: Workspace,
    instance: dg.DagsterInstance,
    person: Named,
    *,
    dry_run: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> Forgetting:
    """Remove what the past of a lake says of a patient.

    Every part can be repeated: after an error or a kill, a second call does what is left.

    Raises
    ------
    ForgetError
        The lake or its models are not in a folder, a landing folder or a current table still names the patient, or runs
        are under way; nothing was removed.
    LakeError, TrackingError
        Something cannot be written.
    """
    _refuse_what_lies_elsewhere(workspace)
    if places := places_in_landing(workspace, person):
        raise ForgetError(
            "landing folders still name the patient: "
            + "; ".join(places[:10])
            + (f"; and {len(places) - 10} more" if len(places) > 10 else "")
            + ". Remove these rows and files, then `tme run`, then `tme forget` again"
        )
    lake, by = workspace.lake, {"via": "tme forget", "study": workspace.study.name}
    current = tables_that_name(lake, person)
    remembered = current.pop(COHORT_SPLIT.name, 0)
    if current:
        listed = ", ".join(f"{name} ({rows} rows)" for name, rows in current.items())
        raise ForgetError(
            f"current tables still name the patient: {listed}. Bring them up to date with `tme run` first"
        )
    if parts_under_way(instance, lake.state_folder):
        raise ForgetError("runs are under way: wait until they have ended, or stop `tme ui`, and try again")
    done = Forgetting(assignments=remembered)
    if remembered and not dry_run:
        _drop_assignments(lake, person, by)
    for schema in all_tables():
        say(schema.name)
        purged = purge_history(lake, schema, person, dry_run=dry_run, by=by)
        if purged.files or purged.commits:
            done.tables.append(purged)
    say("models")
    when = datetime.now(UTC).date().isoformat()
    done.models = purge_models(workspace.tracker, person, when=when, dry_run=dry_run)
    say("runs")
    done.runs = _purge_runs(instance, person, dry_run)
    say("pages, caches and logs")
    done.files = _purge_files(lake, person, dry_run)
    if dry_run:
        return done
    build_catalog(lake)
    _shrink_databases(lake.state_folder)
    say("searching once more")
    done.left = [path for root in _roots(lake) for path in sorted(root.rglob("*")) if _names(path, workspace, person)]
    if done.found:
        record_forgotten(lake.state_folder, person.name, workspace.study.name, done.counts())
        build_catalog(lake)
    return done


def _refuse_what_lies_elsewhere(workspace: Workspace) -> None:
    if is_url(workspace.lake.root):
        raise ForgetError(
            f"the tables in {workspace.lake.root} cannot be rewritten: an object store keeps earlier versions by its "
            "own rules"
        )
    if workspace.tracker.own_database() is None:
        raise ForgetError(
            f"MLflow is a server ({shown(workspace.tracker.uri)}): remove the patient's rows from the artifacts of its "
            "runs there, or delete the runs"
        )


def _drop_assignments(lake: Lake, person: Named, by: Mapping[str, str]) -> None:
    """Commit what `cohort_split` would be if the patient had never been assigned."""
    for cohort, state in lake.states(COHORT_SPLIT).items():
        rows = lake.read(COHORT_SPLIT, cohort)
        kept = rows[rows["patient_id"] != person.name]
        if len(kept) < len(rows):
            lake.commit(
                COHORT_SPLIT,
                kept[list(COHORT_SPLIT.own_columns)],
                cohort=cohort,
                provenance=str(rows["provenance"].iloc[0]),
                code_version=state.code_version,
                reads=state.reads,
                reason="a patient is forgotten",
                details=state.details,
                checks=state.checks,
                by=by,
            )


def _purge_runs(instance: dg.DagsterInstance, person: Named, dry_run: bool) -> int:
    """Delete the runs whose events or tags name the patient; what they built stays current."""
    named = [run.run_id for run in instance.get_runs() if _run_names(instance, run, person)]
    if not dry_run:
        for run in named:
            instance.delete_run(run)
    return len(named)


def _run_names(instance: dg.DagsterInstance, run: dg.DagsterRun, person: Named) -> bool:
    if person.is_in(str(run.tags)) or person.is_in(str(run.run_config)):
        return True
    return any(person.is_in(str(entry)) for entry in instance.all_logs(run.run_id))


def _purge_files(lake: Lake, person: Named, dry_run: bool) -> int:
    """Remove pages and caches, which are made again, and the name from logs."""
    state = lake.state_folder
    changed = 0
    for folder in (state / "report", state / HASHES):
        found = [path for path in folder.rglob("*") if path.is_file() and _holds(path, person)]
        changed += len(found)
        for path in found if not dry_run else ():
            path.unlink(missing_ok=True)
    for folder in (state / "logs", state / "dagster"):
        logs = [path for path in folder.rglob("*") if path.is_file() and path.suffix in _TEXT_FILES]
        for path in (path for path in logs if _holds(path, person)):
            changed += 1
            if not dry_run:
                path.write_text(person.removed_from(path.read_text("utf-8", "replace")), encoding="utf-8")
    return changed


def _shrink_databases(state: Path) -> None:
    """Take out of SQLite files what they keep of rows that were deleted."""
    for path in sorted(state.rglob("*")):
        if path.suffix in DATABASES and path.is_file():
            with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _roots(lake: Lake) -> list[Path]:
    state, root = lake.state_folder.resolve(), Path(lake.root).resolve()
    return [root] if state.is_relative_to(root) else [root, state]


def _names(path: Path, workspace: Workspace, person: Named) -> bool:
    if not path.is_file() or path.is_symlink() or path.resolve().is_relative_to(workspace.landing.resolve()):
        return False
    return person.is_in(path.name) or _holds(path, person)


def _holds(path: Path, person: Named) -> bool:
    """Whether a file names the patient, also in what is packed or compressed in it."""
    if path.suffix == ".parquet":
        return bool(rows_of_file_that_name(path, person))
    data = path.read_bytes()
    if person.is_in_bytes(data):
        return True
    if data[:2] == b"\x1f\x8b":
        return person.is_in_bytes(gzip.decompress(data))
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(person.is_in_bytes(archive.read(name)) for name in archive.namelist())
    return False
