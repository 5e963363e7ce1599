"""Running the study from a command: the graph in as few runs as it takes, in this process.

A per-cohort table and a table of the whole study cannot be made in one Dagster run, so the graph falls into waves:
as many per-cohort assets as need nothing of other cohorts (one run per cohort), then those that look at all cohorts,
and so on. A failure stops what depends on it, for that cohort; everything else goes on.
"""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

import dagster as dg

from tme_platform.cohorts import list_cohorts
from tme_platform.lake import LakeError, build_catalog
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.failures import failure_message
from tme_platform.orchestration.partitions import register_cohorts
from tme_platform.orchestration.progress import NOTHING_CHANGED, Progress
from tme_platform.orchestration.workspace import Workspace
from tme_platform.report import write_if_changed
from tme_platform.steps.scope import Refresh
from tme_platform.tables import TABLES
from tme_platform.tables.cohorts import COHORT_FILES

_CATALOG = dg.AssetKey("catalog")
_DAGSTER_YAML = """\
# Written once by tme_platform; yours to change (see the deployment notes for PostgreSQL and run queues).
storage:              # SQLite in this folder, as by default, but quicker
  custom: {module: tme_platform.orchestration.run_history, class: RunHistory, config: {}}
telemetry:
  enabled: false
retention:            # of ticks; runs and their events are removed by `tme housekeeping`
  schedule: {purge_after_days: 90}
  sensor: {purge_after_days: {skipped: 7, failure: 30, success: 90}}
"""


@dataclass(frozen=True)
class Failure:
    """One asset (of one cohort) that failed, and why."""

    asset: str
    cohort: str | None
    message: str


@dataclass
class Outcome:
    """What a run of the study came to."""

    runs: int = 0
    failures: list[Failure] = field(default_factory=list)
    skipped: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def success(self) -> bool:
        """Whether nothing failed."""
        return not self.failures


def dagster_home(state: Path) -> Path:
    """Folder of Dagster's own state in a lake's state folder, made on first use."""
    home = (state / "dagster").resolve()
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():  # put in place whole: several runs may begin in a new lake at once
        write_if_changed(config, _DAGSTER_YAML.encode())
    return home


def open_instance(state: Path) -> dg.DagsterInstance:
    """Dagster's instance of a lake; `DAGSTER_HOME` wins where it is set."""
    if "DAGSTER_HOME" not in os.environ:
        os.environ["DAGSTER_HOME"] = str(dagster_home(state))
    # Events of a step are stored together: an SQLite commit for each of them would take longer than light assets do.
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "100")
    return dg.DagsterInstance.get()


def run_study(
    workspace: Workspace,
    instance: dg.DagsterInstance,
    progress: Progress,
    *,
    cohorts: Sequence[str] | None = None,
    select: str | None = None,
    refresh: Refresh = "stale",
) -> Outcome:
    """Bring the study, or a part of it, up to date.

    Parameters
    ----------
    cohorts
        Only these cohorts' tables (and those of the whole study); all cohorts of the study if None.
    select
        A Dagster asset selection such as `group:s3_phenotypes` or `radiomic_features+`.
    refresh
        See `RefreshConfig`.

    Raises
    ------
    ValueError
        A cohort has not landed, or nothing is selected.
    """
    landed = workspace.cohorts()
    if unknown := [name for name in cohorts or () if name not in list_cohorts(workspace.landing)]:
        raise ValueError(
            f"no landing folder for {', '.join(unknown)} in {workspace.landing}; there are: {', '.join(landed)}"
        )
    register_cohorts(instance, landed)
    definitions = build_definitions(resources={"workspace": workspace, "progress": progress})
    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    chosen = set(specs)
    if select:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", dg.BetaWarning)  # the syntax is that of Dagster's own UI
                chosen = set(dg.AssetSelection.from_string(select).resolve(list(definitions.assets or ())))  # type: ignore[arg-type]
        except dg.DagsterError as error:
            raise ValueError(f"the selection {select!r} cannot be used: {error}") from None
    if not chosen:
        raise ValueError(f"the selection {select!r} names no asset")
    job = definitions.resolve_implicit_global_asset_job_def()
    unreadable = workspace.unreadable()
    named = workspace.study.cohorts
    outcome = Outcome(
        failures=[Failure("cohorts", name, text) for name, text in unreadable.items() if named is None or name in named]
    )
    broken: set[tuple[str, str | None]] = set()
    in_dagster = functools.cache(functools.partial(_parts_in_dagster, instance))
    catalog_is_new = False
    for wave in waves([specs[key] for key in chosen]):
        parts = (
            [name for name in cohorts or landed if name not in unreadable]
            if wave[0].partitions_def is not None
            else [None]
        )
        for cohort in parts:
            stale = _stale(workspace, in_dagster, progress, wave, cohort, refresh)
            runnable = [spec.key for spec in stale if not _blocked(spec, cohort, broken)]
            skipped = {(spec.key.to_user_string(), cohort) for spec in stale if spec.key not in runnable}
            outcome.skipped += sorted(skipped, key=str)
            broken |= skipped
            if not runnable:
                continue
            result = job.execute_in_process(
                instance=instance,
                partition_key=cohort,
                asset_selection=runnable,
                run_config=_run_config(runnable, refresh),
                raise_on_error=False,
            )
            outcome.runs += 1
            failures = _failures(result, cohort)
            outcome.failures += failures
            done = {event.asset_key for event in result.get_asset_materialization_events()}
            broken |= {(key.to_user_string(), cohort) for key in runnable if key not in done}
            broken |= {(failure.asset, cohort) for failure in failures}
            catalog_is_new = _CATALOG in done
    if not catalog_is_new:
        outcome.failures += _catalog(workspace, broken)
    return outcome


def _catalog(workspace: Workspace, broken: set[tuple[str, str | None]]) -> list[Failure]:
    """Build it also where its asset was not chosen, or a run was killed before it: queries must see what was made."""
    name = _CATALOG.to_user_string()
    try:
        build_catalog(workspace.lake)
    except LakeError as error:
        return [] if (name, None) in broken else [Failure(name, None, str(error))]
    return []


def _stale(
    workspace: Workspace,
    in_dagster: Callable[[dg.AssetKey, bool], Collection[str | None]],
    progress: Progress,
    wave: Sequence[dg.AssetSpec],
    cohort: str | None,
    refresh: Refresh,
) -> list[dg.AssetSpec]:
    """The assets of a wave that have something to do, and those behind them: a run costs more than a look."""
    stale: list[dg.AssetSpec] = []
    for spec in wave:
        name = spec.key.to_user_string()
        behind = {dep.asset_key for dep in spec.deps} & {other.key for other in stale}
        known = cohort in in_dagster(spec.key, cohort is not None)
        scope = workspace.scope(TABLES[name], cohort, refresh=refresh) if name in TABLES else None
        if behind or not known or (scope is not None and scope.why_run(spec.code_version or "")):
            stale.append(spec)
        else:
            progress.done(name, cohort, NOTHING_CHANGED, 0.0)
    return stale


def _parts_in_dagster(instance: dg.DagsterInstance, key: dg.AssetKey, per_cohort: bool) -> Collection[str | None]:
    """The parts that Dagster has seen made; a lake may have been brought here without its event log."""
    if per_cohort:
        return instance.get_materialized_partitions(key)
    return () if instance.get_latest_materialization_event(key) is None else (None,)


def waves(specs: Sequence[dg.AssetSpec]) -> list[list[dg.AssetSpec]]:
    """Cut assets into runs, in order; those of a wave are all per cohort or all of the whole study."""
    by_key = {spec.key: spec for spec in specs}
    parents = {key: {dep.asset_key for dep in spec.deps} & set(by_key) for key, spec in by_key.items()}
    left = [
        by_key[key] for key in TopologicalSorter({key: sorted(parents[key]) for key in sorted(by_key)}).static_order()
    ]
    # What landed is looked at first and alone: only then is it known what is stale behind it.
    cut: list[list[dg.AssetSpec]] = [
        [spec for spec in left if not parents[spec.key] and spec.key.to_user_string() == COHORT_FILES.name]
    ]
    left = [spec for spec in left if spec not in cut[0]]
    per_cohort = True
    while left:
        wave: list[dg.AssetSpec] = []
        for spec in left:
            waiting = parents[spec.key] & {other.key for other in left}
            if (spec.partitions_def is not None) == per_cohort and waiting <= _of_same_run(spec) & {
                s.key for s in wave
            }:
                wave.append(spec)
        if wave:
            cut.append(wave)
            left = [spec for spec in left if spec not in wave]
        else:  # of this kind nothing is ready: what waits longest for company shares its run with more
            per_cohort = not per_cohort
    return [wave for wave in cut if wave]


def _of_same_run(spec: dg.AssetSpec) -> set[dg.AssetKey]:
    """The parents of which an asset needs no more than the part that the same run makes."""
    return {dep.asset_key for dep in spec.deps if not isinstance(dep.partition_mapping, dg.AllPartitionMapping)}


def _blocked(spec: dg.AssetSpec, cohort: str | None, broken: set[tuple[str, str | None]]) -> bool:
    """A table is not made from parents of the same cohort, or of the whole study, that failed just now.

    One cohort's failure does not stop what looks at all cohorts: that goes on with the cohort's last good version.
    """
    return any((dep.asset_key.to_user_string(), part) in broken for dep in spec.deps for part in {cohort, None})


def _run_config(keys: Sequence[dg.AssetKey], refresh: Refresh) -> dict[str, object]:
    ops = {key.to_user_string(): {"config": {"refresh": refresh}} for key in keys if key != _CATALOG}
    return {"ops": ops, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _failures(result: dg.ExecuteInProcessResult, cohort: str | None) -> list[Failure]:
    found = [
        Failure(event.step_key or "?", cohort, failure_message(event))
        for event in result.all_events
        if event.is_step_failure
    ]
    if not result.success and not found:
        found.append(
            Failure("run", cohort, f"run {result.run_id} failed before any asset did; see Dagster's event log")
        )
    return found
