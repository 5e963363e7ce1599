"""Carrying out the plan from a command: its runs one after the other, in this process.

After each wave the rest is looked at again, because a table that is rebuilt with the same content changes nothing
after it. A failure stops what depends on it within its cohort; everything else goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import dagster as dg

from tme_platform.cohorts import check_landed
from tme_platform.lake import LakeError, build_catalog, catalog_is_current
from tme_platform.orchestration.attempts import failure_message, parts_built_elsewhere
from tme_platform.orchestration.build import build_definitions
from tme_platform.orchestration.plan import DECLARATIONS, Part, PartState, Plan, PlannedRun
from tme_platform.orchestration.progress import Progress
from tme_platform.orchestration.requests import COMMAND_TAG, new_cohorts
from tme_platform.orchestration.selection import select_assets
from tme_platform.orchestration.survey import CATALOG, Survey, nodes, survey
from tme_platform.steps.materialise import NOTHING_CHANGED
from tme_platform.steps.registry import STEPS
from tme_platform.steps.scope import Refresh
from tme_platform.steps.workspace import Workspace

STOPPED = "stopped by a signal; what was finished is kept"
"""What is recorded of a run whose process was asked to stop."""


@dataclass(frozen=True)
class Failure:
    """One asset (of one cohort) that failed, and why."""

    asset: str
    cohort: str | None
    message: str


@dataclass
class Outcome:
    """What a run of the study came to.

    Attributes
    ----------
    waiting
        Cohorts that are being copied, and what to do: nothing of them was read. That is no failure.
    """

    runs: int = 0
    failures: list[Failure] = field(default_factory=list)
    skipped: list[Part] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        """Whether nothing failed."""
        return not self.failures


@dataclass
class _Session:
    """One carrying out of the plan: what was attempted, and what must not be read by what comes after."""

    workspace: Workspace
    instance: dg.DagsterInstance
    job: dg.JobDefinition
    refresh: Refresh
    outcome: Outcome
    stop: Callable[[], bool]
    attempted: set[Part] = field(default_factory=set)
    held: set[Part] = field(default_factory=set)
    skipped: set[Part] = field(default_factory=set)
    unreadable: dict[str, str] = field(default_factory=dict)

    def execute(self, run: PlannedRun) -> None:
        """Run the assets of a planned run, and note what was built and what failed."""
        keys = [dg.AssetKey(asset) for asset in run.assets]
        result = self._in_process(run, keys)
        self.outcome.runs += 1
        failures = _failures(result, run.cohort)
        self.outcome.failures += failures
        failed = {Part(failure.asset, run.cohort) for failure in failures}
        built = {event.asset_key for event in result.get_asset_materialization_events()}
        parts = {Part(asset, run.cohort) for asset in run.assets}
        not_built = {Part(key.to_user_string(), run.cohort) for key in keys if key not in built}
        # Dagster skips what depends on a failure; what collects the reasons gets a run of its own.
        later = {part for part in not_built - failed if part != Part(CATALOG, None) and STEPS[part.asset].collects}
        parts, not_built = parts - later, not_built - later
        self.attempted |= parts
        self.held |= failed | not_built
        self.skipped |= not_built - failed

    def _in_process(self, run: PlannedRun, keys: Sequence[dg.AssetKey]) -> dg.ExecuteInProcessResult:
        run_id = str(uuid4())
        try:
            result = self.job.execute_in_process(
                instance=self.instance,
                partition_key=run.cohort,
                asset_selection=keys,
                tags={COMMAND_TAG: "tme run"},
                run_config=_run_config(run.assets, self.refresh),
                raise_on_error=False,
                run_id=run_id,
            )
            # Dagster takes a signal for a failure of the run, and goes on behind it.
            if self.stop():
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            if (stopped := self.instance.get_run_by_id(run_id)) is not None and not stopped.is_success:
                self.instance.report_run_canceled(stopped, STOPPED)
            raise
        return result

    def note_blocked(self, plan: Plan) -> None:
        """Note what cannot be built; of a cohort that cannot be read, or is being copied, that says enough."""
        noted = {*self.unreadable, *self.outcome.waiting}
        self.skipped |= {part for part in plan.blocked if part.cohort not in noted} - self.attempted

    def look(self, refresh: Refresh, parts: Collection[Part]) -> Survey:
        """Survey parts; one that another process of this machine builds is waited for at its lock, not left out."""
        running = parts_built_elsewhere(self.instance, self.workspace.state)
        found = survey(self.workspace, self.instance, refresh=refresh, parts=parts, running=running, ask_server=True)
        self.outcome.waiting |= found.copied
        return found

    def look_again(self, parts: Iterable[Part]) -> Survey:
        """Survey what is left; what was attempted is not attempted twice."""
        found = self.look(self.refresh, set(parts) - self.attempted)
        checked = self.look("missing", self.attempted)
        done = {part: PartState(failed_check=known.failed_check) for part, known in checked.state.items()}
        return Survey(found.cohorts, {**found.state, **done}, found.unreadable, found.copied)


def run_study(
    workspace: Workspace,
    instance: dg.DagsterInstance,
    progress: Progress,
    *,
    cohorts: Sequence[str] | None = None,
    select: str | None = None,
    refresh: Refresh = "stale",
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Bring the study, or a part of it, up to date.

    Parameters
    ----------
    cohorts
        Only these cohorts' tables (and those of the whole study); all cohorts of the study if None.
    select
        Assets such as `group:s3_phenotypes` or `radiomic_features+`, see `selection`.
    refresh
        See `RefreshConfig`.
    stop
        Whether this process was asked to stop.

    Raises
    ------
    KeyboardInterrupt
        The process was asked to stop; the run that was under way is recorded as canceled.
    ValueError
        A cohort has not landed, or the selection cannot be used.
    """
    landed = workspace.cohorts()
    check_landed(workspace.landing, cohorts or ())
    if new := new_cohorts(instance, landed):
        instance.add_dynamic_partitions("cohort", new)
    definitions = build_definitions(workspace=workspace, progress=progress)
    only = _chosen(select_assets(definitions, select), cohorts or landed)
    job = definitions.resolve_implicit_global_asset_job_def()
    session = _Session(workspace, instance, job, refresh, Outcome(), stop)
    found = session.look(refresh, only)
    session.unreadable = found.unreadable
    session.outcome.failures += [Failure(DECLARATIONS, name, text) for name, text in found.unreadable.items()]
    plan = found.plan(only=only)
    while plan.next_wave:
        session.note_blocked(plan)
        for run in plan.next_wave:
            session.execute(run)
        plan = session.look_again(plan.parts).plan(held=session.held, only=only)
    session.note_blocked(plan)
    session.outcome.skipped = sorted(session.skipped, key=str)
    for part in only:
        if part not in session.attempted | session.skipped and part.asset != CATALOG:
            progress.done(part.asset, part.cohort, NOTHING_CHANGED, 0.0)
    session.outcome.failures += _catalog(workspace, session.held)
    return session.outcome


def _chosen(selected: Collection[str], cohorts: Sequence[str]) -> list[Part]:
    return [
        Part(node.asset, cohort)
        for node in nodes()
        if node.asset in selected
        for cohort in (cohorts if node.per_cohort else (None,))
    ]


def _catalog(workspace: Workspace, held: Collection[Part]) -> list[Failure]:
    """Build it also if its asset was not chosen, or a run was killed before it: queries must see what was built."""
    try:
        if not catalog_is_current(workspace.lake):
            build_catalog(workspace.lake)
    except LakeError as error:
        return [] if Part(CATALOG, None) in held else [Failure(CATALOG, None, str(error))]
    return []


def _run_config(assets: Sequence[str], refresh: Refresh) -> dict[str, object]:
    ops = {asset: {"config": {"refresh": refresh}} for asset in assets if asset != CATALOG}
    return {"ops": ops, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _failures(result: dg.ExecuteInProcessResult, cohort: str | None) -> list[Failure]:
    unmet = unmet_checks(result)
    found = [
        Failure(event.step_key or "?", cohort, unmet.get(event.step_key or "?") or failure_message(event))
        for event in result.all_events
        if event.is_step_failure
    ]
    if not result.success and not found:
        found.append(
            Failure("run", cohort, f"run {result.run_id} failed before any asset did; see Dagster's event log")
        )
    return found


def unmet_checks(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """What blocking checks said that did not pass, by asset; Dagster's own message only names them."""
    said: dict[str, list[str]] = {}
    for check in result.get_asset_check_evaluations():
        if not check.passed and check.blocking and check.description:
            text = f"check {check.check_name} does not pass: {check.description}"
            said.setdefault(check.asset_key.to_user_string(), []).append(text)
    return {asset: " ".join(texts) for asset, texts in said.items()}
